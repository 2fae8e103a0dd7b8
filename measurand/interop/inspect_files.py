"""Files of Inspect: ``.eval`` (a zip of JSON members) and ``.json``; header and samples of each.

A sample's whole transcript can be megabytes. Its *summary* (id, epoch, input, scores, metadata,
error, limit) is what is read, from ``summaries.json`` or, where a run did not finish, from its
journal. A summary is cut: long texts end early, pictures are words, edits and invalidations are
missing. Only where that matters the sample itself is read, and only as far as needed.
"""

from __future__ import annotations

import codecs
import io
import json
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pyarrow as pa

from measurand import packed
from measurand.errors import InputError
from measurand.texts import scrub

ZSTANDARD = 93
PIECE = 1 << 20
MAX_JSON = 1 << 30
"""Largest ``.json`` log, in bytes: it is read whole."""
MAX_LOOKED_AT = (20_000, 256 << 20)
"""Most samples, and bytes of them, that are looked through for edits."""
_CUT = "...\n(content truncated)"
_PLACEHOLDER = re.compile(r"\((Image|Audio|Video|Data|Document|Reasoning|Tool_use)\)")
#: As Inspect writes it, and with the fields in the order of their names.
_BEGINS = (
    re.compile(r'\ufeff?\s*\{\s*"version"\s*:\s*\d+\s*,\s*"(status|eval)"\s*:'),
    re.compile(
        r'\ufeff?\s*\{(\s*"error"\s*:\s*null\s*,)?\s*"eval"\s*:\s*\{\s*"(config|created|dataset|eval_id|run_id|task)"'
    ),
)
_EDITED = re.compile(rb'(?<!\\)"history"\s*:\s*\[\s*\{|(?<!\\)"invalidation"\s*:\s*\{')
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]|[\ud800-\udfff]")

Sample = dict[str, Any]


class Archive:
    """An open ``.eval`` file."""

    def __init__(self, file: Path) -> None:
        self._raw = file.open("rb")
        try:
            self._zip = zipfile.ZipFile(self._raw)
            self.names = set(self._zip.namelist())
            start = "header.json" if "header.json" in self.names else "_journal/start.json"
            self.header: dict[str, Any] = loads(self.member(start).read())
        except BaseException:
            self._raw.close()
            raise
        self._inputs: dict[str, Sample] = {}

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()
        self._raw.close()

    def samples(self) -> Iterator[Sample]:
        """Summaries, the last one of each sample and epoch, as Inspect reads them."""
        changed = self._changed()
        for sample in self._summaries():
            found = changed.get((str(sample["id"]), int(sample["epoch"])))
            yield sample if found is None else {**sample, **found}

    def reductions(self) -> list[dict[str, Any]]:
        """What the run's reducers made of the epochs of each sample."""
        name = "reductions.json"
        return list(loads(self.member(name).read())) if name in self.names else []

    @property
    def looked_through(self) -> bool:
        """Whether edits are known: samples are looked through where they are not too large."""
        sizes = [i.file_size for i in self._zip.infolist() if i.filename.startswith("samples/")]
        few = len(sizes) <= MAX_LOOKED_AT[0] and sum(sizes) <= MAX_LOOKED_AT[1]
        return few or bool(self.header.get("invalidated"))

    def whole(self, sample: Sample) -> Sample:
        """The sample with input and target in full, where its summary cuts them."""
        name = str(sample["id"])
        if name not in self._inputs:
            self._inputs[name] = self._start(name, int(sample["epoch"]))
        return {**sample, **self._inputs[name]}

    def _start(self, name: str, epoch: int) -> Sample:
        """Input, choices and target of a sample's own file; empty where it has none."""
        for member in (f"samples/{name}_epoch_{epoch}", f"samples/{name}_epoch_{epoch}/sample"):
            if f"{member}.json" in self.names:
                found = first_fields(self.member(f"{member}.json"), ("input", "choices", "target"))
                # References by number are the writer's own.
                return {} if re.search(r'attachment://\d+"', json.dumps(found)) else found
        return {}

    def _summaries(self) -> Iterator[Sample]:
        if "summaries.json" in self.names:
            yield from array_items(self.member("summaries.json"))
            return
        parts = [n for n in self.names if re.fullmatch(r"_journal/summaries/\d+\.json", n)]
        found: dict[tuple[str, int], Sample] = {}
        for name in sorted(parts, key=lambda n: int(n.rsplit("/", 1)[1][:-5])):
            for sample in array_items(self.member(name)):
                found[str(sample["id"]), int(sample["epoch"])] = sample
        yield from found.values()

    def _changed(self) -> dict[tuple[str, int], Sample]:
        """Samples that were edited or invalidated, with what their summaries do not say."""
        found: dict[tuple[str, int], Sample] = {}
        if not self.looked_through:
            return found
        for name in self.names:
            if not (name.startswith("samples/") and name.endswith(".json")):
                continue
            content = self.member(name).read()
            if _EDITED.search(content):
                sample = loads(content)
                if isinstance(sample, dict) and "epoch" in sample:
                    found[str(sample["id"]), int(sample["epoch"])] = marks(sample)
        return found

    def member(self, name: str) -> IO[bytes]:
        """A member as a stream; Python 3.11's zipfile does not know Zstandard."""
        info = self._zip.getinfo(name)
        if info.compress_type != ZSTANDARD:
            return self._zip.open(info)
        self._raw.seek(info.header_offset)
        head = self._raw.read(30)
        name_length, extra_length = struct.unpack("<HH", head[26:30])
        self._raw.seek(name_length + extra_length, io.SEEK_CUR)
        packed = pa.BufferReader(self._raw.read(info.compress_size))
        stream: IO[bytes] = pa.CompressedInputStream(packed, "zstd")
        return stream


class Text:
    """A ``.json`` log: one object, read whole."""

    def __init__(self, file: Path) -> None:
        if (size := file.stat().st_size) > MAX_JSON:
            raise InputError(
                f"{file} has {size:,} bytes; the limit is {MAX_JSON:,}",
                hint="make an .eval of it with `inspect log convert --to eval`",
                code="too_large",
            )
        with packed.opened(file) as stream:
            self.header: dict[str, Any] = loads(stream.read(MAX_JSON + 1))
        self.looked_through = True

    def __enter__(self) -> Text:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def samples(self) -> Iterator[Sample]:
        """The samples in the form of summaries."""
        for sample in self.header.get("samples") or ():
            error, limit = sample.get("error"), sample.get("limit")
            yield {
                **{k: sample.get(k) for k in _KEPT},
                "error": error.get("message") if isinstance(error, dict) else error,
                "limit": limit.get("type") if isinstance(limit, dict) else limit,
                **marks(sample),
            }

    def reductions(self) -> list[dict[str, Any]]:
        """What the run's reducers made of the epochs of each sample."""
        return list(self.header.get("reductions") or ())

    def whole(self, sample: Sample) -> Sample:
        """The sample: nothing is cut."""
        return sample


_KEPT = ("id", "epoch", "input", "choices", "target", "metadata", "scores")


def opened(file: Path) -> Archive | Text:
    """A log, open for reading."""
    return Archive(file) if file.suffix.lower() == ".eval" else Text(file)


def is_log(file: Path) -> bool:
    """Whether a ``.json`` file is a log of Inspect, by its first fields."""
    try:
        with packed.opened(file) as stream:
            start = stream.read(4096).decode("utf-8", "replace")
    except (OSError, EOFError, ValueError, zlib.error):
        return False
    return any(begin.match(start) for begin in _BEGINS)


def marks(sample: Sample) -> Sample:
    """Scores that were edited after the run, and whether the sample was invalidated."""
    scores = sample.get("scores") or {}
    # An edit keeps what was there before it, so a history of one is a score that was added.
    edited = [name for name, score in scores.items() if (score or {}).get("history")]
    return {"edited": edited, "invalidated": sample.get("invalidation") is not None}


def is_cut(sample: Sample) -> bool:
    """Whether a summary gives input or target only in part."""
    inputs, target = sample.get("input"), sample.get("target")
    if isinstance(inputs, str) and isinstance(target, str):
        return inputs.endswith(_CUT) or target.endswith(_CUT)
    texts: list[Any] = [inputs] if isinstance(inputs, str) else []
    for message in inputs if isinstance(inputs, list) else ():
        content = message.get("content") if isinstance(message, dict) else None
        parts = content if isinstance(content, list) else [content]
        texts += [p.get("text") if isinstance(p, dict) else p for p in parts]
    texts += target if isinstance(target, list) else [target]
    return any(
        isinstance(t, str) and (t.endswith(_CUT) or _PLACEHOLDER.fullmatch(t)) for t in texts
    )


def loads(content: bytes | str) -> Any:
    """JSON without lone surrogates.

    Raises:
        ValueError: it is no JSON.
    """
    text = content if isinstance(content, str) else content.decode("utf-8-sig", "surrogatepass")
    value = json.loads(text)
    return scrub(value) if _SURROGATE.search(text) else value


def first_fields(stream: IO[bytes], wanted: tuple[str, ...]) -> Sample:
    """The wanted fields of a JSON object that stand before others, without reading it whole.

    Raises:
        ValueError: the text is no object, or is cut off before them.
    """
    text, decoder = "", codecs.getincrementaldecoder("utf-8")("surrogatepass")
    while True:
        piece = stream.read(PIECE // 16)
        text += decoder.decode(piece, not piece)
        done, found = _fields(text, wanted)
        if done or not piece:
            return found


def _fields(text: str, wanted: tuple[str, ...]) -> tuple[bool, Sample]:
    found: Sample = {}
    decoder, at = json.JSONDecoder(), text.find("{") + 1
    blank = re.compile(r"[\s,:]*")
    try:
        while True:
            at = next(blank.finditer(text, at)).end()
            if text[at : at + 1] == "}":
                return True, found
            key, at = decoder.raw_decode(text, at)
            at = next(blank.finditer(text, at)).end()
            value, at = decoder.raw_decode(text, at)
            if at >= len(text):  # a number may go on
                return False, found
            if key in wanted:
                found[key] = scrub(value)
            if key == wanted[-1] or key in ("messages", "output"):
                return True, found
    except ValueError:
        return False, found


def _decoded(text: codecs.IncrementalDecoder, piece: bytes, ended: bool) -> str:
    """A piece of text without raw surrogates, whose bytes no other character has."""
    found = text.decode(piece, ended)
    return str(scrub(found)) if b"\xed" in piece else found


def array_items(stream: IO[bytes]) -> Iterator[Sample]:
    """Elements of a JSON array, one at a time.

    Raises:
        ValueError: the text is no array of objects, or is cut off.
    """
    decoder, text = json.JSONDecoder(), codecs.getincrementaldecoder("utf-8")("surrogatepass")
    buffer, at, ended, begun = "", 0, False, False
    while True:
        if ended and at >= len(buffer):
            raise ValueError("the array is cut off")
        if not ended and len(buffer) - at <= PIECE // 4:
            piece = stream.read(PIECE)
            ended = not piece
            buffer, at = buffer[at:] + _decoded(text, piece, ended), 0
        while at < len(buffer) and buffer[at] in " \t\r\n,":
            at += 1
        if at >= len(buffer):
            continue
        if not begun:
            if buffer[at] != "[":
                raise ValueError("no JSON array")
            begun, at = True, at + 1
            continue
        if buffer[at] == "]":
            return
        try:
            item, end = decoder.raw_decode(buffer, at)
        except ValueError:
            if ended:
                raise
            piece = stream.read(PIECE)
            ended = not piece
            buffer, at = buffer[at:] + _decoded(text, piece, ended), 0
            continue
        odd = buffer.find("\\ud", at, end) >= 0 or buffer.find("\\uD", at, end) >= 0
        yield scrub(item) if odd else item
        at = end
