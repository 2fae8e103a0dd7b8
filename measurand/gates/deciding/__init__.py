"""Bounds to pass, fail or undecided: rules, sample sizes, families, looks and tries."""
