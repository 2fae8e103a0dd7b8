"""May this be published: every source and every row needs a licence that says so.

A licence is an SPDX identifier or expression, a word of the Hub's, ``LicenseRef-...`` for one of
your own, or begins with ``public domain`` or ``no known copyright restrictions`` (a museum's
statement). A Creative
Commons licence may be followed by a comma and whom to name: ``CC-BY-2.0, Jane Doe``. "Copyrighted",
"unknown" and the like permit nothing. A table may have a column ``licence`` that speaks for its
rows. Rows whose licence permits nothing may then stand as facts (numbers, keys, names) where every
nullable text column other than an enumeration is null; a source with the same licence is accepted
on the strength of such rows.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from measurand.errors import MeasurandError
from measurand.manifest import Source
from measurand.parquet import decoded
from measurand.publishing.hub_licences import spdx
from measurand.publishing.parts import Part, sources_of
from measurand.shards import iter_shards

COLUMN = "licence"
STATEMENTS = {
    "public domain": "https://creativecommons.org/publicdomain/mark/1.0/",
    "no known copyright restrictions": "http://rightsstatements.org/vocab/NKC/1.0/",
}
"""What is no licence, but permits as much, by the mark or statement that says so."""
WITHHELD = "texts withheld, facts only"
_HINT = (
    "name it by its SPDX identifier, `public domain` or `LicenseRef-...` where the source is "
    "declared; what permits nothing cannot be published"
)


class LicenceError(MeasurandError):
    """Something would be published without a licence that permits it."""

    code = "no_licence"


@dataclass(frozen=True)
class Licence:
    """A licence that permits publication.

    Attributes:
        text: as the source states it.
        identifier: SPDX expression, ``public domain`` or
            ``no known copyright restrictions``.
        url: where it can be read; the identifier itself for expressions and own licences.
        attribution: whom to name, or "".
    """

    text: str
    identifier: str
    url: str
    attribution: str = ""


@dataclass(frozen=True)
class Origin:
    """A source with what may be done with it.

    Attributes:
        source: the source.
        licence: its licence; None where only facts of it stand in the rows.
        used_by: names of the tables that were made from it.
    """

    source: Source
    licence: Licence | None
    used_by: tuple[str, ...]


def recognise(text: str) -> Licence | None:
    """The licence that a text names, or None where it names none that permits anything."""
    from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

    words = " ".join(text.split())
    for statement, url in STATEMENTS.items():
        if words.casefold().startswith(statement):
            return Licence(words, statement, url)
    credited = words.casefold().startswith("cc")
    spoken, _, who = words.partition(",") if credited else (words, "", "")
    try:
        name = str(canonicalize_license_expression(spdx(spoken)))
    except InvalidLicenseExpression:
        return None
    single = re.fullmatch(r"(?!LicenseRef-)[A-Za-z0-9.+-]+", name)
    url = f"https://spdx.org/licenses/{name}.html" if single else name
    return Licence(words, name, url, who.strip())


def origins(parts: Sequence[Part], own: str) -> tuple[Origin, ...]:
    """Every source of a publication, our own work last.

    Args:
        parts: all tables.
        own: licence of what this project itself made: wording, selection, generated rows.

    Raises:
        LicenceError: a source or a row has no licence that permits publication.
    """
    ours = recognise(own)
    if ours is None:
        raise LicenceError(f"licence {own!r} of the project's own work", hint=_HINT)
    withheld: set[str] = set()
    for part in parts:
        withheld |= _rows_without_text(part)
    used: dict[Source, list[str]] = {}
    for part in parts:
        for source in sources_of(part, parts):
            used.setdefault(source, []).append(part.name)
    found = []
    for source, names in used.items():
        licence = recognise(source.licence)
        if licence is None and source.licence not in withheld:
            raise LicenceError(
                f"source {source.name!r} of {', '.join(names)}: licence {source.licence!r}",
                hint=_HINT,
            )
        found.append(Origin(source, licence, tuple(names)))
    made = Source("this project: wording, selection and generated rows", "", ours.identifier)
    return (*found, Origin(made, ours, tuple(p.name for p in parts)))


def _rows_without_text(part: Part) -> set[str]:
    """Licences that permit nothing, of rows that withhold all their texts.

    Raises:
        LicenceError: a row shows a text under such a licence.
    """
    column = next((c for c in part.spec.columns if c.name == COLUMN), None)
    if column is None or not _is_text(column.dtype):
        return set()
    texts = [
        c.name
        for c in part.spec.columns
        if c.name != COLUMN and c.nullable and c.enum is None and _is_text(c.dtype)
    ]
    found: set[str] = set()
    for _, table in iter_shards(part.folder):
        licences = decoded(table.column(COLUMN))
        for licence in licences.unique().to_pylist():
            if licence is not None and recognise(licence) is not None:
                continue
            same = licences.is_null() if licence is None else pc.equal(licences, licence)
            rows = table.filter(same.combine_chunks())
            shown = next((name for name in texts if rows.column(name).null_count < len(rows)), None)
            if licence is None or not texts or shown is not None:
                _refuse(part, rows, licence, shown)
            found.add(licence)
    return found


def _refuse(part: Part, rows: pa.Table, licence: str | None, shown: str | None) -> None:
    if shown is not None:
        rows = rows.filter(pc.is_valid(rows.column(shown)))
    keys = list(part.spec.sort_columns)
    first = ", ".join(repr(v) for v in rows.select(keys).slice(0, 1).to_pylist()[0].values())
    what = f" show {shown}" if shown else ""
    raise LicenceError(
        f"{part.spec.name}: {rows.num_rows} rows with licence {licence!r}{what}, such as {first}",
        hint=f"build without these texts; {_HINT}",
    )


def _is_text(dtype: pa.DataType) -> bool:
    if pa.types.is_dictionary(dtype):
        dtype = dtype.value_type
    return bool(pa.types.is_string(dtype) or pa.types.is_large_string(dtype))
