"""A release: the same bytes every time, checked before anybody gets it.

``python -m release.make dist`` builds; ``make release`` does it with the locked packages.
"""
