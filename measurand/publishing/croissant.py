"""Croissant metadata (MLCommons, version 1.0) of a publication.

A table in one file is read from that file, whose sha256 mlcroissant checks. A table in several
files is read through a file set, which streams all of them; mlcroissant checks no hash of those, so
``SHA256SUMS`` and ``measurand verify`` do.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from measurand.publishing.licences import Origin
from measurand.publishing.parts import Part
from measurand.tables import Column

FILE = "croissant.json"
VERSION = "http://mlcommons.org/croissant/1.0"
PARQUET = "application/x-parquet"
_TERMS = (
    *("citeAs", "column", "equivalentProperty", "extract", "field", "fileObject", "fileProperty"),
    *("fileSet", "format", "includes", "isLiveDataset", "jsonPath", "key", "md5", "parentField"),
    *("path", "recordSet", "references", "regex", "repeated", "replace", "samplingRate"),
    *("separator", "source", "subField", "transform"),
)
#: The context that the specification prescribes.
CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "rai": "http://mlcommons.org/croissant/RAI/",
    "sc": "https://schema.org/",
    **{term: f"cr:{term}" for term in _TERMS},
}


def croissant(
    parts: Sequence[Part],
    origins: Sequence[Origin],
    *,
    name: str,
    description: str,
    url: str,
    citation: str,
    paths: Mapping[tuple[str, str], str],
) -> str:
    """The metadata as JSON.

    Args:
        parts: all tables.
        origins: their sources.
        name: name of the dataset.
        description: what it is.
        url: where it is published, or its ``urn:`` where that is a folder.
        citation: how to cite it.
        paths: path of each file in the publication, by (table, file).
    """
    licences = [o.licence.url for o in origins if o.licence is not None]
    files = [_file(part, shard, paths) for part in parts for shard in part.manifest.shards]
    sets = [_file_set(part, paths) for part in parts if len(part.manifest.shards) > 1]
    document = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "name": name,
        "description": description,
        "conformsTo": VERSION,
        "citeAs": citation,
        "license": list(dict.fromkeys(licences)),
        "url": url,
        "version": max((p.spec.version for p in parts), key=_numbers),
        "distribution": [*files, *sets],
        "recordSet": [_record_set(part) for part in parts],
    }
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def left_out(part: Part) -> tuple[str, ...]:
    """Columns that Croissant 1.0 has no field for: structs, and lists of lists."""
    return tuple(c.name for c in part.spec.columns if _data_type(c.dtype) is None)


def _file(part: Part, shard: Any, paths: Mapping[tuple[str, str], str]) -> dict[str, Any]:
    path = paths[part.name, shard.file]
    return {
        "@type": "cr:FileObject",
        "@id": path,
        "name": path,
        "description": f"{shard.rows} rows of {part.spec.name}",
        "contentSize": f"{(part.folder / shard.file).stat().st_size} B",
        "contentUrl": path,
        "encodingFormat": PARQUET,
        "sha256": shard.sha256,
    }


def _file_set(part: Part, paths: Mapping[tuple[str, str], str]) -> dict[str, Any]:
    folder = paths[part.name, part.manifest.shards[0].file].rpartition("/")[0]
    return {
        "@type": "cr:FileSet",
        "@id": f"{part.name}-shards",
        "name": f"{part.name}-shards",
        "description": f"all shards of {part.spec.name}",
        "encodingFormat": PARQUET,
        "includes": f"{folder}/part-*.parquet",
    }


def _record_set(part: Part) -> dict[str, Any]:
    several = len(part.manifest.shards) > 1
    source = (
        {"fileSet": {"@id": f"{part.name}-shards"}}
        if several
        else {"fileObject": {"@id": f"data/{part.name}/{part.manifest.shards[0].file}"}}
    )
    missing = left_out(part)
    note = f" Columns {', '.join(missing)} are nested and not described here." if missing else ""
    described: dict[str, Any] = {
        "@type": "cr:RecordSet",
        "@id": part.name,
        "name": part.name,
        "description": (part.spec.doc or part.spec.name) + note,
        "field": [_field(part, c, source) for c in part.spec.columns if c.name not in missing],
    }
    if part.spec.key:
        described["key"] = [{"@id": f"{part.name}/{name}"} for name in part.spec.key]
    return described


def _field(part: Part, column: Column, source: Mapping[str, Any]) -> dict[str, Any]:
    unit = f" [{column.unit}]" if column.unit else ""
    described: dict[str, Any] = {
        "@type": "cr:Field",
        "@id": f"{part.name}/{column.name}",
        "name": column.name,
        "description": column.doc + unit,
        "dataType": _data_type(column.dtype),
        "source": {**source, "extract": {"column": column.name}},
    }
    if pa.types.is_nested(column.dtype):
        described["repeated"] = True
    return described


def _data_type(dtype: pa.DataType) -> str | None:
    types = pa.types
    if types.is_list(dtype) or types.is_large_list(dtype) or types.is_fixed_size_list(dtype):
        return None if types.is_nested(dtype.value_type) else _data_type(dtype.value_type)
    if types.is_nested(dtype):
        return None
    if types.is_dictionary(dtype):
        return _data_type(dtype.value_type)
    tests = (
        (types.is_boolean, "sc:Boolean"),
        (types.is_integer, "sc:Integer"),
        (types.is_floating, "sc:Float"),
        (types.is_temporal, "sc:DateTime"),
    )
    return next((name for test, name in tests if test(dtype)), "sc:Text")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdecimal())
