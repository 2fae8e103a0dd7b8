"""The corpus of pages, the tokenizer and the corruption: sections of `params/webagent.yaml`."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from measurand.params import Licence, Strict, no_repeats

SEED = 20260101
SPLITS = ("train", "validation", "test")
KINDS = ("text", "tag", "attribute", "value", "sentinel")
"""What a token is part of: a text, a tag's name or bracket, an attribute's name, its value."""
Name = Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$")]


class PageFolder(Strict):
    """A user's own pages: every file below a folder whose name ends as a page's does.

    Attributes:
        folder: the folder.
        licence: licence of the pages, for the manifest.
        name: name of the source in tables.
    """

    kind: Literal["folder"] = "folder"
    folder: str = Field(min_length=1)
    licence: Licence = "unknown"
    name: Name = "folder"


class Warc(Strict):
    """Pages of a web archive (ISO 28500), compressed by record or not at all.

    Attributes:
        warc: the file.
        licence: licence of the pages, for the manifest.
        name: name of the source in tables.
    """

    kind: Literal["warc"] = "warc"
    warc: str = Field(min_length=1)
    licence: Licence = "unknown"
    name: Name = "warc"


class Miniwob(Strict):
    """Pages of the ``miniwob`` wheel, as they are before a script has run."""

    kind: Literal["miniwob"]


class DebianDocs(Strict):
    """HTML of Debian's documentation packages; one that is not installed is a rejected row.

    Attributes:
        packages: names of packages.
        root: where their files lie.
    """

    kind: Literal["debian_docs"]
    packages: tuple[str, ...] = ("debian-policy", "git-doc", "postgresql-doc", "python3.11-doc")
    root: str = "/usr/share/doc"


class OwnSites(Strict):
    """Pages of the three local sites: training themes and records alone.

    Attributes:
        sites: of them; all where none is named.
        records: record sets of each, from the first.
        pages: most pages of each site, theme and record set.
    """

    kind: Literal["sites"]
    sites: tuple[str, ...] = ()
    records: int = Field(default=20, ge=1, le=1000)
    pages: int = Field(default=12, ge=1, le=1000)


def _by_its_key(value: Any) -> Any:
    if isinstance(value, dict) and "kind" not in value:
        for kind in ("folder", "warc"):
            if kind in value:
                return {"kind": kind, **value}
    return value


SourceSpec = Annotated[
    Annotated[PageFolder | Warc | Miniwob | DebianDocs | OwnSites, Field(discriminator="kind")],
    BeforeValidator(_by_its_key),
]


class Near(Strict):
    """Which parts of pages are nearly the same.

    Attributes:
        words: words and signs of a shingle.
        jaccard: similarity of two sets of shingles from which the later part is left out.
        permutations: length of the signatures that propose pairs.
    """

    words: int = Field(default=5, ge=1, le=50)
    jaccard: float = Field(default=0.8, gt=0, le=1)
    permutations: int = Field(default=128, ge=16, le=1024)


class Corruption(Strict):
    """Span corruption with a mixture of mean span lengths.

    Attributes:
        density: share of tokens that are masked.
        spans: mean span lengths; one is drawn for every example.
        weights: their chances, in any unit; equal where none are given.
        probes: mean span lengths that every validation and test part is masked with, so that
            models with different mixtures are measured on the same examples.
        epochs: examples of every training part, each masked anew.
        length: most tokens of a part; what is longer is cut off at its end.
        shape: ``spans`` anywhere, as in the paper; ``tags`` moves their ends to where tags and
            texts begin; ``elements`` masks whole elements of at most twice the mean length, or
            spans where none fits. Probes are spans.
    """

    density: float = Field(default=0.15, gt=0, lt=1)
    spans: tuple[int, ...] = Field(default=(8, 64), min_length=1)
    weights: tuple[float, ...] = ()
    probes: tuple[int, ...] = (3, 8, 64)
    epochs: int = Field(default=1, ge=1, le=1000)
    length: int = Field(default=1024, ge=8, le=32_767)
    shape: Literal["spans", "tags", "elements"] = "spans"

    @model_validator(mode="after")
    def _whole(self) -> Self:
        no_repeats("spans", self.spans)
        no_repeats("probes", self.probes)
        if min((*self.spans, *self.probes)) < 1 or max((*self.spans, *self.probes)) > 10_000:
            raise ValueError("spans, probes: mean lengths are 1 to 10,000 tokens")
        if self.weights and (len(self.weights) != len(self.spans) or min(self.weights) <= 0):
            raise ValueError("weights: one above 0 for each of spans")
        return self


class Corpus(Strict):
    """The denoising data set.

    Attributes:
        sources: where pages come from; ``{folder: PATH}`` and ``{warc: FILE}`` are one's own.
        page_bytes: largest page that is read.
        part_least: fewest words and signs of a part of a page.
        part_most: most of them.
        parts: most parts of a page, evenly over it.
        near: which parts are left out as repeats.
        test_share: share of pages for ``test``.
        validation_share: share for ``validation``.
        vocabulary: tokens of the tokenizer in all.
        sentinels: tokens that stand for masked spans.
        corruption: how examples are made.
        n_shards: Parquet files of each table.
        seed: of splits and masks.
    """

    sources: tuple[SourceSpec, ...] = Field(min_length=1)
    page_bytes: int = Field(default=8_000_000, ge=1000, le=200_000_000)
    part_least: int = Field(default=64, ge=1)
    part_most: int = Field(default=1024, ge=1)
    parts: int = Field(default=200, ge=1)
    near: Near = Near()
    test_share: float = Field(default=0.1, gt=0, le=0.5)
    validation_share: float = Field(default=0.1, gt=0, le=0.5)
    vocabulary: int = Field(default=8192, ge=600, le=65_536)
    sentinels: int = Field(default=100, ge=2, le=1000)
    corruption: Corruption = Corruption()
    n_shards: int = Field(default=4, ge=1, le=9999)
    seed: int = Field(default=SEED, ge=0)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.part_least > self.part_most:
            raise ValueError("part_least is above part_most")
        no_repeats("sources", tuple(name_of(one) for one in self.sources))
        return self


def name_of(source: PageFolder | Warc | Miniwob | DebianDocs | OwnSites) -> str:
    """Name of a source in tables."""
    return source.name if isinstance(source, PageFolder | Warc) else source.kind
