"""Functions beside the command line and beside other packages, as ratios of one run.

Seconds are those of the processor, so that a busy machine changes them little: importing, a frame
of a million rows beside the same Parquet on the command line, what a call on 100 rows costs beyond
its statistics, alpha beside pingouin's and a clustered mean beside statsmodels'.

    python benchmarks/api.py [ROWS]
"""

from __future__ import annotations

import io
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pingouin
import polars as pl
import statsmodels.formula.api as smf

import measurand
from measurand import cli
from measurand.analysis.record import analyse as record_of
from measurand.api.wishes import rows_of, wish

ROUNDS = 5


def spent(call: Callable[[], Any], rounds: int = ROUNDS) -> float:
    """Median processor seconds of a call."""
    found = []
    for _ in range(rounds):
        start = time.process_time()
        call()
        found.append(time.process_time() - start)
    return statistics.median(found)


def importing(code: str) -> float:
    """Median processor seconds of a new interpreter that runs some code."""
    found = []
    for _ in range(2 * ROUNDS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", code], check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        found.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return statistics.median(found)


def scores(n: int) -> pl.DataFrame:
    """Two models on the same items in passages of 25."""
    rng = np.random.default_rng(1)
    items = n // 2
    ids = [f"q{k}" for k in range(items)]
    return pl.DataFrame(
        {
            "item_id": ids * 2,
            "model": ["A"] * items + ["B"] * items,
            "value": (rng.random(2 * items) < 0.6).astype(float),
            "passage": [f"p{k // 25}" for k in range(items)] * 2,
        }
    )


def on_the_command_line(path: Path) -> None:
    """The verb in this process, so that no start of an interpreter counts."""
    with redirect_stdout(io.StringIO()):
        assert cli.main(["analyse", str(path), "--cluster", "passage", "--format", "json"]) == 0


def main(n: int = 1_000_000) -> None:
    """Time all of it, print a table."""
    plain, whole = importing("pass"), importing("import measurand")
    line("import measurand beyond Python itself", whole - plain, "s (0.15 at most)")

    small = scores(100)
    rows = rows_of(small, wish(cluster="passage"))

    def figures() -> None:
        record_of(rows, sources=["frame"], cluster="passage")

    call = spent(lambda: measurand.analyse(small, cluster="passage"), 20)
    line("a call on 100 rows beyond its statistics", 1000 * (call - spent(figures, 20)), "ms (30)")

    frame = scores(n)
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "scores.parquet"
        frame.write_parquet(path)
        there = spent(lambda: on_the_command_line(path), 3)
    here = spent(lambda: measurand.analyse(frame, cluster="passage"), 3)
    line(f"analyse of {n:,} rows, polars frame", here, "s")
    line("the same on the command line, Parquet", there, f"s, {there / here:.2f}x")

    answers = _answers()
    ours = spent(lambda: measurand.reliability(answers, resamples=0))
    theirs = spent(lambda: pingouin.cronbach_alpha(answers))
    found = measurand.reliability(answers, resamples=0)["all items"]["alpha"].estimate
    assert abs(found - pingouin.cronbach_alpha(answers)[0]) < 1e-9
    line("reliability of 1,000 x 20 answers", ours, "s, with omega, lambda-6 and item statistics")
    line("pingouin.cronbach_alpha, alpha alone", theirs, f"s, {theirs / ours:.2f}x")

    one = scores(200_000).filter(pl.col("model") == "A")
    ours = spent(lambda: measurand.analyse(one, cluster="passage"), 3)
    theirs = spent(lambda: _clustered(one.to_pandas()), 3)
    mean = measurand.analyse(one, cluster="passage").means[0].mean
    assert abs(mean.estimate - _clustered(one.to_pandas())) < 1e-9
    line("analyse of 100,000 clustered scores", ours, "s, with reading, items and notes")
    line("statsmodels, the mean and its interval alone", theirs, f"s, {theirs / ours:.2f}x")


def _answers() -> pd.DataFrame:
    rng = np.random.default_rng(2)
    trait = rng.normal(size=(1000, 1))
    points = np.clip(np.round(3 + trait + rng.normal(size=(1000, 20))), 1, 5)
    return pd.DataFrame(points.astype(int), columns=[f"q{j}" for j in range(20)])


def _clustered(frame: pd.DataFrame) -> float:
    groups = frame["passage"].astype("category").cat.codes
    fit = smf.ols("value ~ 1", frame).fit(cov_type="cluster", cov_kwds={"groups": groups})
    return float(fit.params.iloc[0])


def line(what: str, number: float, unit: str) -> None:
    """A line of the table."""
    print(f"{what:<46} {number:9.3f} {unit}", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
