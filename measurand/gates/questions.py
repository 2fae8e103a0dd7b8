"""What a gate file may ask: strict, frozen models, and what each test needs from its gate."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from measurand.gates.verdict import Of
from measurand.results import slice_text

MAX_INSTANCES = 10_000
MAX_SPAN = 1e100

Test = Literal[
    "threshold", "non_inferiority", "equivalence", "superiority", "regression", "exact_equal"
]
Interval = Literal["auto", "t", "wilson", "clopper_pearson", "jeffreys", "newcombe", "bootstrap"]
Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]+$")]
Models = Annotated[tuple[Name, ...], Field(min_length=1)]
Word = Annotated[str, Field(max_length=100, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
Share = Annotated[float, Field(ge=0, le=1)]
SlicePart = Annotated[str, Field(max_length=200, pattern=r"^[^,=\x00-\x1f]+$")] | int
Count = Annotated[int, Field(ge=0, le=10**12)]

#: What a gate of each test must name; of limit, margin and baseline it takes nothing else.
NEEDS: dict[str, tuple[str, ...]] = {
    "threshold": ("limit",),
    "non_inferiority": ("margin", "baseline"),
    "equivalence": ("margin", "baseline"),
    "superiority": ("baseline",),
    "regression": ("baseline",),
    "exact_equal": ("baseline",),
}
#: Tests whose single finding would be acted on: a family's correction applies to them alone.
FAMILY = ("superiority", "regression")
#: Intervals of one rate.
RATES = ("wilson", "clopper_pearson", "jeffreys")


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", allow_inf_nan=False)


class Dataset(_Strict):
    """What candidate and baseline must share.

    Attributes:
        name: key of the dataset among the parents in the results' manifests; all parents if None.
        lock: a lock file whose hash the verdict records.
        require_same_hash: refuse to compare over datasets with different logical hashes; if
            false, pairs are made on common item ids, of which there must be at least 95%.
    """

    name: Name | None = None
    lock: Name | None = None
    require_same_hash: bool = True


class Family(_Strict):
    """Correction over gates whose single finding would be acted on (superiority, regression).

    "All blocking gates must pass" is an intersection-union test and needs no correction (Berger
    1982), so this changes nothing for the other tests; the verdict says so.

    Attributes:
        correction: Holm's over any false finding, Benjamini and Hochberg's over the share of false
            findings, or none.
        alpha: level of the family, in place of its gates' own.
    """

    correction: Literal["none", "holm", "bh"] = "holm"
    alpha: Annotated[float, Field(ge=1e-6, lt=0.5)] = 0.05


class Margin(_Strict):
    """Largest loss that counts as no loss: in the metric's unit, or as a share of the baseline."""

    abs: Annotated[float, Field(gt=0)] | None = None
    rel: Annotated[float, Field(gt=0)] | None = None

    @model_validator(mode="after")
    def _one(self) -> Margin:
        if (self.abs is None) == (self.rel is None):
            raise ValueError("give exactly one of abs and rel")
        return self


class Sequential(_Strict):
    """Evidence by betting, which may be looked at as often as one likes while it grows.

    Attributes:
        low: least score that an item can have.
        high: greatest score that an item can have; differences lie within high - low.
    """

    low: float = 0.0
    high: float = 1.0

    @model_validator(mode="after")
    def _ordered(self) -> Sequential:
        if not 0 < self.high - self.low < MAX_SPAN:
            raise ValueError(f"low must be below high, by less than {MAX_SPAN:g}")
        return self


class Baseline(_Strict):
    """What the candidate is compared with.

    Attributes:
        value: a fixed number.
        file: results of an earlier run: a Parquet file or a dataset folder.
        ref: a git revision; the same evidence path is read there, from git or from DVC.
        model: model string in the baseline, where it differs from the candidate's.
        role: ``anchor`` is a pinned baseline against drift by many small losses; a branch is
            refused, since it moves.
        bootstrap: a missing baseline passes as ``no_baseline`` if a blocking threshold on the same
            metric stands beside this gate: for the very first run.
    """

    value: float | None = None
    file: Name | None = None
    ref: (
        Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^-\s\x00-\x1f]\S*$")] | None
    ) = None
    model: Name | None = None
    role: Literal["previous", "anchor"] = "previous"
    bootstrap: bool = False

    @model_validator(mode="after")
    def _one(self) -> Baseline:
        given = [k for k in ("value", "file", "ref") if getattr(self, k) is not None]
        if len(given) != 1:
            raise ValueError("give exactly one of value, file and ref")
        if self.value is not None and (self.bootstrap or self.model is not None):
            raise ValueError("bootstrap and model need a baseline of file or ref")
        return self


@dataclass(frozen=True)
class Settings:
    """What a gate demands of any evidence; these are the built-in defaults.

    Attributes:
        min_n: least number of units; fewer is inconclusive, whatever the figures say.
        min_clusters: least number of independent units.
        power: for the smallest detectable effect and the sample still needed.
        on_inconclusive: whether an undecided gate blocks (``fail``) or warns (``warn``).
        unit: column of item ids.
        cluster: column of independently sampled units; the unit itself if items are independent.
        ci: level of the two-sided interval that is shown; decisions use one-sided bounds.
        max_infra_errors: largest share of rows lost to infrastructure.
        max_drop: largest share of rows left out for want of a value.
        nan: rule for rows without a finite value: refuse, count as worst (0 or 1), or leave out.
    """

    min_n: int = 200
    min_clusters: int = 10
    power: float = 0.8
    on_inconclusive: Literal["fail", "warn"] = "fail"
    unit: str = "item_id"
    cluster: str = "cluster_id"
    ci: float = 0.95
    max_infra_errors: float = 0.0
    max_drop: float = 0.01
    nan: Literal["error", "worst", "drop"] = "error"


class Overrides(_Strict):
    """Settings as a file may give them, in ``defaults`` or in a gate."""

    min_n: Count | None = None
    min_clusters: Count | None = None
    power: Annotated[float, Field(gt=0.5, lt=1)] | None = None
    on_inconclusive: Literal["fail", "warn"] | None = None
    unit: Name | None = None
    cluster: Name | None = None
    ci: Annotated[float, Field(ge=0.5, lt=1)] | None = None
    max_infra_errors: Share | None = None
    max_drop: Share | None = None
    nan: Literal["error", "worst", "drop"] | None = None

    def over(self, below: Settings) -> Settings:
        """``below`` with what is given here."""
        given = {f.name: getattr(self, f.name) for f in dataclasses.fields(Settings)}
        return dataclasses.replace(below, **{k: v for k, v in given.items() if v is not None})


class Gate(Overrides):
    """One question to the evidence.

    Attributes:
        of: ``instrument`` asks whether the measurement works (a control, a search for leaks,
            missing rows), ``subject`` whether what was measured is good enough. A gate that does
            not say asks about the subject: who writes a gate for somebody's results asks about
            them, and a control taken for a subject's gate still blocks, while a poor subject taken
            for a broken instrument would call sound figures unreliable.
        source: ``items`` (rows of results) or ``statistics`` (finished figures with bounds).
        metric: which rows.
        models: whose rows, in place of the file's ``models``.
        direction: whether ``higher`` or ``lower`` is better.
        test: the decision rule, see :mod:`measurand.gates.deciding.decisions`.
        limit: smallest (largest) acceptable value of a threshold.
        margin: of a non-inferiority or equivalence test.
        alpha: one-sided error rate; in a family, the family's.
        interval: how the bounds of a mean of items are made; ``auto`` is Wilson's for independent
            0/1 items, otherwise the cluster-robust t interval; of two independent samples of 0/1
            items Newcombe's, otherwise Welch's t interval.
        paired: whether both sides scored the same items; false for independent samples.
        labels: file of people's scores of some of the items: the mean is theirs, corrected from
            the judge's (:mod:`measurand.stats.corrected`); ``min_n`` then counts labelled items.
        sequential: decide by betting, so that looking again at a growing sample keeps the error.
        undefined: what a null statistic means; it never passes.
    """

    id: Word
    of: Of = "subject"
    metric: Name
    models: Models | None = None
    source: Literal["items", "statistics"] = Field("items", alias="from")
    test: Test
    direction: Literal["higher", "lower"] = "higher"
    limit: float | None = None
    margin: Margin | None = None
    baseline: Baseline | None = None
    alpha: Annotated[float, Field(ge=1e-6, lt=0.5)] = 0.05
    slice: dict[SlicePart, SlicePart | Annotated[list[SlicePart], Field(min_length=1)]] = {}
    interval: Interval = "auto"
    paired: bool = True
    labels: Name | None = None
    sequential: Sequential | None = None
    undefined: Literal["fail", "inconclusive"] = "inconclusive"
    severity: Literal["block", "warn"] = "block"

    @model_validator(mode="after")
    def _fits_test(self) -> Gate:
        if why := fault(self):
            raise ValueError(why)
        return self

    def slices(self) -> Iterator[dict[str, str]]:
        """One slice per combination of listed values; the empty slice if none is asked for."""
        keys = [str(k) for k in self.slice]
        lists = [v if isinstance(v, list) else [v] for v in self.slice.values()]
        for values in itertools.product(*lists):
            yield dict(zip(keys, map(str, values), strict=True))


class GateFile(_Strict):
    """A whole gate file."""

    version: Literal[1]
    system: Annotated[str, Field(max_length=100, pattern=r"^[a-z][a-z0-9_]*$")] | None = None
    results: Name | None = None
    models: Models | None = None
    dataset: Dataset | None = None
    family: Family | None = None
    defaults: Overrides = Overrides()
    gates: Annotated[tuple[Gate, ...], Field(min_length=1)]

    @field_validator("gates")
    @classmethod
    def _unique(cls, gates: tuple[Gate, ...]) -> tuple[Gate, ...]:
        seen: set[str] = set()
        for gate in gates:
            if gate.id in seen:
                raise ValueError(f"gate id {gate.id!r} is given twice")
            seen.add(gate.id)
        return gates

    @model_validator(mode="after")
    def _whole(self) -> GateFile:
        if self.system is None and self.results is None:
            raise ValueError("give system or results: where the evidence lies")
        if self.models is not None and len(set(self.models)) < len(self.models):
            raise ValueError("a model is listed twice")
        for gate in self.gates if self.family is not None else ():
            if gate.test in FAMILY and "alpha" in gate.model_fields_set:
                raise ValueError(f"gate {gate.id!r}: its alpha is that of family; give it there")
        count = 0
        for gate in self.gates:
            texts: set[str] = set()
            size = 1
            for values in gate.slice.values():
                size *= len(values) if isinstance(values, list) else 1
            count += size
            if count > MAX_INSTANCES:
                raise ValueError(f"more than {MAX_INSTANCES} gates after expanding slices")
            for parts in gate.slices():
                if (text := slice_text(parts)) in texts:
                    raise ValueError(f"gate {gate.id!r} asks for slice {text!r} twice")
                texts.add(text)
        return self

    def settings(self, gate: Gate) -> Settings:
        """The gate's own settings over ``defaults`` over the built-in ones."""
        return gate.over(self.defaults.over(Settings()))

    def digest(self) -> str:
        """SHA-256 of the meaning: comments, order of keys and spacing do not change it."""
        content = self.model_dump_json(by_alias=True, exclude_defaults=True)
        canonical = json.dumps(json.loads(content), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()


def fault(gate: Gate) -> str | None:
    """Why a gate cannot be put as it stands, in words; None if it can."""
    needed = NEEDS[gate.test]
    if missing := [k for k in needed if getattr(gate, k) is None]:
        return f"test {gate.test} needs {' and '.join(missing)}"
    barred = [k for k in ("limit", "margin", "baseline") if k not in needed]
    if extra := [k for k in barred if getattr(gate, k) is not None]:
        return f"test {gate.test} takes no {' and no '.join(extra)}"
    if gate.source == "statistics" and gate.nan is not None:
        return "nan applies to items; a null statistic is governed by undefined"
    rows = ("unit", "cluster", "max_drop", "max_infra_errors")
    if gate.source == "statistics" and (extra := [k for k in rows if getattr(gate, k) is not None]):
        return f"{' and '.join(extra)} of items: a statistic is finished"
    return _interval(gate) or _unpaired(gate) or _sequential(gate) or _labelled(gate)


def _one_sample(gate: Gate) -> bool:
    """Whether items are held against a fixed number."""
    return gate.baseline is None or gate.baseline.value is not None


def _interval(gate: Gate) -> str | None:
    interval = gate.interval
    if interval == "auto" or (interval == "t" and gate.test != "exact_equal"):
        return None
    if gate.test == "exact_equal":
        return "exact_equal compares scores as they are: it takes no interval"
    if gate.source == "statistics":
        return "interval applies to thresholds on items and comparisons of items"
    if interval in RATES and not _one_sample(gate):
        return (
            f"interval {interval} is of one rate: for thresholds on items and baselines of kind "
            "value; a difference of rates takes newcombe"
        )
    if interval == "newcombe" and _one_sample(gate):
        return "interval newcombe is of a difference of rates: it needs a baseline of file or ref"
    return None


def _unpaired(gate: Gate) -> str | None:
    if gate.paired:
        return None
    if gate.source == "statistics" or _one_sample(gate):
        return "paired: false needs items and a baseline of file or ref"
    if gate.test == "exact_equal" or gate.interval == "bootstrap":
        what = gate.test if gate.test == "exact_equal" else "interval bootstrap"
        return f"{what} needs pairs: leave paired out"
    return None


def _sequential(gate: Gate) -> str | None:
    if gate.sequential is None:
        return None
    if gate.source == "statistics" or gate.test == "exact_equal":
        return "sequential bets on scores of items: it needs from: items and a test with an error"
    if gate.interval != "auto" or not gate.paired:
        return "sequential makes its own bounds, of pairs: leave interval and paired out"
    return None


def _labelled(gate: Gate) -> str | None:
    if gate.labels is None:
        return None
    if gate.source == "statistics" or not _one_sample(gate) or gate.test == "exact_equal":
        return "labels correct a mean of items: for thresholds and baselines of kind value"
    if gate.interval != "auto" or gate.sequential is not None:
        return "labels make their own interval: leave interval and sequential out"
    return None
