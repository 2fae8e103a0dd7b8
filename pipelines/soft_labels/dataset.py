"""Build the soft-label dataset: items, pairs, judgements, reference log-probabilities.

Items and pairs are small and made in the driver; so are judgements, through the journal. Only pair
ids go into the pipeline, where every shard of reference log-probabilities is made by one worker.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa

from measurand import beam, project, runs, shards
from measurand.errors import ParamsError
from measurand.manifest import Source, read_manifest
from measurand.models.tokenizers import TextTokenizer, load_tokenizer
from measurand.parquet import REJECTED
from measurand.publishing.private import named
from measurand.texts import normalise
from pipelines.soft_labels import sources
from pipelines.soft_labels.feedback import Shown, judged
from pipelines.soft_labels.labels import halves
from pipelines.soft_labels.reference import ReferenceScores
from pipelines.soft_labels.sources import Asked, Drawn, Rejected
from schemas.soft_labels.params import File, Judge, Known, PairSet, Params, Raters
from schemas.soft_labels.tables import ITEMS, JUDGEMENTS, PAIRS, REFERENCE

Row = dict[str, Any]


def build(
    params: Params, out: Path, runner: str, argv: Sequence[str] = (), *, journal: Path
) -> None:
    """Write ``items``, ``pairs``, ``judgements`` (where asked for), ``reference`` below ``out``.

    Args:
        params: parameters.
        out: folder of the dataset.
        runner: see :func:`measurand.beam.pipeline_options`.
        argv: further Beam options.
        journal: folder of the model calls; answered ones are not made again.

    Raises:
        ParamsError: a source cannot give pairs for every split.
        InputError: a user's file is missing or cannot be read.
        InfraError: a file cannot be fetched, or a judge fails.
        ConservationError: a pair was lost.
    """
    beam.pipeline_options(runner, argv)  # refuse a runner before anything is written
    root = project.root_or_here()
    settings = params.build.model_dump(mode="json")
    tokenizer = load_tokenizer(params.build.policy, cache=root / "models")
    drawn: list[tuple[PairSet, Drawn]] = []
    for pairs in params.build.sets:
        print(f"build: pairs of {pairs.id}", flush=True)
        drawn.append((pairs, sources.draw(pairs, params.build.seed, root / "data" / "sources")))
    _write_items(drawn, out / "items", settings)
    _write_pairs(drawn, out / "pairs", params, tokenizer, settings)
    parents = {"pairs": read_manifest(out / "pairs").logical_hash}
    if params.build.judges:
        _write_judgements(params, out, journal, root, parents)

    scores = ReferenceScores(
        params.build.policy,
        (out / "pairs").resolve(),
        (root / "models").resolve(),
        journal.resolve(),
        params.build.batch_size,
    )
    keys = shards.read_table(out / "pairs", ["pair_id"])["pair_id"].to_pylist()
    folder = out / "reference"
    with beam.pipeline(runner, argv) as pipeline:
        sink = beam.make_shards(pipeline, keys, REFERENCE, folder, params.build.n_shards, scores)
    sink.finish(parents=parents, params=settings, rows_in=len(keys))


def _write_items(drawn: Sequence[tuple[PairSet, Drawn]], folder: Path, settings: Row) -> None:
    rows = [
        {
            "set": pairs.id,
            "item_id": item.item_id,
            "split": split,
            "text": item.text,
            "text_sha256": hashlib.sha256(normalise(item.text).encode()).hexdigest(),
            "ratings": list(item.ratings) if item.reward is None else [],
            "worth": sum(item.ratings) / len(item.ratings) if item.reward is None else item.reward,
        }
        for pairs, found in drawn
        for split, item in found.items
    ]
    shards.write_dataset(
        folder,
        ITEMS,
        runs.table(ITEMS, rows),
        params=settings,
        sources=_distinct(drawn),
        rejected=_rejected([row for _, found in drawn for row in found.rejected_items]),
    )


def _write_pairs(
    drawn: Sequence[tuple[PairSet, Drawn]],
    folder: Path,
    params: Params,
    tokenizer: TextTokenizer,
    settings: Row,
) -> None:
    rows: list[Row] = []
    rejected = [row for _, found in drawn for row in found.rejected_pairs]
    for pairs, found in drawn:
        made = [_pair_row(pairs, asked) for asked in found.pairs]
        counts = _tokens(tokenizer, made)
        for row, n in zip(made, counts, strict=True):
            if n > params.build.max_tokens:
                detail = f"{n} tokens of prompt, response and end, not {params.build.max_tokens}"
                rejected.append((row["pair_id"], "too_long", detail))
            else:
                rows.append(row)
        kept = {row["split"] for row in rows if row["set"] == pairs.id}
        if lacking := sorted({row["split"] for row in made} - kept):
            raise ParamsError(
                f"{pairs.id}: every pair of {', '.join(lacking)} is longer than "
                f"{params.build.max_tokens} tokens",
                hint="raise build.max_tokens, or ask for shorter responses",
            )
    shards.write_dataset(
        folder,
        PAIRS,
        runs.table(PAIRS, rows),
        params=settings,
        sources=_distinct(drawn),
        parents={"items": read_manifest(folder.parent / "items").logical_hash},
        rejected=_rejected(rejected),
    )


def _tokens(tokenizer: TextTokenizer, rows: Sequence[Row]) -> list[int]:
    """Per pair the tokens of its longer text: prompt, response, and one for the end."""
    texts = [f"{row['prompt']} {row[name]}" for row in rows for name in ("text_1", "text_2")]
    counts = tokenizer.count(texts)
    return [max(counts[at], counts[at + 1]) + 1 for at in range(0, len(counts), 2)]


def _pair_row(pairs: PairSet, asked: Asked) -> Row:
    pair, source = asked.pair, pairs.source
    identity = (pairs.id, asked.prompt, *sorted((pair.first.item_id, pair.second.item_id)))
    counted = isinstance(source, Raters) or (isinstance(source, File) and source.votes is not None)
    half = halves(pair.first.ratings, pair.second.ratings) if isinstance(source, Raters) else None
    rated = isinstance(source, Raters)
    return {
        "pair_id": hashlib.sha256("\x1f".join(identity).encode()).hexdigest(),
        "set": pairs.id,
        "split": asked.split,
        "variant": pairs.variant,
        "prompt": asked.prompt,
        "item_1": pair.first.item_id,
        "item_2": pair.second.item_id,
        "text_1": pair.first.text,
        "text_2": pair.second.text,
        "label_kind": _kind(source),
        "p": pair.label.p,
        "p_num": pair.label.num if counted else None,
        "p_den": pair.label.den if counted else None,
        "n_raters_1": len(pair.first.ratings) if rated else None,
        "n_raters_2": len(pair.second.ratings) if rated else None,
        "p_half_a": half[0].p if half else None,
        "p_half_b": half[1].p if half else None,
        "swapped": pair.swapped,
        "n_words_1": len(pair.first.text.split()),
        "n_words_2": len(pair.second.text.split()),
    }


def _kind(source: Raters | Known | File) -> str:
    if isinstance(source, Raters):
        return "raters" if source.votes is None else "votes"
    return source.kind


def _write_judgements(
    params: Params, out: Path, journal: Path, root: Path, parents: dict[str, str]
) -> None:
    frame = pl.DataFrame(pl.from_arrow(shards.read_table(out / "pairs"))).sort("pair_id")
    rows: list[Row] = []
    for judge in params.build.judges:
        mine = list(_judged_pairs(judge, frame))
        places = {row["pair_id"]: row for row in mine}
        shown = [
            Shown(row["pair_id"], row["prompt"], row["text_1"], row["text_2"], row["p"])
            for row in mine
        ]
        for one in judged(judge, shown, journal, root / "models"):
            first, second = one.logprobs
            rows.append(
                {
                    **one.__dict__,
                    "pair_id": one.key,
                    "set": places[one.key]["set"],
                    "split": places[one.key]["split"],
                    "judge": judge.id,
                    "model": named(judge.model),
                    "logprob_shown_first": first,
                    "logprob_shown_second": second,
                }
            )
    settings = {"judges": [judge.model_dump(mode="json") for judge in params.build.judges]}
    shards.write_dataset(
        out / "judgements",
        JUDGEMENTS,
        runs.table(JUDGEMENTS, rows),
        n_shards=params.build.n_shards,
        parents=parents,
        params=settings,
        rows_in=len(rows),
    )


def _judged_pairs(judge: Judge, frame: pl.DataFrame) -> Iterator[Row]:
    mine = frame.filter(pl.col("split").is_in(judge.splits))
    if judge.sets is not None:
        mine = mine.filter(pl.col("set").is_in(judge.sets))
    yield from mine.iter_rows(named=True)


def _distinct(drawn: Sequence[tuple[PairSet, Drawn]]) -> list[Source]:
    return list(dict.fromkeys(source for _, found in drawn for source in found.sources))


def _rejected(rows: Sequence[Rejected]) -> pa.Table:
    keys, reasons, details = zip(*rows, strict=True) if rows else ((), (), ())
    return REJECTED.from_columns({"key": keys, "reason": reasons, "detail": details})
