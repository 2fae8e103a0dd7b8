"""What item rows say, whoever made them: intervals, reliability, items, comparisons, gates."""
