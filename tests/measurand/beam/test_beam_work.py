from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import apache_beam
import toy_build

from measurand.beam import to_shards, work
from measurand.beam.work import Work, give, of, places_of


def test_a_build_counts_shards_of_its_sinks(tmp_path: Path) -> None:
    built = apache_beam.Pipeline()
    sinks = [
        to_shards(
            built | name >> apache_beam.Create([b""]),
            replace(toy_build.SPEC, name=f"toy.{name}"),
            tmp_path / name,
            n,
        )
        for name, n in (("a", 3), ("b", 2))
    ]
    found = of(built)
    assert (found.label, found.unit, found.total, found.done()) == ("build", "shards", 5, 0)
    (sinks[0].attempt.folder / "part-00001-of-00003.parquet").touch()
    assert found.done() == 1
    assert places_of(built) == [sink.attempt.folder for sink in sinks]
    for sink in sinks:
        sink.attempt.remove()


def test_other_work_says_what_it_is(tmp_path: Path) -> None:
    built = apache_beam.Pipeline()
    give(built, Work("evaluate", "prompts", 7, lambda: 4, tmp_path))
    assert (of(built).total, of(built).done(), places_of(built)) == (7, 4, [tmp_path])
    assert work.of(apache_beam.Pipeline()).total == 0
