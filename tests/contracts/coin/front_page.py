"""Coin: how often a respondent picks the first of two answers."""
