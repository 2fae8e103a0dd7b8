"""What may lie in the report folders of three systems, with hostile names."""

from __future__ import annotations

from measurand.commands.index import Found
from measurand.history import NOW, History
from measurand.reporting.document import Opening
from measurand.statistics import exact, statistic_row
from measurand.stats.means import proportion

HOSTILE = "<script>alert(1)</script>\x1b[31m|`x`"


def found(name: str = "toy", state: str = "pass", model: str = "m") -> Found:
    """A system with two headline metrics: a rate over four revisions, a count over none."""
    rate = statistic_row("toy", model, "rate", {}, proportion(70, 100), reliability=0.81)
    part = {"task": HOSTILE.replace("=", "").replace(",", "")}
    rows = [
        rate,
        *(
            statistic_row("toy", model, "leaks", {**part, "k": str(i)}, exact(0.0))
            for i in range(5)
        ),
    ]
    states = [
        {model: {"rate": {"estimate": e, "ci_lo": e - 0.1, "ci_hi": e + 0.1}}}
        for e in (0.5, 0.62, 0.58, 0.7)
    ]
    gate = {"source": "statistics", "model": model, "metric": "rate", "slice": "", "state": state}
    return Found(
        name=name,
        title=f"Toy measurements of {model}",
        subtitle=f"Models: {model}",
        verdict={"state": state, "gates": [{**gate, "id": "good"}]},
        opening=Opening(
            (f"The rate of {model} is 0.70 [0.60, 0.78], of 100 tosses.",),
            figure={"label": "rate", "model": model, "metric": "rate", "slice": ""},
        ),
        rows=rows,
        headlines=("rate", "leaks"),
        history=History(("a" * 12, "b" * 12, "c" * 12, NOW), tuple(states), None),
        digests={"metrics.json": "0" * 64},
    )
