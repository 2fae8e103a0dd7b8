"""Folders of this machine in which stages work on what lies in a store."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from measurand.errors import StoreError
from measurand.stores.address import Place, is_url, place
from measurand.stores.generations import CHANGED, fetch, index_of, publish, published


@contextmanager
def target(out: str | Path) -> Iterator[Path]:
    """The folder to write to; what a URL is to hold is made here and published at the block's end.

    Raises:
        InputError: the URL is none of a store.
        StoreError: the store failed; asked before anything is computed, too.
    """
    if not is_url(out):
        yield Path(out)
        return
    to = place(str(out))
    index_of(to)
    with tempfile.TemporaryDirectory(prefix="measurand-store-") as scratch:
        folder = Path(scratch) / (Path(to.path).name or "out")
        yield folder
        publish(folder, to)


@contextmanager
def sources(data: str | Path, names: Sequence[str]) -> Iterator[Path]:
    """The folder to read from; what is published below a URL is fetched, and checked.

    Args:
        data: a folder or a URL.
        names: folders that may be published below it, an empty name for itself; without the first
            one nothing is there.

    Raises:
        InputError: code ``no_file``: the first one is not published there.
        StoreError: the store failed, or a file is not what was written.
    """
    if not is_url(data):
        yield Path(data)
        return
    where = place(str(data))
    with tempfile.TemporaryDirectory(prefix="measurand-store-") as scratch:
        for number, name in enumerate(names):
            one = where.below(name) if name else where
            if number == 0 or _is_published(one):
                fetch(one, Path(scratch) / name)
        yield Path(scratch)


def problems(url: str, check: Callable[[Path], list[str]]) -> list[str]:
    """What ``check`` finds in the publications at a URL and below, one after the other.

    Args:
        url: of a publication, or above some.
        check: of a folder; a sentence a problem.

    Raises:
        InputError: code ``no_file``: nothing is published there.
        StoreError: the store failed.
    """
    where = place(url)
    listed = published(where)
    if not listed:
        fetch(where, Path())  # says that nothing is there
    found = []
    for inner, _ in listed:
        one = where.below(inner) if inner else where
        with tempfile.TemporaryDirectory(prefix="measurand-store-") as scratch:
            try:
                fetch(one, Path(scratch))
            except StoreError as error:
                if error.code != CHANGED:
                    raise
                found.append(str(error.args[0]))
                continue
            found += [text.replace(scratch, one.url) for text in check(Path(scratch))]
    return found


def _is_published(one: Place) -> bool:
    return index_of(one) is not None
