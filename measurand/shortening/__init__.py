"""``measurand items``: fewer items of a test, and what is wrong with single ones."""
