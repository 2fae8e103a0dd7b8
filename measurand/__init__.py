"""The engine: everything that two systems share, nothing that only one needs."""

__version__ = "0.1.0"
