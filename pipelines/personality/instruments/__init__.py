"""Questionnaires as data: items, keys and scales, each with its licence and origin.

Texts that may be shared lie beside this file. Of copyrighted questionnaires only structure and key
do; whoever holds the rights to use one puts ``number,text`` into ``instruments/private/<id>.csv``.
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import yaml
from pydantic import Field

from measurand.errors import InputError, ParamsError
from measurand.manifest import Source, file_sha256
from measurand.params import Strict
from schemas.personality.params import DOMAINS, NOT_ADMINISTERED, Domain
from schemas.personality.tables import INSTRUMENTS, SCALES

HERE = Path(__file__).parent
PRIVATE = Path("instruments/private")
"""Folder of texts that are not ours to share, below the project's root; git ignores it."""


class Scale(Strict):
    """One scale of a questionnaire.

    Attributes:
        name: name for readers.
        domain: the Big Five domain it measures, in a Big Five form.
        signs: expected sign of the correlation with domains, for a criterion scale.
    """

    name: str
    domain: Domain | None = None
    signs: dict[Domain, Literal[-1, 1]] = Field(default_factory=dict)


class Instrument(Strict):
    """What the index says of a questionnaire.

    Attributes:
        wording: which answer-scale wording it takes.
        prefix: of its postamble ids.
        private: whether its texts are copyrighted and not shipped.
        scales: by the name that its items use.
    """

    name: str
    version: str
    licence: str
    private: bool = False
    wording: Literal["accuracy", "agreement", "extent", "characteristic", "likeness"]
    prefix: str
    k_choices: int = Field(ge=2, le=9)
    source: str
    url: str
    retrieved_at: str
    scales: dict[str, Scale] = Field(min_length=1)


@cache
def index() -> dict[str, Instrument]:
    """All known questionnaires, by id."""
    raw = yaml.safe_load((HERE / "index.yaml").read_text(encoding="utf-8"))
    return {name: Instrument.model_validate(entry) for name, entry in raw.items()}


def instrument(name: str) -> Instrument:
    """The entry of one questionnaire.

    Raises:
        ParamsError: it is not known.
    """
    try:
        return index()[name]
    except KeyError:
        raise ParamsError(
            f"unknown instrument {name!r}", hint=f"one of: {', '.join(index())}"
        ) from None


def load(names: Sequence[str], private: Path = PRIVATE) -> tuple[pa.Table, pa.Table]:
    """Items and scales of questionnaires.

    Args:
        names: ids of the index.
        private: folder with texts that are not shipped.

    Returns:
        A table INSTRUMENTS and a table SCALES.

    Raises:
        ParamsError: a questionnaire is not known.
        InputError: a private file does not fit the questionnaire's structure.
    """
    items: list[dict[str, Any]] = []
    scales: list[dict[str, Any]] = []
    for name in names:
        rows = _items(name, instrument(name), private)
        items.extend(rows)
        scales.extend(_scales(name, instrument(name), rows))
    return (
        INSTRUMENTS.conform(pa.Table.from_pylist(items, schema=INSTRUMENTS.schema())),
        SCALES.conform(pa.Table.from_pylist(scales, schema=SCALES.schema())),
    )


def sources(names: Sequence[str]) -> list[Source]:
    """Origin, licence and checksum of each questionnaire's file, for a manifest."""
    return [
        Source(entry.name, entry.url, entry.licence, file_sha256(HERE / f"{name}.csv"))
        for name in names
        for entry in [instrument(name)]
    ]


def shared_items(instruments: pa.Table, first: str, other: str) -> tuple[str, ...]:
    """Items of ``first`` whose text occurs in ``other`` too.

    A correlation between two forms that share items is partly one of a thing with itself: these
    items are left out of ``first`` before any such correlation.

    Args:
        instruments: a table INSTRUMENTS.
        first: id of the questionnaire that loses the items.
        other: id of the questionnaire that keeps them.

    Returns:
        Item ids, in the order of the table.
    """
    rows = instruments.select(["instrument_id", "item_id", "text"]).to_pylist()
    there = {normalised(r["text"]) for r in rows if r["instrument_id"] == other and r["text"]}
    return tuple(
        r["item_id"]
        for r in rows
        if r["instrument_id"] == first and r["text"] and normalised(r["text"]) in there
    )


def normalised(text: str) -> str:
    """Text without a leading I, I am or Am, punctuation, case and contraction of "not"."""
    text = text.lower().replace("’", "'")
    text = re.sub(r"n't\b", " not", text)
    words = re.sub(r"[^a-z0-9 ]", "", text.replace("-", " ").replace("/", " ")).split()
    if words[:1] == ["i"]:
        words = words[1:]
    if words[:1] == ["am"]:
        words = words[1:]
    return " ".join(words)


def _items(name: str, entry: Instrument, private: Path) -> list[dict[str, Any]]:
    rows = _read_csv(HERE / f"{name}.csv")
    texts = _private_texts(name, rows, private) if entry.private else {}
    width = len(str(max(int(r["number"]) for r in rows)))
    items = []
    for row in rows:
        number = int(row["number"])
        text = row["text"] or texts.get(number)
        items.append(
            {
                "instrument_id": name,
                "item_id": f"{name}.{number:0{width}d}",
                "number": number,
                "version": entry.version,
                "licence": entry.licence,
                "text": text,
                "text_sha256": _sha256(text.encode()) if text else None,
                "scale_id": f"{name}.{row['scale']}",
                "domain": entry.scales[row["scale"]].domain,
                "facet": int(row["facet"]) if row["facet"] else None,
                "keyed": int(row["keyed"]),
                "k_choices": entry.k_choices,
                "source": entry.source,
                "retrieved_at": entry.retrieved_at,
            }
        )
    return items


def _scales(name: str, entry: Instrument, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    scales = []
    for key, scale in entry.scales.items():
        own = [r for r in items if r["scale_id"] == f"{name}.{key}"]
        signs = {str(domain): sign for domain, sign in scale.signs.items()}
        administered = all(r["text"] for r in own)
        scales.append(
            {
                "scale_id": f"{name}.{key}",
                "instrument_id": name,
                "name": scale.name,
                "domain": scale.domain,
                "n_items": len(own),
                "n_reversed": sum(r["keyed"] < 0 for r in own),
                "expected_signs": [signs.get(d, 0) for d in DOMAINS],
                "administered": administered,
                "reason": None if administered else NOT_ADMINISTERED,
            }
        )
    return scales


def _private_texts(name: str, rows: list[dict[str, str]], private: Path) -> dict[int, str]:
    path = private / f"{name}.csv"
    if not path.is_file():
        return {}
    wanted = {int(r["number"]) for r in rows}
    hint = f"give columns number,text with the numbers {sorted(wanted)}, each once"
    try:
        pairs = [(int(r["number"]), r["text"].strip()) for r in _read_csv(path)]
    except (KeyError, ValueError, AttributeError) as error:
        raise InputError(f"{path}: not a table of number,text", hint=hint) from error
    texts = dict(pairs)
    if len(pairs) != len(texts) or set(texts) != wanted or not all(texts.values()):
        raise InputError(
            f"{path}: {len(pairs)} rows do not fit the {len(wanted)} items of {name}", hint=hint
        )
    return texts


def _read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
