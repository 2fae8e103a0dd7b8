"""Two runs over the same items: the second a known amount better, or not at all."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from measurand.comparison.sides import Side
from measurand.interop.account import Account
from measurand.interop.rows import NOBODY, Collector, Log, Wish, finish
from measurand.statistics import exact, statistic_row, statistics_table
from measurand.stats.means import proportion


def items(
    gain: float = 0.0, *, n: int = 200, model: str = "m", seed: int = 0, clusters: int = 200
) -> pa.Table:
    """0/1 answers; ``gain`` is the share of wrong answers that become right."""
    rng = np.random.default_rng(3)
    first = rng.random(n) < 0.6
    better = np.random.default_rng(100 + seed).random(n) < gain
    rows = Collector()
    for i, right in enumerate(first | better):
        rows.add(
            *(model, "acc", f"i{i:04d}", 0, f"c{i % clusters}", float(right), "ok", None),
            *(f"lang={'en' if i % 2 else 'de'},task=toy", NOBODY, None),
        )
    log = Log("toy", rows.table(), "", "toy", Account())
    return finish([log], "toy", Wish(), Account())


def statistics(shift: int = 0) -> pa.Table:
    """A rate that shifts, a count that shifts, one that stays, one that is undefined after."""
    undefined = exact(None, reason="never varies") if shift else exact(0.5)
    return statistics_table(
        [
            statistic_row("toy", "m", "rate", {}, proportion(60 + shift, 100)),
            statistic_row("toy", "m", "count", {}, exact(float(shift))),
            statistic_row("toy", "m", "same", {}, proportion(3, 10)),
            statistic_row("toy", "m", "alpha", {"scale": "x"}, undefined),
            statistic_row("toy", "m", f"only{shift}", {}, exact(1.0)),
        ]
    )


def sides(gain: float = 0.3, shift: int = 5) -> tuple[Side, Side]:
    return Side("before", items(), statistics()), Side("after", items(gain), statistics(shift))
