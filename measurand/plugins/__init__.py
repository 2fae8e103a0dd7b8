"""Measurand inside other tools: each module is an entry point of one of them."""
