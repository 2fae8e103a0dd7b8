"""From a profile to its prompts: which items it is asked, and the text of each question."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import pyarrow as pa

from measurand.parquet import rejected_table
from pipelines.personality.instruments import instrument
from pipelines.personality.profiles import Block, Profile
from pipelines.personality.wording import postamble, preamble
from schemas.personality.params import DOMAINS, NOT_ADMINISTERED, Build
from schemas.personality.tables import PROFILES, PROMPTS

Row = dict[str, Any]


class Question(NamedTuple):
    """One item under one wording."""

    experiment: str
    item: Row
    postamble_no: int
    option_order: str


def profile_row(profile: Profile, variant: str) -> Row:
    """The row of PROFILES."""
    text = preamble(profile.bio_id, profile.instruction_id, profile.levels, variant)
    return {
        "profile_id": profile.id,
        "bio_id": profile.bio_id,
        "instruction_id": profile.instruction_id,
        "levels": list(profile.levels),
        "preamble": text,
        "preamble_sha256": sha256(text),
    }


def profile_table(profiles: Sequence[Profile], variant: str) -> pa.Table:
    """The table PROFILES."""
    rows = [profile_row(p, variant) for p in profiles]
    return PROFILES.conform(pa.Table.from_pylist(rows, schema=PROFILES.schema()))


def questions(blocks: Sequence[Block], items: Sequence[Row], seed: int) -> Iterator[Question]:
    """Every question under a profile, those without a text included.

    Args:
        blocks: what is asked.
        items: rows of INSTRUMENTS.
        seed: of the samples of items.
    """
    for block in blocks:
        asked = [i for i in items if i["instrument_id"] in block.instruments]
        if block.n_items is not None:
            asked = sample(asked, block.n_items, seed)
        for item in asked:
            for number in block.postambles:
                yield Question(block.experiment, item, number, block.option_order)


def sample(items: Sequence[Row], n: int, seed: int) -> list[Row]:
    """``n`` items, as evenly over the domains as they go; the same on every machine and run.

    Args:
        items: rows of INSTRUMENTS.
        n: how many; all where there are fewer.
        seed: another seed, another sample.
    """
    ranks: dict[str | None, int] = {}
    ordered = []
    for item in sorted(items, key=lambda i: sha256(f"{seed}|{i['item_id']}")):
        rank = ranks[item["domain"]] = ranks.get(item["domain"], -1) + 1
        ordered.append((rank, DOMAINS.index(item["domain"]) if item["domain"] else -1, item))
    ordered.sort(key=lambda entry: entry[:2])
    return [item for _, _, item in ordered[:n]]


def expand(
    profile: Profile, blocks: Sequence[Block], items: Sequence[Row], build: Build
) -> tuple[pa.Table, pa.Table]:
    """All prompts of a profile.

    Args:
        profile: the preamble that they share.
        blocks: what is asked under it.
        items: rows of INSTRUMENTS.
        build: parameters.

    Returns:
        A table PROMPTS, and a table REJECTED with the questions whose item has no text.
    """
    frame = profile_row(profile, build.adjectives)
    kept: list[Row] = []
    rejected: list[tuple[str, str, str]] = []
    for question in questions(blocks, items, build.seed):
        item = question.item
        prompt_id = f"{profile.id}|{question.experiment}|{item['item_id']}|{question.postamble_no}"
        if item["text"] is None:
            rejected.append((prompt_id, NOT_ADMINISTERED, item["instrument_id"]))
        else:
            kept.append(_prompt_row(prompt_id, profile, frame["preamble"], question))
    return (
        PROMPTS.conform(pa.Table.from_pylist(kept, schema=PROMPTS.schema())),
        rejected_table(rejected),
    )


def _prompt_row(prompt_id: str, profile: Profile, before: str, question: Question) -> Row:
    item, number = question.item, question.postamble_no
    entry = instrument(item["instrument_id"])
    text = before + item["text"] + postamble(entry.wording, number, question.option_order)
    return {
        "prompt_id": prompt_id,
        "experiment": question.experiment,
        "profile_id": profile.id,
        "participant_id": f"{profile.id}-{number}",
        "bio_id": profile.bio_id,
        "instruction_id": profile.instruction_id,
        "postamble_id": f"plk-{entry.prefix}-{number}",
        "postamble_no": number,
        "item_id": item["item_id"],
        "instrument_id": item["instrument_id"],
        "scale_id": item["scale_id"],
        "domain": item["domain"],
        "keyed": item["keyed"],
        "k_choices": item["k_choices"],
        "option_order": question.option_order,
        "levels": list(profile.levels),
        "preamble": before,
        "prompt": text,
        "prompt_sha256": sha256(text),
    }


def sha256(text: str) -> str:
    """Hex digest of the UTF-8 bytes."""
    return hashlib.sha256(text.encode()).hexdigest()
