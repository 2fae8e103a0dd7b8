"""Raters, judges and repeats: how far they agree, whatever ratings are missing."""
