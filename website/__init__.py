"""The documentation site: pages of this repository and what is generated beside them.

``python -m website.make site`` stages sources and builds them; ``make docs`` does it with the
locked packages.
"""
