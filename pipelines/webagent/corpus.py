"""The denoising data set: pages, their parts, what repeats, the tokenizer, masked examples.

Two pipelines: the first reads and cuts pages, the second masks the parts that no earlier one
repeats. Between them stands what needs all parts at once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from measurand import beam, runs, shards
from measurand.attempts import Attempt
from measurand.errors import InputError
from measurand.manifest import read_manifest
from pipelines.webagent import dedup, sources, tokenizer
from pipelines.webagent.cleaning import Clean
from pipelines.webagent.masking import Mask, summary
from schemas.webagent.corpus import SPLITS, Corpus
from schemas.webagent.corpus_tables import CUT, EXAMPLES, MASKS, PAGES, PARTS, REPEATS, TOKENIZER

Row = dict[str, Any]


def write(corpus: Corpus, out: Path, runner: str, argv: Sequence[str] = (), *, kept: Path) -> None:
    """Write the tables of :mod:`schemas.webagent.corpus_tables` below ``out``.

    Args:
        corpus: parameters.
        out: folder of the dataset.
        runner: see :func:`measurand.beam.pipeline_options`.
        argv: further Beam options.
        kept: folder of fetched packages.

    Raises:
        InputError: a source is not there, or a split has no part.
        InfraError: a package cannot be fetched.
        ConservationError: a page was neither written nor rejected.
        VerifyError: code ``round_trip`` or ``restore``: an example does not give its part again.
    """
    beam.pipeline_options(runner, argv)  # refuse a runner before anything is written
    out = Path(out).resolve()
    settings = corpus.model_dump(mode="json")
    with _for_a_while(out / "sites") as own:
        planned = sources.plan(corpus, kept, own)
        entries = {entry.key: entry for entry in planned.entries}
        with beam.pipeline(runner, argv) as pipeline:
            sinks = beam.make_tables(
                pipeline, list(entries), [(PAGES, out / "pages"), (PARTS, out / "parts")],
                corpus.n_shards, Clean(corpus, entries),
            )  # fmt: skip
    pages = sinks[0].finish(params=settings, sources=planned.sources, rows_in=len(entries))
    parts = sinks[1].finish(
        parents={"pages": pages.logical_hash}, params=settings, sources=planned.sources
    )
    parents = {"parts": parts.logical_hash}
    _between(corpus, out, settings, parents)
    for name in ("repeats", "tokenizer"):
        parents[name] = read_manifest(out / name).logical_hash
    keys = shards.read_table(out / "pages", ["doc_id"])["doc_id"].to_pylist()
    with beam.pipeline(runner, argv) as pipeline:
        sinks = beam.make_tables(
            pipeline, keys, [(CUT, out / "cut"), (EXAMPLES, out / "examples")],
            corpus.n_shards, Mask(corpus, out),
        )  # fmt: skip
    sinks[0].finish(parents=parents, params=settings, rows_in=len(keys))
    made = sinks[1].finish(parents=parents, params=settings, sources=planned.sources)
    table = runs.table(MASKS, summary(out))
    shards.write_dataset(
        out / "masks", MASKS, table, parents={"examples": made.logical_hash}, params=settings
    )


@contextmanager
def _for_a_while(place: Path) -> Iterator[Path]:
    """A folder that goes when the block ends; what a killed build left of one goes first."""
    attempt = Attempt(place)
    try:
        yield attempt.folder
    finally:
        attempt.remove()


def _between(corpus: Corpus, out: Path, settings: Row, parents: dict[str, str]) -> None:
    """Write ``repeats`` and ``tokenizer``.

    Raises:
        InputError: a split has no part.
    """
    parts = shards.read_table(out / "parts", ["doc_id", "part", "split", "html"])
    texts = parts["html"].to_pylist()
    names = list(zip(parts["doc_id"].to_pylist(), parts["part"].to_pylist(), strict=True))
    near = corpus.near
    found = dedup.repeats(
        texts, words=near.words, threshold=near.jaccard, permutations=near.permutations
    )
    rows = [
        dict(
            zip(("doc_id", "part", "of_doc", "of_part"), (*names[at], *names[one.of]), strict=True)
        )
        | {"similarity": one.similarity}
        for at, one in enumerate(found)
        if one is not None
    ]
    shards.write_dataset(
        out / "repeats", REPEATS, runs.table(REPEATS, rows), parents=parents, params=settings
    )
    splits = parts["split"].to_pylist()
    kept = [at for at, one in enumerate(found) if one is None]
    if missing := [s for s in SPLITS if s not in {splits[at] for at in kept}]:
        raise InputError(
            f"no part of a page for {', '.join(missing)}",
            hint="give more pages, a smaller part_least, or other shares",
            code="too_few_pages",
        )
    train = [texts[at] for at in kept if splits[at] == "train"]
    text = tokenizer.train(train, corpus.vocabulary, corpus.sentinels)
    made = tokenizer.load(text)
    tokens = sum(len(tokenizer.encode(made, one).ids) for one in train)
    row = {
        "name": "bpe",
        "json": text,
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
        "tokens": made.get_vocab_size(),
        "bytes_per_token": sum(len(one.encode()) for one in train) / tokens,
    }
    shards.write_dataset(
        out / "tokenizer", TOKENIZER, runs.table(TOKENIZER, [row]), parents=parents, params=settings
    )
