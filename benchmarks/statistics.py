"""Statistics side by side with the libraries that people use, each a ratio within one run.

Processor seconds of one thread (best of a few, or the median of pairs taken turn about), so that a
busy machine does not decide. Rows marked ~ are extrapolated from a part of the work, since the
library would take minutes.

    python benchmarks/statistics.py [--quick] [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

if __name__ == "statistics":
    # A script beside this one asked for the standard library's module of this name: hand it over.
    _spec = spec_from_file_location(__name__, Path(sysconfig.get_path("stdlib")) / "statistics.py")
    sys.modules[__name__] = module_from_spec(_spec)
    _spec.loader.exec_module(sys.modules[__name__])

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Row:
    """One comparison.

    Attributes:
        what: the work, with its size.
        ours_s: processor seconds of this library.
        against: the other library or way; empty where the row has a limit instead.
        theirs_s: its processor seconds.
        ratio: theirs by ours.
        target: what the row should reach: a ratio, or seconds where there is no other side.
        met: whether it does.
        agreement: how far the two results are apart, in words.
    """

    what: str
    ours_s: float
    against: str = ""
    theirs_s: float | None = None
    ratio: float | None = None
    target: str = ""
    met: bool | None = None
    agreement: str = ""


def best(work: Callable[[], object], times: int) -> tuple[float, object]:
    """Least processor seconds of ``times`` runs, and the last result."""
    least, result = float("inf"), None
    for _ in range(times):
        start = time.process_time()
        result = work()
        least = min(least, time.process_time() - start)
    return least, result


def compare(
    what: str,
    ours_s: float,
    against: str,
    theirs_s: float,
    target: float | None = None,
    agreement: str = "",
) -> Row:
    ratio = theirs_s / ours_s
    met = None if target is None else ratio >= target
    text = "" if target is None else f">= {target:g}x"
    return Row(what, ours_s, against, theirs_s, ratio, text, met, agreement)


def bootstrap_of_means(quick: bool) -> list[Row]:
    import numpy as np
    from scipy import stats

    from measurand.stats.means import bootstrap_means

    n, m, b = (2_000, 20, 500) if quick else (10_000, 20, 2_000)
    x = np.random.default_rng(0).random((n, m))
    pairs = []
    for _ in range(2 if quick else 7):
        # Turn about, so that a slow moment of the machine meets both.
        ours, found = best(lambda: bootstrap_means(x, resamples=b), 1)
        theirs, other = best(
            lambda: stats.bootstrap(
                (x,), np.mean, n_resamples=b, batch=50, method="percentile", rng=1
            ),
            1,
        )
        pairs.append((theirs / ours, ours, theirs))
    _, ours, theirs = sorted(pairs)[len(pairs) // 2]
    low = np.array([e.ci_lo for e in found]) - other.confidence_interval.low
    apart = np.abs(low / other.standard_error).max()
    return [
        compare(
            f"mean bootstrap {n:,} x {m} x {b:,}",
            ours,
            "scipy.stats.bootstrap, batch=50",
            theirs,
            None if quick else 10,
            f"lower ends within {apart:.2f} standard errors",
        )
    ]


def alpha_rows(quick: bool) -> list[Row]:
    import numpy as np
    import pandas as pd
    import pingouin

    from measurand.stats.coefficients import alpha_if_deleted
    from measurand.stats.covariance import correlation, covariance
    from measurand.stats.reliability import cronbach_alpha

    n, k, b = (300, 60, 200) if quick else (1250, 300, 2_000)
    rng = np.random.default_rng(1)
    x = np.clip(np.round(3 + rng.normal(size=(n, 1)) + rng.normal(size=(n, k))), 1, 5)
    frame, size = pd.DataFrame(x), f"{n:,} x {k}"

    ours, _ = best(lambda: cronbach_alpha(x, resamples=b), 3)

    def by_gathering() -> list[float]:
        out = []
        for _ in range(20):
            rows = x[rng.integers(0, n, n)]
            total = rows.sum(axis=1).var(ddof=1)
            out.append(k / (k - 1) * (1 - rows.var(axis=0, ddof=1).sum() / total))
        return out

    gathered, _ = best(by_gathering, 2)
    looped, _ = best(lambda: pingouin.cronbach_alpha(frame.sample(n, replace=True)), 3)
    point, value = best(lambda: cronbach_alpha(x, resamples=0).value, 5)
    theirs, other = best(lambda: pingouin.cronbach_alpha(frame)[0], 5)
    ours_deleted, deleted = best(lambda: alpha_if_deleted(covariance(x)), 5)
    left_out, last = best(lambda: pingouin.cronbach_alpha(frame.drop(columns=k - 1))[0], 3)
    holed = np.where(rng.random(x.shape) < 0.02, np.nan, x)
    ours_missing, some = best(lambda: cronbach_alpha(holed, resamples=0).value, 3)
    their_missing, same = best(lambda: pingouin.cronbach_alpha(pd.DataFrame(holed))[0], 2)
    every, r = best(lambda: correlation(covariance(x)), 5)
    pairs = frame.iloc[:, :8]
    some_pairs, listed = best(lambda: pingouin.pairwise_corr(pairs), 2)
    scale = k * (k - 1) / 2 / 28
    apart = abs(listed["r"].to_numpy() - r[np.triu_indices(8, 1)]).max()
    return [
        compare(f"alpha bootstrap {size} x {b:,}", ours, "numpy loop ~", gathered * b / 20),
        compare(f"alpha bootstrap {size} x {b:,}", ours, "pingouin loop ~", looped * b),
        compare(
            f"alpha {size}", point, "pingouin", theirs, None, f"{abs(value - other):.0e} apart"
        ),
        compare(
            f"alpha {size}, 2% missing",
            ours_missing,
            "pingouin",
            their_missing,
            None,
            f"{abs(some - same):.0e} apart",
        ),
        compare(
            f"alpha if deleted, {k} items",
            ours_deleted,
            "pingouin loop ~",
            left_out * k,
            None,
            f"{abs(deleted[-1] - last):.0e} apart",
        ),
        compare(
            f"all correlations {size}",
            every,
            "pingouin.pairwise_corr ~",
            some_pairs * scale,
            None,
            f"{apart:.0e} apart",
        ),
    ]


def spearman_rows(quick: bool) -> list[Row]:
    import numpy as np
    from scipy import stats

    from measurand.stats.correlation import spearman

    b = 200 if quick else 2_000
    rng = np.random.default_rng(2)
    level, bio = np.tile(np.arange(1.0, 10.0), 50), np.repeat(np.arange(50), 9)
    score = np.clip(1 + 0.5 * (level - 1) + rng.normal(0, 0.3, 450), 1, 5)
    ours, _ = best(lambda: spearman(level, score, clusters=bio, resamples=b), 3)
    rows = np.arange(450).reshape(50, 9)

    def loop() -> None:
        for _ in range(20):
            taken = rows[rng.integers(0, 50, 50)].ravel()
            stats.spearmanr(level[taken], score[taken])

    theirs, _ = best(loop, 2)
    return [
        compare(f"Spearman 450 rows, 50 clusters x {b:,}", ours, "scipy loop ~", theirs * b / 20)
    ]


def krippendorff_rows(quick: bool) -> list[Row]:
    import krippendorff
    import numpy as np

    from measurand.stats.krippendorff import krippendorff_alpha

    n, b, some = (1_000, 200, 10) if quick else (10_000, 2_000, 40)
    rng = np.random.default_rng(6)
    x = np.clip(np.round(3 + rng.normal(size=(n, 1)) + rng.normal(size=(n, 5))), 1, 5)
    ours, found = best(lambda: krippendorff_alpha(x, "ordinal", resamples=b), 2)

    def by_unit() -> list[float]:
        rows = (x[rng.integers(0, n, n)] for _ in range(some))
        return [krippendorff.alpha(r.T, level_of_measurement="ordinal") for r in rows]

    theirs, _ = best(by_unit, 2)
    apart = abs(found.value - krippendorff.alpha(x.T, level_of_measurement="ordinal"))
    what = f"Krippendorff's alpha, ordinal, {n:,} x 5 x {b:,}"
    loop, target = theirs * b / some, None if quick else 40
    return [compare(what, ours, "krippendorff loop ~", loop, target, f"{apart:.0e} apart")]


# The peak that the kernel keeps for this program; getrusage would begin with its parent's.
_PEAK = """
import re, sys, time
from pathlib import Path
import numpy as np
from measurand.stats.means import bootstrap_means
peak = lambda: int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
n, m, b = map(int, sys.argv[1:])
x = np.random.default_rng(0).random((n, m))
bootstrap_means(x[:50], resamples=50)
before = peak()
start = time.process_time()
bootstrap_means(x, resamples=b)
print(peak() - before, time.process_time() - start)
"""


def memory_rows(quick: bool) -> list[Row]:
    """What the mean bootstrap adds to a process that has its data."""
    n, m, b = (2_000, 20, 500) if quick else (10_000, 20, 2_000)
    command = [sys.executable, "-c", _PEAK, *map(str, (n, m, b))]
    done = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, check=True
    )
    kib, spent = map(float, done.stdout.split())
    what = f"memory of the mean bootstrap {n:,} x {m} x {b:,}"
    met, target = (None, "") if quick else (kib < 300 * 1024, "< 300 MiB")
    return [Row(what, spent, target=target, met=met, agreement=f"{kib / 1024:.0f} MiB more")]


def reliability_stage(quick: bool) -> list[Row]:
    import numpy as np

    from measurand.stats.reliability import scale_reliability

    n, b, domains = (250, 200, 1) if quick else (1250, 2_000, 5)
    rng = np.random.default_rng(3)
    scales = []
    for _ in range(domains):
        facets = np.repeat(rng.normal(size=(n, 6)), 10, axis=1)
        latent = 3 + 0.6 * rng.normal(size=(n, 1)) + 0.4 * facets
        x = np.clip(np.round(latent + 0.8 * rng.normal(size=(n, 60))), 1, 5)
        scales += [x, *(x[:, 10 * f : 10 * f + 10] for f in range(6))]
    biographies = np.arange(n) // (n // 50)
    out = []
    for name, clusters in (("over rows", None), ("over 50 clusters", biographies)):
        spent, _ = best(
            lambda clusters=clusters: [
                scale_reliability(x, clusters=clusters, resamples=b) for x in scales
            ],
            1,
        )
        what = f"reliability stage: {domains} x 60 + {6 * domains} x 10 items, n={n:,}, B={b:,}"
        target, met = ("", None) if quick else ("< 10 s", spent < 10)
        out.append(Row(f"{what}, {name}", spent, target=target, met=met))
    return out


def paired_rows(quick: bool) -> list[Row]:
    import numpy as np
    from scipy import stats

    from measurand.stats.paired import sign_flip

    n, flips, some = (1_000, 999, 99) if quick else (10_000, 9_999, 199)
    d = np.random.default_rng(4).normal(0.01, 1, n)
    ours, p = best(lambda: sign_flip(d, flips=flips), 3)

    def permute() -> float:
        found = stats.permutation_test(
            (d,), np.mean, permutation_type="samples", n_resamples=some, vectorized=True, rng=1
        )
        return float(found.pvalue)

    theirs, other = best(permute, 2)
    return [
        compare(
            f"sign flips {n:,} x {flips:,}",
            ours,
            "scipy.stats.permutation_test ~",
            theirs * flips / some,
            None if quick else 100,
            f"p {p:.3f} and {other:.3f}",
        ),
    ]


def aggregate_rows(quick: bool) -> list[Row]:
    import numpy as np
    from scipy import stats

    from measurand.stats.aggregate import improvement_probability, interquartile_mean

    runs, tasks, b = (5, 6, 100) if quick else (10, 26, 2_000)
    rng = np.random.default_rng(6)
    x, y = rng.random((2, runs, tasks))
    ours, found = best(lambda: improvement_probability(x, y, resamples=b), 3)

    def ranks() -> float:
        total = 0.0
        for _ in range(10):
            rows = rng.integers(0, runs, (2, runs, tasks))
            a, c = x[rows[0], np.arange(tasks)], y[rows[1], np.arange(tasks)]
            for t in range(tasks):
                total += stats.mannwhitneyu(a[:, t], c[:, t]).statistic / runs**2
        return total / (10 * tasks)

    theirs, about = best(ranks, 2)
    middle, _ = best(lambda: interquartile_mean(x, resamples=b), 3)

    def trimmed() -> None:
        for _ in range(20):
            taken = x[rng.integers(0, runs, (runs, tasks)), np.arange(tasks)]
            stats.trim_mean(taken, 0.25, axis=None)

    loop, _ = best(trimmed, 2)
    size = f"{runs} runs x {tasks} tasks x {b:,}"
    return [
        compare(
            f"probability of improvement {size}",
            ours,
            "scipy.stats.mannwhitneyu loop ~",
            theirs * b / 10,
            None if quick else 300,
            f"{found.value:.3f}, {about:.3f}",
        ),
        compare(
            f"interquartile mean {size}", middle, "scipy.stats.trim_mean loop ~", loop * b / 20
        ),
    ]


def table(rows: list[Row]) -> str:
    """The rows as aligned text."""
    head = ("work", "ours s", "against", "theirs s", "ratio", "target", "met", "agreement")
    cells = [head]
    for row in rows:
        cells.append(
            (
                row.what,
                f"{row.ours_s:.4f}",
                row.against,
                "" if row.theirs_s is None else f"{row.theirs_s:.3f}",
                "" if row.ratio is None else f"{row.ratio:.1f}x",
                row.target,
                "" if row.met is None else "yes" if row.met else "NO",
                row.agreement,
            )
        )
    widths = [max(len(line[i]) for line in cells) for i in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    )


def main() -> int:
    """Measure, print, and exit with 1 if a target is missed (``--quick`` has none)."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small sizes: seconds, no targets")
    parser.add_argument("--json", action="store_true", help="machine-readable")
    options = parser.parse_args()
    parts = (
        bootstrap_of_means,
        alpha_rows,
        spearman_rows,
        paired_rows,
        aggregate_rows,
        krippendorff_rows,
        memory_rows,
        reliability_stage,
    )
    rows = []
    for part in parts:
        print(f"{part.__name__} ...", file=sys.stderr, flush=True)
        rows += part(options.quick)
    print(json.dumps([asdict(r) for r in rows], indent=1) if options.json else table(rows))
    return int(any(row.met is False for row in rows))


if __name__ == "__main__":
    if any(os.environ.get(name) != "1" for name in ONE_THREAD):
        # Threads are counted when numpy is loaded: start again with one, and with -P, so that
        # this file is not taken for the standard library's module of the same name.
        search = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
        os.execve(
            sys.executable,
            [sys.executable, "-P", *sys.argv],
            {**os.environ, **ONE_THREAD, "PYTHONPATH": search},
        )
    sys.exit(main())
