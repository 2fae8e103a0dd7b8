"""Whole scores by a tenth of the items: do intervals hold for models that nobody has seen?

Run: ``python benchmarks/short_form.py``. Twenty simulated sets of 60 models on 300 items, five of
each kind (one ability; two of them; one with guessing; families of ten models that are alike),
with 200 further models each; then classifiers of scikit-learn on handwritten digits, left out in
turn. Printed: coverage of 95% intervals, their mean width, and how many items drawn at random
would give that width.
"""

from __future__ import annotations

import time
import warnings

import numpy as np

from measurand.stats.short_form import random_items, shorten

SETS, MODELS, MORE, ITEMS = 20, 60, 200, 300
KINDS = ("one ability", "two abilities", "guessing", "families")


def simulated(kind: str, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray | None]:
    """Answers of models that there are and further ones, and families of all."""
    n = MODELS + MORE
    slope = rng.lognormal(0.1, 0.4, ITEMS)
    ease = rng.normal(0.3, 1.5, ITEMS)
    ability = rng.normal(0, 1, (n, 1))
    z = slope * ability + ease
    families = None
    if kind == "two abilities":
        other = 0.6 * ability + 0.8 * rng.normal(0, 1, (n, 1))
        z = slope * np.where(rng.random(ITEMS) < 0.5, ability, other) + ease
    if kind == "families":
        families = np.repeat(np.arange(n // 10), 10)
        z = z + rng.normal(0, 0.7, (n // 10, ITEMS))[families]
    p = 1 / (1 + np.exp(-z))
    if kind == "guessing":
        p = 0.25 + 0.75 * p
    return (rng.random(z.shape) < p) * 1.0, families


def digits() -> tuple[np.ndarray, list[str]]:
    """Right answers of 55 classifiers to 300 digits, and what each of them is called."""
    from sklearn.datasets import load_digits
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
    from sklearn.linear_model import RidgeClassifier
    from sklearn.naive_bayes import BernoulliNB, GaussianNB, MultinomialNB
    from sklearn.neighbors import KNeighborsClassifier, NearestCentroid
    from sklearn.svm import SVC
    from sklearn.tree import DecisionTreeClassifier, ExtraTreeClassifier

    x, y = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(x))
    test, pool = order[:ITEMS], order[ITEMS:]
    makers = {
        "neighbours 1": lambda: KNeighborsClassifier(1),
        "neighbours 7": lambda: KNeighborsClassifier(7),
        "centroid": NearestCentroid,
        "ridge": lambda: RidgeClassifier(1.0),
        "discriminant": lambda: LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.1),
        "gauss": GaussianNB,
        "counts": MultinomialNB,
        "bits": lambda: BernoulliNB(binarize=8.0),
        "kernel": lambda: SVC(gamma=0.001),
        "tree": lambda: DecisionTreeClassifier(random_state=0),
        "random tree": lambda: ExtraTreeClassifier(random_state=0),
    }
    found, names = [], []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for at, size in enumerate((25, 50, 100, 250, 800)):
            for name, make in makers.items():
                seen = np.random.default_rng(at).permutation(pool)[:size]
                found.append((make().fit(x[seen], y[seen]).predict(x[test]) == y[test]) * 1.0)
                names.append(f"{name}, {size}")
    return np.array(found), names


def held(form: object, truth: np.ndarray, answers: np.ndarray) -> tuple[list[bool], list[float]]:
    """Whether each interval holds the whole score, and its width."""
    found = form.estimate(answers)  # type: ignore[attr-defined]
    inside = [e.ci_lo <= t <= e.ci_hi for e, t in zip(found, truth, strict=True)]
    return inside, [e.ci_hi - e.ci_lo for e in found]


def main() -> None:
    """Print the table."""
    rng = np.random.default_rng(22)
    keep = ITEMS // 10
    rows: dict[str, list[tuple[float, float, float]]] = {}
    start = time.process_time()
    for at in range(SETS):
        kind = KINDS[at % len(KINDS)]
        answers, families = simulated(kind, rng)
        groups = None if families is None else families[:MODELS]
        form = shorten(answers[:MODELS], keep, groups=groups, seed_words=("benchmark", at))
        more = answers[MODELS:]
        inside, widths = held(form, more.mean(1), more[:, form.taken])
        drawn = random_items(more.mean(1), np.array(widths), ITEMS)
        rows.setdefault(kind, []).append(
            (float(np.mean(inside)), float(np.mean(widths)), float(np.mean(drawn)))
        )
    spent = time.process_time() - start
    print(f"{keep} of {ITEMS} items, {MODELS} models, {MORE} further ones a set")
    for kind, found in rows.items():
        each = ", ".join(f"{100 * c:.0f}" for c, _, _ in found)
        cover, width, drawn = np.mean(found, axis=0)
        print(f"{kind}: {100 * cover:.1f}% ({each}); width {width:.3f}; at random {drawn:.0f}")
    every = [c for found in rows.values() for c, _, _ in found]
    print(f"all {SETS} sets: {100 * np.mean(every):.1f}%; {spent:.0f} s")
    answers, _ = digits()
    inside, widths, truth = [], [], []
    for turn in range(8):
        order = np.random.default_rng(turn).permutation(len(answers))
        here, out = answers[order[:44]], answers[order[44:]]
        form = shorten(here, keep, seed_words=("digits", turn))
        some, wide = held(form, out.mean(1), out[:, form.taken])
        inside, widths, truth = inside + some, widths + wide, truth + out.mean(1).tolist()
    drawn = random_items(np.array(truth), np.array(widths), ITEMS)
    print(
        f"classifiers on digits: {100 * np.mean(inside):.1f}% of {len(inside)}; width "
        f"{np.mean(widths):.3f}; at random {np.mean(drawn):.0f} items"
    )
    print(f"{time.process_time() - start:.0f} s")


if __name__ == "__main__":
    main()
