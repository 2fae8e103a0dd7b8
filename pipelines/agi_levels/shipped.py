"""Norms that come with the project, and rows of any norms."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
from pydantic import TypeAdapter, ValidationError

from measurand import params as parameters
from measurand.errors import InputError, ParamsError
from measurand.manifest import Source, file_sha256
from measurand.runs import table
from schemas.agi_levels.norms import Norm, NormFile
from schemas.agi_levels.tables import NORMS

HERE = Path(__file__).parent / "norms"
_ADAPTER: TypeAdapter[Norm] = TypeAdapter(Norm)


def names() -> list[str]:
    """Files that there are."""
    return sorted(path.stem for path in HERE.glob("*.yaml"))


def read(name: str) -> tuple[tuple[Norm, ...], Source]:
    """Norms of a file, and where it is from.

    Raises:
        ParamsError: there is no such file.
    """
    path = HERE / f"{name}.yaml"
    if not path.is_file():
        raise ParamsError(f"build.norms: no file {name}", hint=f"one of: {', '.join(names())}")
    norms = parameters.read(path, NormFile).norms
    sources = "; ".join(dict.fromkeys(norm.source for norm in norms))
    licences = " AND ".join(dict.fromkeys(norm.licence for norm in norms))
    place = f"pipelines/agi_levels/norms/{path.name}"
    return norms, Source(sources, place, licences, file_sha256(path))


def people(norm: Norm) -> int | None:
    """People behind a norm; None where it does not say."""
    if norm.kind == "raw":
        return sum(norm.counts.values())
    if norm.kind == "items":
        return sum(norm.patterns.values())
    if norm.kind in ("moments", "table", "mean_only"):
        return norm.n
    return None


def rows(norms: Sequence[Norm]) -> pa.Table:
    """Norms as the table NORMS."""
    return table(
        NORMS,
        [
            {
                "norm_id": norm.id,
                "task_id": norm.task,
                "task_version": norm.task_version,
                "group_name": norm.group.name,
                "group_definition": norm.group.definition,
                "kind": norm.kind,
                "n": people(norm),
                "source": norm.source,
                "licence": norm.licence,
                "content": norm.model_dump_json(),
            }
            for norm in norms
        ],
    )


def restored(found: pa.Table) -> list[Norm]:
    """Norms of a table NORMS; inverse of :func:`rows`.

    Raises:
        InputError: code ``other_norms``: an earlier version wrote them.
    """
    try:
        return [_ADAPTER.validate_json(text) for text in found["content"].to_pylist()]
    except ValidationError as error:
        raise InputError(
            f"norms of another version: {error.errors()[0]['msg']}",
            hint="measurand build agi_levels",
            code="other_norms",
        ) from error
