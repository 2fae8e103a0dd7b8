"""Two sets of results against each other: revisions, folders or files."""
