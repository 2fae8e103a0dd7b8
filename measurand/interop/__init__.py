"""Results of other harnesses as item rows, and ours in a form that others read."""
