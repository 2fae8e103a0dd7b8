"""Evidence to a figure with one-sided bounds at any level."""
