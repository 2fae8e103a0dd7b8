"""What a gate reads: files to evidence, rows to one score an item, pairs of two runs."""
