"""Names in place of private paths: what a folder is called may leave the machine, not where it is.

A path is known by its key (``path``, ``model``, ...) or by its address scheme, never guessed from
a text that only begins with a stroke.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import PurePath, PurePosixPath
from typing import Any

from measurand.manifest import Manifest

KEYS = {
    *("path", "folder", "root", "file", "checkpoint", "adapter", "out", "data"),
    *("policy", "tokenizer", "model", "models", "judge", "base"),
}
"""Keys of parameters whose texts may be paths or model strings."""
_MODEL = re.compile(r"(hf|vllm|replay|sentence):")
_OPTION = re.compile(r"=([^&]*)")
_FILE = re.compile(r"file:(//(localhost)?(?=/))?", re.I)
_USER = re.compile(r"(?<=://)[^/@\s]*@")


def named(text: str) -> str:
    """A path or model string without where it lies: ``hf:/elsewhere/m`` becomes ``hf:m``.

    Paths below the project stay as they are; of others the last part is kept. An address loses its
    user and password.
    """
    if _FILE.match(text):
        return _last(_FILE.sub("", text))
    if "://" in text:
        # Before the name of a model a query belongs to the address.
        url, mark, name = _USER.sub("", text).partition("#")
        model, query, options = name.partition("?")
        return f"{url}{mark}{model}{query}{_options(options)}"
    kind = _MODEL.match(text)
    scheme = kind[0] if kind else ""
    rest, query, options = text[len(scheme) :].partition("?")
    return f"{scheme}{_last(rest)}{query}{_options(options)}"


def _options(options: str) -> str:
    return _OPTION.sub(lambda found: f"={_last(found[1])}", options)


def scrubbed(manifest: Manifest) -> Manifest:
    """A manifest without private paths; its hashes say the same of the same files."""
    sources = tuple(
        replace(source, name=_last(source.name), url=named(source.url))
        for source in manifest.sources
    )
    return replace(manifest, params=_plain(manifest.params, key=""), sources=sources)


def _plain(value: Any, key: str) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(inner, str(name)) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner, key) for inner in value]
    if isinstance(value, str) and (key in KEYS or value.startswith("~/") or _FILE.match(value)):
        return named(value)
    return value


def _last(path: str) -> str:
    """The last part of a path that leaves the project; any other text as it is."""
    text = _FILE.sub("", path)
    # A disk, a share or a stroke of Windows, also as the address of a file has them.
    if re.match(r"/*[A-Za-z]:[\\/]|\\\\|//\w", text):
        return re.split(r"[\\/]", text.rstrip("\\/"))[-1]
    if not text.startswith(("/", "~")) and ".." not in PurePath(text).parts:
        return path
    return PurePosixPath(text).name or "folder"
