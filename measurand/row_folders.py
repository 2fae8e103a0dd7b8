"""Which files of a folder are a dataset's, and of which part: as repositories of the Hub lie."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from measurand import yamls
from measurand.errors import InputError

SPLIT_WORDS = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("dev", "development", "val", "valid", "validation"), "dev"),
    **dict.fromkeys(("test", "testing", "eval", "evaluation"), "test"),
}
"""Words for the parts of a dataset, as the Hub's own loader takes them."""
SUFFIX = re.compile(r"\.(csv|tsv|jsonl|ndjson|json|parquet)(\.(gz|bz2|xz|zst))?$", re.I)
_ABOUT = re.compile(r"(dataset_infos|dataset_info|package|metadata|config)\.json", re.I)


def split_word(text: str) -> str | None:
    """``train``, ``dev`` or ``test`` for a word or a name that holds one such word; else None."""
    words = re.findall(r"[a-z]+", text.casefold())
    found = {SPLIT_WORDS[word] for word in words if word in SPLIT_WORDS}
    return found.pop() if len(found) == 1 else None


def data_files(folder: Path) -> list[tuple[str | None, Path]]:
    """(part, file) of a folder, sorted.

    The card (README.md) decides where it names files. Otherwise the name of a file or of a folder
    around it says its part, as in ``data/train-00000-of-00002.parquet``.

    Raises:
        InputError: the card names several configurations, none of them the default, or files that
            are not there.
    """
    if named := _named_by_card(folder):
        return named
    found = sorted(path for path in _files(folder) if not _ABOUT.fullmatch(path.name))
    parts = {path: _part(path.relative_to(folder)) for path in found}
    stems = {SUFFIX.sub("", path.name) for path in found if _is_parquet(path)}
    twins = {part for path, part in parts.items() if _is_parquet(path) and part is not None}
    # The same rows often lie there a second time, as text.
    return [
        (part, path)
        for path, part in parts.items()
        if _is_parquet(path) or not (part in twins or SUFFIX.sub("", path.name) in stems)
    ]


def _is_parquet(path: Path) -> bool:
    return path.suffix.lower() == ".parquet"


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        inside = path.relative_to(folder).parts
        hidden = any(part.startswith((".", "__")) for part in inside)
        if not hidden and path.is_file() and SUFFIX.search(path.name):
            yield path


def _part(inside: Path) -> str | None:
    """The part that the nearest name speaks of."""
    stem = SUFFIX.sub("", inside.name)
    return next((s for s in map(split_word, (stem, *reversed(inside.parts[:-1]))) if s), None)


def _named_by_card(folder: Path) -> list[tuple[str | None, Path]]:
    card = folder / "README.md"
    if not card.is_file():
        return []
    text = card.read_text(encoding="utf-8", errors="replace")
    matter = re.match(r"---\s*\n(.*?)\n---\s*(\n|$)", text, re.S)
    if matter is None:
        return []
    try:
        found = yamls.parse(matter[1], str(card))
    except InputError:
        return []
    known = found.get("configs") if isinstance(found, Mapping) else None
    listed = known if isinstance(known, list) else []
    configs = [c for c in listed if isinstance(c, Mapping) and c.get("data_files")]
    if not configs:
        return []
    chosen = [c for c in configs if c.get("default") or c.get("config_name") == "default"]
    if len(configs) > 1 and not chosen:
        names = ", ".join(str(c.get("config_name")) for c in configs)
        raise InputError(
            f"{folder.name} holds several datasets: {names}",
            hint="give the folder or file of one of them",
        )
    return list(_of_config(folder, (chosen or configs)[0]["data_files"]))


def _of_config(folder: Path, files: Any) -> Iterator[tuple[str | None, Path]]:
    entries = files if isinstance(files, list) else [files]
    for entry in entries:
        split, patterns = (
            (str(entry.get("split") or ""), entry.get("path"))
            if isinstance(entry, Mapping)
            else ("", entry)
        )
        for pattern in patterns if isinstance(patterns, list) else [patterns]:
            if Path(str(pattern)).is_absolute() or ".." in Path(str(pattern)).parts:
                raise InputError(
                    f"{folder.name}/README.md names files elsewhere: {pattern}",
                    hint="give the files themselves",
                )
            found = sorted(path for path in folder.glob(str(pattern)) if path.is_file())
            if not found:
                raise InputError(
                    f"{folder.name}/README.md names {pattern}, which is not there",
                    hint="fetch the whole repository",
                )
            yield from ((split or None, path) for path in found)
