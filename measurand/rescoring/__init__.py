"""Stored answers scored anew: another parser, paired with the scores that they had."""
