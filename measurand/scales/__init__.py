"""Scales of a questionnaire: how reliable they are, from responses alone."""
