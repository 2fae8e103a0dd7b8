"""Log-probabilities of both responses under the policy before training, once per pair.

A worker holds one shard of pairs and one policy. What a batch gave is journalled, so that a killed
build repeats at most one batch a worker.
"""

from __future__ import annotations

import functools
import hashlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa

from measurand import shards
from measurand.journal import Journal, call_record
from measurand.manifest import read_manifest
from measurand.parquet import REJECTED
from pipelines.soft_labels.policy import Policy, load_policy
from schemas.soft_labels.tables import REFERENCE

Row = dict[str, Any]

# Two threads that load a model at once leave one of them without weights.
_LOADING = threading.Lock()


@dataclass(frozen=True)
class ReferenceScores:
    """Makes the rows of a shard; picklable, loads policy and pairs at its first call.

    Attributes:
        spec: model string of the policy.
        pairs: folder of the pairs.
        cache: folder for converted weights.
        journal: folder of the model calls.
        batch_size: pairs per pass.
    """

    spec: str
    pairs: Path
    cache: Path
    journal: Path
    batch_size: int

    def __call__(self, keys: list[str]) -> Iterator[tuple[pa.Table, pa.Table]]:
        """Rows of ``REFERENCE`` for the pairs with these ids, sorted; none is rejected."""
        with _LOADING:
            policy = _policy(self.spec, self.cache)
        pairs = _pairs(self.pairs, read_manifest(self.pairs).logical_hash)
        name = hashlib.sha256("".join(keys).encode()).hexdigest()[:16]
        with Journal(self.journal / f"reference-{name}.jsonl") as journal:
            for start in range(0, len(keys), self.batch_size):
                some = keys[start : start + self.batch_size]
                rows = _rows(policy, [(key, pairs[key]) for key in some], journal)
                yield (
                    REFERENCE.from_columns(
                        {c.name: [row[c.name] for row in rows] for c in REFERENCE.columns}
                    ),
                    REJECTED.schema().empty_table(),
                )


Texts = tuple[str, str, str]


@functools.lru_cache(maxsize=1)
def _policy(spec: str, cache: Path) -> Policy:
    return load_policy(spec, cache, micro_tokens=4096)


@functools.lru_cache(maxsize=1)
def _pairs(folder: Path, logical_hash: str) -> dict[str, Texts]:
    """Texts by pair; the hash tells one build of the folder from the next."""
    table = shards.read_table(folder, ["pair_id", "prompt", "text_1", "text_2"])
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)
    return {key: (prompt, first, second) for key, prompt, first, second in frame.iter_rows()}


def _rows(policy: Policy, some: list[tuple[str, Texts]], journal: Journal) -> list[Row]:
    together = hashlib.sha256("".join(key for key, _ in some).encode()).hexdigest()
    records = [
        call_record(
            policy.fingerprint,
            hashlib.sha256("\x1f".join(texts).encode()).hexdigest(),
            {"mode": "pair", "batch": together},
            0,
            {},
            0.0,
        )
        for _, texts in some
    ]
    known = [journal.get(record["key"]) for record in records]
    if any(one is None for one in known):
        start = time.perf_counter()
        encoded = policy.encode([texts for _, texts in some])
        values = policy.measure(encoded).double().tolist()
        seconds = (time.perf_counter() - start) / len(some)
        known = [
            record
            | {
                "seconds": seconds,
                "pair_id": key,
                "logp_1": logp_1,
                "logp_2": logp_2,
                "n_tokens_1": first.n_response,
                "n_tokens_2": second.n_response,
                "n_prompt_tokens": first.start,
                "policy_sha256": policy.fingerprint,
            }
            for record, (key, _), (logp_1, logp_2), (first, second) in zip(
                records, some, values, encoded, strict=True
            )
        ]
        journal.append_batch([one for one in known if one is not None])
    return [one for one in known if one is not None]
