"""The dataset card: front matter for ``datasets`` and the Hub, and what a reader must know."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from measurand.publishing.hub_licences import hub_word
from measurand.publishing.licences import WITHHELD, Origin
from measurand.publishing.parts import Part
from measurand.reporting.markdown import line

SPLIT = "train"
"""The one split of every table; tables with splits of their own have a column for them."""
_SIZES = ((10**3, "n<1K"), (10**4, "1K<n<10K"), (10**5, "10K<n<100K"), (10**6, "100K<n<1M"),
          (10**7, "1M<n<10M"), (10**8, "10M<n<100M"))  # fmt: skip


def card(
    parts: Sequence[Part],
    origins: Sequence[Origin],
    *,
    title: str,
    about: str,
    digest: str,
    citation: str,
    features: Mapping[str, list[dict[str, Any]]],
    address: str,
) -> str:
    """README.md.

    Args:
        parts: all tables.
        origins: their sources.
        title: name for readers.
        about: the system's front page.
        digest: logical hash of all tables together.
        citation: how to cite it.
        features: of each table, the columns as ``datasets`` writes them into a card.
        address: what to give ``load_dataset``: a repository, or ``.`` for a folder.
    """
    sections = [
        f"# {line(title)}",
        prose(about),
        _contents(parts, digest),
        _loading(parts, address),
        _licences(origins),
        _rejected(parts),
        "## Data dictionary\n\n" + "\n".join(part.spec.dictionary() for part in parts).rstrip(),
        f"## Citation\n\n{line(citation)}",
    ]
    return _front_matter(parts, origins, title, features) + "\n" + "\n\n".join(sections) + "\n"


def prose(about: str) -> str:
    """A docstring as Markdown: its paragraphs, without its head line and its ruled tables."""
    kept = [
        paragraph
        for paragraph in re.split(r"\n\s*\n", about.strip())[1:]
        if not re.search(r"(?m)^\s*={3,}", paragraph)
    ]
    return "\n\n".join(kept).replace("<", "&lt;")


def loadable(parts: Sequence[Part]) -> list[Part]:
    """Tables that are configurations: ``datasets`` cannot load one without rows."""
    return [part for part in parts if part.manifest.rows] or list(parts)


def _front_matter(
    parts: Sequence[Part],
    origins: Sequence[Origin],
    title: str,
    features: Mapping[str, list[dict[str, Any]]],
) -> str:
    import yaml

    rows = sum(part.manifest.rows for part in parts)
    info = [
        {
            "config_name": part.name,
            "features": features[part.name],
            "splits": [
                {
                    "name": SPLIT,
                    "num_bytes": part.plain_size(),
                    "num_examples": part.manifest.rows,
                }
            ],
            "download_size": part.size(),
            "dataset_size": part.plain_size(),
        }
        for part in loadable(parts)
    ]
    configs: list[dict[str, Any]] = [
        {
            "config_name": part.name,
            "data_files": [{"split": SPLIT, "path": _paths(part)}],
        }
        for part in loadable(parts)
    ]
    default = max(parts, key=lambda part: (part.manifest.rows, part.name)).name
    next(c for c in configs if c["config_name"] == default)["default"] = True
    matter = {
        "pretty_name": title,
        **_hub_licence(origins),
        "size_categories": [next((name for most, name in _SIZES if rows < most), "n>100M")],
        "tags": ["croissant", "measurand"],
        "configs": configs,
        "dataset_info": info,
    }
    return f"---\n{yaml.safe_dump(matter, sort_keys=False, allow_unicode=True)}---\n"


def _paths(part: Part) -> str | list[str]:
    """What ``datasets`` should load: all shards, or by name those with rows: it fails on others."""
    full = [shard.file for shard in part.manifest.shards if shard.rows]
    if len(full) == len(part.manifest.shards):
        return f"data/{part.name}/part-*.parquet"
    names = full or [shard.file for shard in part.manifest.shards]
    return [f"data/{part.name}/{name}" for name in names]


def _hub_licence(origins: Sequence[Origin]) -> dict[str, Any]:
    """The Hub's own words for the licences; ``other`` where it has none for one of them."""
    names = [
        hub_word(one) if o.licence else None
        for o in origins
        for one in (o.licence.identifier.split(" AND ") if o.licence else [""])
    ]
    words = [word for word in dict.fromkeys(names) if word is not None]
    if None not in names:
        return {"license": words[0] if len(words) == 1 else words}
    return {
        "license": "other",
        "license_name": "per-source",
        "license_link": "README.md#sources-and-licences",
    }


def _contents(parts: Sequence[Part], digest: str) -> str:
    rows = [
        (
            f"`{part.name}`",
            line(part.spec.doc),
            f"{part.manifest.rows:,}",
            str(len(part.manifest.shards)),
            f"{sum(part.manifest.rejected.values()):,}",
            ", ".join(f"`{name}`" for name in sorted(part.manifest.parents)),
            f"`{part.manifest.logical_hash}`",
        )
        for part in parts
    ]
    head = ("configuration", "one row is", "rows", "files", "left out", "made from", "logical hash")
    return (
        "## What is in it\n\n"
        + _table(head, rows)
        + f"\n\nLogical hash of the whole: `{digest}`. It names the rows themselves: it stays the "
        "same when the same rows are written by another version of Parquet's writer. The sha256 of "
        "every file stands in `SHA256SUMS`; parameters, parents and shards of each table in its "
        "`manifest.json`."
    )


def _loading(parts: Sequence[Part], address: str) -> str:
    default = max(parts, key=lambda part: (part.manifest.rows, part.name)).name
    kept = loadable(parts)
    empty = [f"`{part.name}`" for part in parts if part not in kept]
    without = f"\n\nWithout rows, and so no configuration: {', '.join(empty)}." if empty else ""
    return f"""\
## Loading and checking

```python
from datasets import load_dataset

rows = load_dataset("{address}", "{default}", split="{SPLIT}")
```

Every configuration has the one split `{SPLIT}`, which says nothing about use: where a table has
splits of its own, a column names them. In a downloaded copy:

```console
$ sha256sum --check --quiet SHA256SUMS
$ measurand verify data
```

`croissant.json` describes the same tables for `mlcroissant`.{without}"""


def _licences(origins: Sequence[Origin]) -> str:
    rows = [
        (
            line(o.source.name),
            line(_licence(o)),
            line(o.source.url),
            f"`{o.source.sha256}`" if o.source.sha256 else "",
            ", ".join(f"`{name}`" for name in o.used_by),
        )
        for o in origins
    ]
    head = ("source", "licence", "address", "sha256", "used by")
    return "## Sources and licences\n\n" + _table(head, rows)


def _licence(origin: Origin) -> str:
    """Its identifier and whom to name."""
    if origin.licence is None:
        return f"{origin.source.licence}: {WITHHELD}"
    who = origin.licence.attribution
    return f"{origin.licence.identifier}, {who}" if who else origin.licence.identifier


def _rejected(parts: Sequence[Part]) -> str:
    rows = [
        (f"`{part.name}`", line(reason), f"{count:,}")
        for part in parts
        for reason, count in sorted(part.manifest.rejected.items())
    ]
    if not rows:
        return "## Left out\n\nNo row was rejected on the way."
    return (
        "## Left out\n\nRows that did not enter, each with its reason in `rejected.parquet`.\n\n"
        + _table(("configuration", "reason", "rows"), rows)
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell or " " for cell in row) + " |" for row in lines)
