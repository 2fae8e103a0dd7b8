"""Names, identities, refusals and costs of a run."""

import re
from collections import Counter

import pytest

from measurand import runs
from measurand.costs import COSTS
from measurand.errors import CapabilityError, InfraError
from measurand.models import load
from measurand.models.protocol import Capabilities
from measurand.results import RESULTS


def test_a_slug_is_a_file_name_and_tells_models_apart() -> None:
    names = ["smollm2", "smollm2?template=none", "hf:/a/b", "hf:/a?b", "openai:http://h:1/v1#m"]
    slugs = [runs.slug(name) for name in names]
    assert len(set(slugs)) == len(names)
    assert all(re.fullmatch(r"[A-Za-z0-9.-]+", s) for s in slugs)
    orders = ("http://a/v1,http://b/v1", "http://b/v1,http://a/v1")
    assert len({runs.slug(f"openai:{urls}#m") for urls in orders}) == 1


def test_a_run_id_depends_on_every_part_and_on_nothing_else() -> None:
    ids = [runs.run_id(*parts) for parts in (({"a": 1}, 2), ({"a": 1}, 3), ({"a": 2}, 2), (2,))]
    assert len(set(ids)) == len(ids)
    assert runs.run_id({"a": 1}, 2) == ids[0]
    assert re.fullmatch("[0-9a-f]{16}", ids[0])


def test_a_share_of_failures_up_to_the_limit_passes_and_one_more_is_refused() -> None:
    runs.refuse_failures("m", Counter({"timeout": 5}), 1000, 0.005)
    with pytest.raises(InfraError, match=r"6 of 1000 calls to m failed.*4 of them: refused") as e:
        runs.refuse_failures("m", Counter({"timeout": 2, "refused": 4}), 1000, 0.005)
    assert e.value.code == "too_many_infra_errors"


def test_costs_add_up_by_part_and_take_what_is_unknown_as_nothing() -> None:
    costs = runs.Costs("synthetic:uniform")
    costs.add("a", 10, 4, 0.5)
    costs.add("a", None, None, 0.25)
    costs.add("b", 1, 0, 1.0, retries=2)
    costs.add("b", 1, 0, 1.0, retries=1)
    model = load("synthetic:uniform")
    rows = {row["part"]: row for row in costs.rows(model)}
    assert {
        p: (r["calls"], r["prompt_tokens"], r["cached_tokens"], r["seconds"])
        for p, r in rows.items()
    } == {"a": (2, 10, 4, 0.75), "b": (2, 2, 0, 2.0)}
    assert {p: r["retries"] for p, r in rows.items()} == {"a": 0, "b": 3}
    table = runs.table(COSTS, list(rows.values()))
    assert table.schema.names == [c.name for c in COSTS.columns]
    assert set(table["fingerprint"].to_pylist()) == {model.fingerprint}


def test_keys_that_a_table_does_not_declare_are_left_out_and_missing_ones_are_refused() -> None:
    row = {c.name: None for c in RESULTS.columns}
    row |= {
        "run_id": "r",
        "system": "s",
        "model": "m",
        "metric": "x",
        "item_id": "i",
        "repeat": 0,
        "value": 1.0,
        "status": "ok",
        "more": 1,
    }
    table = runs.results_table([row])
    assert "more" not in table.schema.names
    assert table["value"].to_pylist() == [1.0]
    del row["metric"]
    with pytest.raises(KeyError, match="metric"):
        runs.results_table([row])


class Asked:
    """A model by name, asked or ruled."""

    spec, fingerprint = "openai:m", ""

    def __init__(self, rules: bool) -> None:
        self.rules = rules

    def capabilities(self) -> Capabilities:
        return Capabilities(True, True, True, False, None, "unknown", reads_tags=self.rules)


def test_a_run_that_is_mostly_unanswered_is_refused() -> None:
    reasons = Counter({"no choice among the log-probs": 4, "withheld": 2})
    runs.refuse_unanswered(Asked(False), reasons, 12)  # type: ignore[arg-type]
    runs.refuse_unanswered(Asked(True), reasons, 6)  # type: ignore[arg-type]
    runs.refuse_unanswered(Asked(False), Counter(), 0)  # type: ignore[arg-type]
    with pytest.raises(CapabilityError, match="no answer to 6 of 11 calls, 4 of them: no ch") as e:
        runs.refuse_unanswered(Asked(False), reasons, 11)  # type: ignore[arg-type]
    assert e.value.code == "too_many_model_errors"


def test_an_item_row_fits_its_table_and_an_item_is_its_own_cluster() -> None:
    one = runs.item_row("s", "m", "right", "q1", 1.0, run_id="r", prompt_sha256="0" * 64)
    more = runs.item_row(
        *("s", "m", "right", "q2", None),
        run_id="r",
        prompt_sha256="1" * 64,
        cluster_id="c",
        repeat=2,
        status="skipped",
        reason="no answer",
        parts={"k": "4", "a": "b"},
        seed=3,
        prompt_tokens=9,
    )
    first, second = RESULTS.validate(runs.results_table([one, more])).to_pylist()
    assert (first["cluster_id"], first["slice"], first["status"]) == ("q1", "", "ok")
    assert (second["cluster_id"], second["slice"]) == ("c", "a=b,k=4")
    assert [second[k] for k in ("repeat", "status", "reason", "seed", "prompt_tokens")] == [
        2, "skipped", "no answer", 3, 9,
    ]  # fmt: skip
