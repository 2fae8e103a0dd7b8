"""Pages for a small corpus: shops whose texts differ, and files that are no pages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from measurand import shards
from schemas.webagent.corpus import Corpus

WORDS = (
    "red", "blue", "small", "large", "quiet", "bright", "old", "new", "kettle", "lamp", "chair",
    "table", "window", "garden", "river", "town", "silver", "wooden", "round", "open", "early",
    "late", "winter", "summer", "light", "heavy", "simple", "double", "market", "station",
)  # fmt: skip


def page(number: int, products: int = 12) -> str:
    """A shop of its own: form, list with prices, links."""
    rng = np.random.default_rng(number)

    def some(n: int) -> str:
        return " ".join(rng.choice(WORDS, n))

    rows = "".join(
        f"<li class=p{i}><h3>{some(3)} {number}-{i}</h3><p>{some(25)}</p>"
        f"<span class=price>${rng.integers(5, 900)}</span><button name=b{i}>Buy {some(1)}</button>"
        f"<script>track({i})</script></li>"
        for i in range(products)
    )
    return (
        f"<!doctype html><html><head><title>{some(2)}</title><style>p{{}}</style></head><body>"
        f"<form action=/find><label for=q>Find {some(2)}</label><input id=q name=q></form>"
        f"<ul>{rows}</ul><footer><a href=/about>About {some(4)}</a></footer></body></html>"
    )


def write_pages(folder: Path, pages: int) -> None:
    """Files ``000.html`` and on, the last of which is nearly the first."""
    folder.mkdir(parents=True)
    for number in range(pages):
        text = page(0) + "<p>later" if number == pages - 1 else page(number)
        (folder / f"{number:03d}.html").write_text(text, encoding="utf-8")


BAD = {
    "empty.html": ("empty", b""),
    "binary.html": ("binary", bytes(range(256)) * 400),
    "deep.html": ("too_deep", b"<div>" * 10_000 + b"x" + b"</div>" * 10_000),
    "bare.html": ("no_parts", b"just a few words"),
}
"""Files that give no page, each with its reason."""


def write_hard(folder: Path) -> dict[str, bytes]:
    """Pages that are hard to read and still are pages, and the files of :data:`BAD`."""
    found = {
        "utf16.html": ("\ufeff" + page(901)).encode("utf-16-le"),
        "nobody.html": page(902).replace("<body>", "").replace("</body></html>", "").encode(),
        "big.html": page(903, 12_000).encode(),
        "cut.html": page(904).encode()[:4000],
    }
    for name, data in {**found, **{name: data for name, (_, data) in BAD.items()}}.items():
        (folder / name).write_bytes(data)
    return found


def corpus_of(folder: Path, **changes: object) -> Corpus:
    """Parameters for a folder of such pages."""
    given = {
        "sources": [{"folder": str(folder), "licence": "CC0-1.0"}],
        "part_least": 40, "part_most": 500, "test_share": 0.25, "validation_share": 0.2,
        "vocabulary": 900, "n_shards": 3, "corruption": {"length": 200, "spans": [3, 8]},
    }  # fmt: skip
    return Corpus.model_validate(given | changes)


def rows(folder: Path, name: str) -> list[dict[str, Any]]:
    """Rows of a table of a built corpus."""
    found: list[dict[str, Any]] = shards.read_table(folder / name).to_pylist()
    return found
