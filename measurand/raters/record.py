"""How far raters agree, whatever ratings are missing, as one record of plain values.

A table has a row a unit (a text, an item) and a column a rater, or a row a rating. Every figure
comes from :mod:`measurand.stats`.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from measurand.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from measurand.responses import Responses

LEVELS = ("nominal", "ordinal", "interval", "ratio")
ROLES = ("unit", "rater", "value")
#: Names under which a table of single ratings is known for one.
_KNOWN = {
    "unit": ("unit", "item_id", "item", "text_id"),
    "rater": ("rater", "judge", "annotator", "coder"),
    "value": ("value", "rating", "score", "label"),
}
SCHEMA = "measurand.agreement/1.1.0"
MAX_PAIRS = 190
_DISCARDED = frozenset(
    ("rejected", "reject", "discarded", "cancelled", "canceled", "draft", "skipped", "invalid")
)
_MOST_STATES = 8
_SHOWN = 8
FEWEST = 10
"""Fewest units for an interval: resamples of fewer do not tell how far others lie."""
MAX_CATEGORIES = 20
"""Most categories for which kappa is made: beyond it two raters agree by chance only."""


@dataclass(frozen=True)
class Ratings:
    """Ratings of a table.

    Attributes:
        name: file name.
        units: names of the rows.
        raters: names of the columns.
        values: (units, raters) numbers, or numbers of categories; NaN where missing.
        categories: words in the order of their numbers; empty where ratings are numbers.
        clusters: (units,) cluster of each unit; None where they are independent.
        understood: how the table was read, a sentence each.
    """

    name: str
    units: tuple[str, ...]
    raters: tuple[str, ...]
    values: npt.NDArray[np.float64]
    categories: tuple[str, ...]
    clusters: npt.NDArray[np.int64] | None
    understood: tuple[str, ...]


def roles(columns: Mapping[str, str]) -> dict[str, str]:
    """Columns by role, as they are.

    Raises:
        InputError: code ``bad_argument``: there is no such role.
    """
    for role, column in columns.items():
        if role not in ROLES or not column:
            hint = f"ROLE=COLUMN with a role of {', '.join(ROLES)}"
            raise InputError(f"--map {role}={column}", hint=hint, code="bad_argument")
    return dict(columns)


def read(
    table: Responses, raters: Sequence[str], columns: dict[str, str], cluster: str | None = None
) -> Ratings:
    """The ratings of a table.

    Args:
        table: the table.
        raters: columns of the raters; without, all columns of numbers.
        columns: role -> column of a table with a row a rating.
        cluster: column that names the sampling unit of a unit.

    Raises:
        InputError: code ``no_column``, ``no_ratings``, ``not_a_number`` or ``rated_twice``.
    """
    small = {name.lower(): name for name in reversed(table.names)}
    known = {
        role: next((small[n] for n in names if n in small), None) for role, names in _KNOWN.items()
    }
    if not raters and not columns and all(known.values()):
        columns = {role: str(name) for role, name in known.items()}
        table.say(
            f"{table.name}: a row a rating; " + ", ".join(f"{r}={c}" for r, c in columns.items())
        )
    wanted = [*raters, *columns.values(), *([cluster] if cluster else [])]
    if missing := [name for name in wanted if name not in table.names]:
        raise InputError(
            f"{table.name} has no column {missing[0]!r}; it has {', '.join(table.names[:20])}",
            hint="name the columns with --raters, or --map unit=... rater=... value=...",
            code="no_column",
        )
    return _long(table, columns, cluster) if columns else _wide(table, raters, cluster)


def _wide(table: Responses, raters: Sequence[str], cluster: str | None) -> Ratings:

    from measurand.keying import clusters_of, without_key

    if raters:
        values, categories = _numbers(table, raters)
        names = tuple(raters)
    else:
        found = without_key(table, cluster)
        scale = found.scales[0]
        values, categories, names = scale.values, (), scale.items
        if found.ignored:
            left = ", ".join(f"{column!r} ({why})" for column, why in found.ignored[:_SHOWN])
            more = len(found.ignored) - _SHOWN
            table.say(
                f"{table.name}: columns that are no ratings: {left}"
                + (f" and {more:,} more." if more > 0 else ".")
            )
        for warning in found.warnings:
            table.say(warning)
    if len(names) < 2:
        raise InputError(
            f"{table.name} has {len(names)} column of ratings",
            hint="name --raters",
            code="no_ratings",
        )
    units = tuple(f"row {i + 1}" for i in range(table.n_rows))
    clusters = clusters_of(table, cluster)
    return Ratings(
        *(table.name, units, names, values, categories, clusters), tuple(table.understood)
    )


def _long(table: Responses, columns: dict[str, str], cluster: str | None) -> Ratings:
    import numpy as np

    from measurand.keying import clusters_of

    if missing := [role for role in ROLES if role not in columns]:
        raise InputError(
            f"--map names no {missing[0]}", hint="unit, rater and value", code="bad_argument"
        )
    units, raters = (table.ids(columns[role]) for role in ("unit", "rater"))
    _say_discarded(table, columns.values())
    flat, categories = _numbers(table, [columns["value"]])
    rows = [i for i in range(table.n_rows) if not np.isnan(flat[i, 0])]
    if unnamed := [i + 1 for i in rows if units[i] is None or raters[i] is None]:
        raise InputError(
            f"{table.name}: row {unnamed[0]} names no unit or rater",
            hint="every rating needs both",
            code="no_column",
        )
    every_unit = list(dict.fromkeys(str(u) for u in units if u is not None))
    every_rater = list(dict.fromkeys(str(raters[i]) for i in rows))
    at = {u: i for i, u in enumerate(every_unit)}, {r: j for j, r in enumerate(every_rater)}
    values = np.full((len(every_unit), len(every_rater)), np.nan)
    for i in rows:
        place = at[0][str(units[i])], at[1][str(raters[i])]
        if not np.isnan(values[place]):
            raise InputError(
                f"{table.name}: row {i + 1} is a second rating of {units[i]} by {raters[i]}",
                hint="one rating of a unit by a rater",
                code="rated_twice",
            )
        values[place] = flat[i, 0]
    clusters = None
    if (every_row := clusters_of(table, cluster)) is not None:
        of: dict[str, int] = {}
        for row, (unit, group) in enumerate(zip(units, every_row.tolist(), strict=True), 1):
            if unit is not None and of.setdefault(str(unit), group) != group:
                raise InputError(
                    f"{table.name}: row {row} puts {unit} into a second cluster of {cluster!r}",
                    hint="a unit belongs to one cluster",
                    code="bad_cluster",
                )
        clusters = np.array([of[u] for u in every_unit], dtype=np.int64)
    return Ratings(
        *(table.name, tuple(every_unit), tuple(every_rater), values, categories, clusters),
        tuple(table.understood),
    )


def _say_discarded(table: Responses, used: Collection[str]) -> None:
    """Say which rows an annotation tool marks as not to be used, in columns that are not read."""
    from measurand.columns import labels

    for name in (n for n in table.names if n not in used):
        words = Counter(word.lower() for word in labels(table.column(name)) if word is not None)
        marked = {word: words[word] for word in words if word in _DISCARDED}
        if marked and len(words) <= _MOST_STATES:
            told = ", ".join(f"{n:,} rows are {word!r}" for word, n in sorted(marked.items()))
            table.say(f"{table.name}: {told} in column {name!r}; they count as the others do.")


def _numbers(
    table: Responses, columns: Sequence[str]
) -> tuple[npt.NDArray[np.float64], tuple[str, ...]]:
    """Ratings as numbers, or as numbers of categories where no column holds any number."""
    import numpy as np

    from measurand.columns import MISSING, labels

    found = table.numbers_alike(columns)
    if not any(f.n_bad for f in found):
        return np.column_stack([f.values for f in found]), ()
    if all(f.n_bad == f.n_text for f in found):
        # Among words "none" is a category; what else reads as no answer is left out, and said.
        gone = (MISSING - {"none"}) | {m.strip().lower() for m in table.missing}
        words = [labels(table.column(name), missing=("",)) for name in columns]
        kept = [[None if w is None or w.lower() in gone else w for w in c] for c in words]
        lost = Counter(w for c in words for w in c if w is not None and w.lower() in gone)
        if lost:
            told = ", ".join(f"{n} cells {w!r}" for w, n in sorted(lost.items()))
            table.say(f"{table.name}: no rating: {told}.")
        kept = _one_spelling(table, kept)
        categories = sorted({w for c in kept for w in c if w is not None})
        code = {w: float(i) for i, w in enumerate(categories)}
        table.say(f"{table.name}: ratings are words: {', '.join(categories[:8])}.")
        columned = [[np.nan if w is None else code[w] for w in c] for c in kept]
        return np.array(columned, dtype=np.float64).T, tuple(categories)
    bad = next((name, f) for name, f in zip(columns, found, strict=True) if f.n_bad)
    raise InputError(
        f"{table.name}: column {bad[0]!r} has cells that are no number: {bad[1].bad[0]}",
        hint="all ratings are numbers or all are words; --missing-codes names what means none",
        code="not_a_number",
    )


def _one_spelling(
    table: Responses, columns: Sequence[Sequence[str | None]]
) -> list[list[str | None]]:
    """Words that differ in capitals or blanks alone as the one that is written most often."""
    counts = Counter(w for column in columns for w in column if w is not None)
    usual: dict[str, str] = {}
    for word in sorted(counts, key=lambda w: (-counts[w], w)):
        usual.setdefault(_folded(word), word)
    if others := sorted(w for w in counts if usual[_folded(w)] != w):
        told = ", ".join(f"{w!r} is {usual[_folded(w)]!r}" for w in others[:_SHOWN])
        table.say(f"{table.name}: capitals and blanks make no other category: {told}.")
    return [[None if w is None else usual[_folded(w)] for w in column] for column in columns]


def _folded(word: str) -> str:
    return " ".join(word.casefold().split())


def analyse(
    ratings: Ratings,
    level: str | None = None,
    *,
    cluster: str | None = None,
    resamples: int = 2000,
    seed: int = 42,
) -> dict[str, Any]:
    """Agreement as plain JSON values.

    Args:
        ratings: the ratings.
        level: which differences count; interval for numbers and nominal for words by default.
        cluster: name of the cluster column, for the record.
        resamples: bootstrap resamples.
        seed: start of the random streams.

    Returns:
        What was read, Krippendorff's alpha, intraclass correlations (of numbers), kappa of each
        pair of raters; each with the number of units used, or null with a reason.

    Raises:
        InputError: code ``bad_argument``: words on another level than nominal.
    """
    import numpy as np

    from measurand.stats.krippendorff import krippendorff_alpha
    from measurand.stats.unbalanced import agreement
    from measurand.version import __version__

    words = bool(ratings.categories)
    if words and level not in (None, "nominal"):
        raise InputError(
            f"--level {level} of ratings that are words",
            hint="give numbers, or words such as 1 - low, 2 - high",
            code="bad_argument",
        )
    chosen = level or ("nominal" if words else "interval")
    x = ratings.values
    draw: dict[str, Any] = {"by": ratings.clusters, "resamples": resamples}
    figures = {
        "alpha": asdict(krippendorff_alpha(x, chosen, seed_words=("alpha", str(seed)), **draw))  # type: ignore[arg-type]
    }
    if not words:
        found = agreement(x, seed_words=("icc", str(seed)), **draw)
        forms = {"icc_1": found.one_way, "icc_a1": found.absolute, "icc_c1": found.consistency}
        figures |= {name: asdict(form) for name, form in forms.items()}
    counts = (~np.isnan(x)).sum(axis=1)
    figures = {name: _told(figure, int((counts >= 2).sum())) for name, figure in figures.items()}
    pairs, left = _pairs(ratings, draw, chosen, seed)
    return {
        "schema": SCHEMA,
        "version": __version__,
        "file": ratings.name,
        "units": len(ratings.units),
        "raters": list(ratings.raters),
        "ratings": int(counts.sum()),
        "units_with_two": int((counts >= 2).sum()),
        "level": chosen,
        "categories": list(ratings.categories),
        "cluster": cluster,
        "resamples": resamples,
        "seed": seed,
        "understood": list(ratings.understood),
        "figures": figures,
        "pairs": pairs,
        "pairs_left_out": left,
    }


def _told(figure: dict[str, Any], units: int) -> dict[str, Any]:
    """A figure, without its interval where few units or equal ratings make it mean nothing."""
    if figure["ci_lo"] is None:
        return figure
    if units < FEWEST:
        why = f"{units} units, {FEWEST} or more are needed"
    elif math.isclose(figure["ci_lo"], figure["ci_hi"], abs_tol=1e-9):
        why = "no rating differs from another of its unit"
    else:
        return figure
    ends = dict.fromkeys(("se", "ci_lo", "ci_hi", "lower", "upper"))
    return {**figure, **ends, "reason": f"no interval: {why}"}


def _pairs(
    ratings: Ratings, draw: dict[str, Any], level: str, seed: int
) -> tuple[list[dict[str, Any]], str | None]:
    """Kappa of each pair of raters, for categories, weighted where they have an order.

    Returns:
        The first pairs; which were left out, and why.
    """
    import numpy as np

    from measurand.stats.kappa import cohen_kappa

    x = ratings.values
    seen = np.unique(x[~np.isnan(x)])
    every = math.comb(x.shape[1], 2)
    if len(seen) > MAX_CATEGORIES:
        why = f"{len(seen):,} different ratings, kappa is for at most {MAX_CATEGORIES}"
        return [], f"No kappa of {every:,} pairs of raters: {why}."
    weights = "none" if level == "nominal" else "quadratic"
    pairs = itertools.islice(itertools.combinations(range(x.shape[1]), 2), MAX_PAIRS)
    found = []
    for i, j in pairs:
        names = ratings.raters[i], ratings.raters[j]
        kappas = {
            name: cohen_kappa(
                *(x[:, i], x[:, j]),
                weights=kind,  # type: ignore[arg-type]
                categories=seen,
                seed_words=("kappa", str(seed), *names),
                **draw,
            )
            for name, kind in {"kappa": "none", "weighted": weights}.items()
        }
        both = ~np.isnan(x[:, i]) & ~np.isnan(x[:, j])
        told = {name: _told(asdict(kappa), int(both.sum())) for name, kappa in kappas.items()}
        same = float((x[both, i] == x[both, j]).mean()) if both.any() else None
        found.append({"a": names[0], "b": names[1], "units": int(both.sum()), "same": same, **told})
    if every == len(found):
        return found, None
    return (
        found,
        f"{every - len(found):,} of {every:,} pairs of raters are left out: the last ones.",
    )
