"""Model calls dealt to workers of a Beam runner; the ordinary loop then finds them in its journal.

An evaluation is run without asking (``dealer``): every batch that the journal lacks is noted, and
its calls count as failed. Workers ask the batches, some at a time (``units``), each process with
one engine; what they publish goes into the journal in the loop's order. Then the evaluation is run
as always and asks nothing (``running``). Batches, keys and answers are the loop's, and so are the
results.

A system that allows it says ``DEALS = True`` in ``evaluators/S/evaluate``, opens its models with
:func:`opened` and calls :func:`settle` before it reads answers to decide what to ask next.
"""

from measurand.dealing.dealer import Dealer, current, opened, pending, settle

__all__ = ["Dealer", "current", "opened", "pending", "settle"]
