"""The verbs as functions: what a notebook calls, and what the command line calls.

Each function takes what its verb takes, by the same names and with the same defaults, and returns
a value whose ``to_json`` is what the verb prints. Nothing prints, nothing exits; errors are those
of :mod:`measurand.errors`. The names that are public stand in :mod:`measurand`.
"""
