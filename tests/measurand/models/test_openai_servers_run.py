"""A whole run at two servers, one of which is killed half way: the items are those of one."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import toy_server
from many_shot_handmade import make, params_of
from prefix_cache import servers
from toy_server import MODEL, ToyServer

from evaluators.many_shot.evaluate import evaluate
from measurand import shards
from measurand.dealing import running
from measurand.dealing.units import Unit, answer
from measurand.servers import read
from schemas.many_shot.params import Params

BITS = {
    "id": "bits",
    "source": {"kind": "parity", "bits": 4},
    "train": 6,
    "dev": 0,
    "test": 8,
    "answer_tokens": 8,
    "curves": [{"shots": [0, 2, 4], "seeds": 3}],
}


def spec_of(toys: list[ToyServer]) -> str:
    return f"openai:{','.join(toy.url for toy in toys)}#{MODEL}?retries=1&backoff=0.01&timeout=5"


def of(toys: list[ToyServer]) -> Params:
    """Not one call may fail."""
    how = {"batch_size": 8, "retest": 4, "max_infra_share": 0.0}
    return params_of([{"model": spec_of(toys)}], [BITS], **how)


def run(data: Path, out: Path, toys: list[ToyServer], journal: str = "journal") -> pl.DataFrame:
    evaluate(of(toys), data, None, out, journal=out.parent / journal)
    return items_of(out)


def items_of(out: Path) -> pl.DataFrame:
    """Item results, without what names the model."""
    items = pl.DataFrame(pl.from_arrow(shards.read_table(out / "items")))
    return items.drop("run_id", "model").sort(pl.all())


@pytest.mark.integration
def test_one_server_killed_half_way_same_items(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Some 10 s."""
    data = make(tmp_path / "data", [BITS])
    with servers(2) as toys:
        alone = run(data, tmp_path / "one", toys[:1], "alone")
        assert read(tmp_path / "one") == []
        lock = threading.Lock()
        killed: list[tuple[ToyServer, threading.Thread]] = []

        def half_way(toy: ToyServer) -> toy_server.Fault:
            before = len(toy.bodies)

            def fault(path: str, body: dict[str, Any], n: int) -> None:
                # Which server is the home of a prompt hangs on the ports, and the smaller part is
                # 13 to 58 of the 116 calls: the first with 30 is killed, whichever that is. The
                # call waits for it, so that one at least is lost.
                with lock:
                    if n - before == 30 and not killed:
                        killed.append((toy, threading.Thread(target=toy_server.kill, args=(toy,))))
                        killed[0][1].start()
                if killed and killed[0][0] is toy:
                    killed[0][1].join()

            return fault

        for toy in toys:
            toy.fault = half_way(toy)
        both = run(data, tmp_path / "two", toys)
        dead = killed[0][0]
        alive = next(toy for toy in toys if toy is not dead)
        assert both.equals(alone)
        assert set(both["status"]) == {"ok"}

        rows = {row["server"]: row for row in read(tmp_path / "two")}
        here, gone = (rows[toy.url.removeprefix("http://")] for toy in (alive, dead))
        assert here["left_out"] is None
        assert gone["retries"] > 0
        assert here["calls"] > gone["calls"] > 0
        costs = shards.read_table(tmp_path / "two" / "costs")
        assert here["calls"] + gone["calls"] == sum(costs["calls"].to_pylist())
        assert (
            f"evaluate: server {gone['server']}: {gone['calls']} calls" in capsys.readouterr().out
        )

        # Their order says nothing: all is in the journal, and canary prompts alone are asked.
        asked = len(alive.bodies)
        again = run(data, tmp_path / "three", toys[::-1])
        assert again.equals(alone)
        assert len(alive.bodies) - asked < 20


@pytest.mark.integration
def test_workers_ask_them_all_and_who_did_what_is_known(tmp_path: Path) -> None:
    """Some 5 s."""
    data = make(tmp_path / "data", [BITS])

    def here(units: Sequence[Unit], label: str, total: int, done: int) -> None:
        for unit in units:
            answer(unit)

    with servers(2) as toys:
        params, journal, out = of(toys), tmp_path / "dealt" / "journal", tmp_path / "dealt" / "out"
        running.run(
            lambda folder: evaluate(params, data, None, folder, journal=journal),
            *(out, journal, here),
        )
        assert items_of(out).equals(run(data, tmp_path / "loop", toys))
    costs = shards.read_table(out / "costs")
    calls = [row["calls"] for row in read(out)]
    assert len(calls) == 2
    assert min(calls) > 5
    assert sum(calls) == sum(costs["calls"].to_pylist())
