"""Rows of masked parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from measurand import runs, shards
from measurand.errors import VerifyError
from measurand.manifest import shard_name
from measurand.parquet import read_shard, rejected_table, shard_of
from pipelines.webagent import corruption, snapping, tokenizer
from pipelines.webagent.corruption import Runs
from pipelines.webagent.tokenizer import SENTINEL, TEXT, Coded
from schemas.webagent.corpus import Corpus
from schemas.webagent.corpus_tables import CUT, EXAMPLES

LEAST = 8
"""Fewest tokens of a part that is masked."""
PIECE = 512
"""Examples that are held as Python objects at a time."""
_ABOUT = ("doc_id", "source", "licence", "split")

Row = dict[str, Any]


class Mask:
    """Makes the rows of examples; see :data:`measurand.beam.MakeTables`.

    A shard's examples are made of the parts in the shard of the same number, so that a worker
    holds one of them.

    Args:
        corpus: parameters.
        out: folder of the dataset, with ``parts``, ``repeats`` and ``tokenizer``.
    """

    def __init__(self, corpus: Corpus, out: Path) -> None:
        self._corpus, self._out = corpus, out

    def __getstate__(self) -> Row:
        # What can be read again does not travel.
        return {"_corpus": self._corpus, "_out": self._out}

    @cached_property
    def _tokenizer(self) -> Any:
        return tokenizer.load(shards.read_table(self._out / "tokenizer")["json"][0].as_py())

    @cached_property
    def _repeats(self) -> set[tuple[str, int]]:
        found = shards.read_table(self._out / "repeats", ["doc_id", "part"]).to_pylist()
        return {(row["doc_id"], row["part"]) for row in found}

    def __call__(self, keys: list[str]) -> Iterator[tuple[Mapping[str, pa.Table], pa.Table]]:
        """One row of ``CUT`` a page, and its examples."""
        n = self._corpus.n_shards
        parts = read_shard(self._out / "parts" / shard_name(shard_of(keys[0], n), n))
        cut = {row["doc_id"]: row for row in _empty(parts)}
        rows: list[Row] = []
        for batch in parts.to_batches(max_chunksize=256):
            for part in batch.to_pylist():
                made = self._of_part(part, cut[part["doc_id"]])
                rows += made
                if len(rows) >= PIECE:
                    yield {EXAMPLES.name: runs.table(EXAMPLES, rows)}, rejected_table([])
                    rows = []
        done = {
            EXAMPLES.name: runs.table(EXAMPLES, rows),
            CUT.name: runs.table(CUT, list(cut.values())),
        }
        yield done, rejected_table([])

    def _of_part(self, part: Row, counts: Row) -> list[Row]:
        counts["parts"] += 1
        if (part["doc_id"], part["part"]) in self._repeats:
            counts["repeats"] += 1
            return []
        coded = tokenizer.encode(self._tokenizer, part["html"])
        if tokenizer.decode(self._tokenizer, coded.ids) != part["html"]:
            raise VerifyError(
                f"part {part['part']} of {part['doc_id']} is not what its tokens say",
                hint="this is a defect of the tokenizer; the dataset must not be used",
                code="round_trip",
            )
        if len(coded.ids) < LEAST:
            counts["short"] += 1
            return []
        rows = [self._example(part, coded, *which) for which in self._asked(part["split"])]
        counts["examples"] += len(rows)
        return rows

    def _asked(self, split: str) -> list[tuple[int, int | None]]:
        """(epoch, mean span length of a probe or None) of every example of a part."""
        given = self._corpus.corruption
        if split == "train":
            return [(epoch, None) for epoch in range(given.epochs)]
        return [(0, mu) for mu in given.probes]

    def _where(
        self, html: str, starts: Any, n: int, mu: int, probe: bool, rng: np.random.Generator
    ) -> Runs:
        """Where the masks of an example lie."""
        given, most = self._corpus.corruption, self._corpus.sentinels - 1
        found = None
        if given.shape == "elements" and not probe:
            elements = snapping.elements(html, starts)
            found = snapping.whole(elements, n, given.density, mu, most, rng)
        if found is not None:
            return found
        found = corruption.draw(n, given.density, mu, most, rng)
        if given.shape == "tags" and not probe:
            edges = snapping.edges(html, starts)
            found = snapping.to_tags(found, np.append(edges[edges < n], n))
        return found

    def _example(self, part: Row, coded: Coded, epoch: int, probe: int | None) -> Row:
        corpus, given = self._corpus, self._corpus.corruption
        name = f"{part['doc_id']}#{part['part']}"
        name += f"@{epoch}" if probe is None else f"@mu{probe}"
        rng = corruption.rng_of(corpus.seed, name, epoch)
        mu = corruption.choose(given.spans, given.weights, rng) if probe is None else probe
        ids, kinds = coded.ids[: given.length], coded.kinds[: given.length]
        where = self._where(part["html"], coded.starts, len(ids), mu, probe is not None, rng)
        made = corruption.apply(ids, where)
        again = corruption.restore(made.input_ids, made.target_ids, corpus.sentinels)
        if not np.array_equal(again, ids):
            raise VerifyError(
                f"{name} does not come back from its input and target",
                hint="this is a defect of the corruption; the dataset must not be used",
                code="restore",
            )
        target_kinds = np.where(made.places < 0, SENTINEL, kinds[made.places])
        inside = target_kinds[made.places >= 0]
        return {
            **{column: part[column] for column in _ABOUT},
            "example_id": name,
            "part": part["part"],
            "epoch": epoch,
            "probe": probe is not None,
            "mu": mu,
            "n_full": len(coded.ids),
            "n_tokens": len(ids),
            "n_noise": int(where.masked.sum()),
            "n_spans": len(where.masked),
            "capped": where.capped,
            "span_lengths": where.masked,
            "input_ids": made.input_ids,
            "target_ids": made.target_ids,
            "target_kinds": target_kinds,
            "tag_fraction": float((inside != TEXT).mean()),
            "html_sha": part["html_sha"],
        }


def _empty(parts: pa.Table) -> list[Row]:
    """A row of ``CUT`` a page, with nothing counted yet."""
    first = parts.filter(pc.equal(parts["part"], 0)).select(list(_ABOUT)).to_pylist()
    counts = ("parts", "repeats", "short", "examples")
    return [row | dict.fromkeys(counts, 0) for row in first]


def summary(out: Path) -> list[Row]:
    """Rows of ``MASKS``: what the examples of a dataset are like.

    Args:
        out: folder of the dataset, with ``examples``.
    """
    sums: dict[tuple[str, bool, int], np.ndarray[Any, Any]] = {}
    for _, table in shards.iter_shards(out / "examples"):
        for row in table.to_pylist():
            key = (row["split"], row["probe"], row["mu"])
            sums[key] = sums.get(key, 0) + np.array(_figures(row))
    return [
        {
            "split": split,
            "probe": probe,
            "mu": mu,
            "examples": int(s[0]),
            "tokens": int(s[1]),
            "noise": int(s[2]),
            "spans": int(s[3]),
            "density": s[2] / s[1],
            "mean_span": s[2] / s[3],
            "tag_fraction": min(1.0, s[4] / s[2]),
            "markup_only": s[5] / s[3],
            "truncated": s[6] / s[0],
            "capped": s[7] / s[0],
            "input_length": s[8] / s[0],
            "target_length": s[9] / s[0],
        }
        for (split, probe, mu), s in sorted(sums.items())
    ]


def _figures(row: Row) -> list[float]:
    kinds = np.array(row["target_kinds"])
    at = np.flatnonzero(kinds == SENTINEL)
    texts = np.concatenate([[0], np.cumsum(kinds == TEXT)])
    bare = int(((texts[at[1:]] - texts[at[:-1]]) == 0).sum())
    marked = int(((kinds != TEXT) & (kinds != SENTINEL)).sum())
    lengths = (len(row["input_ids"]), len(row["target_ids"]))
    cut = row["n_full"] > row["n_tokens"]
    return [1, row["n_tokens"], row["n_noise"], row["n_spans"], marked, bare, cut, row["capped"],
            *lengths]  # fmt: skip
