"""Files of recordings as keys of a build: what each holds, its licence and its checksum."""

from __future__ import annotations

import glob
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from measurand.errors import InputError
from measurand.manifest import Source, file_sha256
from pipelines.driving_sim import argoverse, commonroad, recorded, tf_example, tfrecord, wire, womd
from pipelines.driving_sim.recording import RecordError, Recording
from pipelines.driving_sim.scenario import Scenario
from schemas.driving_sim.params import Recorded

UNKNOWN = "unknown"
"""Licence of a source that states none: nothing that is made of it can be published."""
_WHAT = {
    "womd": (womd.SOURCE, womd.LICENCE),
    "av2": (argoverse.SOURCE, argoverse.LICENCE),
    "commonroad": (commonroad.SOURCE, UNKNOWN),
}
_NAMES = {"av2": ("scenario_", ".parquet"), "commonroad": ("", ".xml")}


@dataclass(frozen=True)
class Entry:
    """One recording.

    Attributes:
        key: the scenario's id, or what names a record that cannot be read.
        path: its file.
        format: of the file.
        licence: of the source.
        most: objects at most.
        offset: byte of the file where it begins.
        reason: why it cannot be read, as far as that is known yet; "" otherwise.
        detail: the same in a sentence.
    """

    key: str
    path: str
    format: str
    licence: str
    most: int
    offset: int = 0
    reason: str = ""
    detail: str = ""

    @property
    def source(self) -> str:
        """Where it comes from."""
        return _WHAT[self.format][0]


@dataclass(frozen=True)
class Plan:
    """All recordings of a build, keys once each, and the files that they lie in."""

    entries: tuple[Entry, ...]
    sources: tuple[Source, ...]


def plan(given: Sequence[Recorded]) -> Plan:
    """What there is to read. TFRecord files are gone through, their checksums checked.

    Raises:
        InputError: no file of a name, or one that is of another format.
    """
    entries: dict[str, Entry] = {}
    sources: list[Source] = []
    for one in given:
        what, licence = _WHAT[one.format]
        licence = one.licence or licence
        for path in files(one.files):
            sources.append(Source(f"{what}: {path.name}", path.name, licence, file_sha256(path)))
            for k, entry in enumerate(_of_file(path, one.format, licence, one.most)):
                if entry.key in entries:
                    first = entries[entry.key].path
                    detail = f"{entry.key} stands in {Path(first).name} already"
                    key = f"{path.name}#{k}"
                    while key in entries:
                        key += "'"
                    entry = replace(entry, key=key, reason="twice", detail=detail)
                entries[entry.key] = entry
    return Plan(tuple(entries.values()), tuple(sources))


def files(names: Sequence[str]) -> list[Path]:
    """Files by name or pattern, each once, in the order of their names.

    Raises:
        InputError: code ``no_file``.
    """
    found: set[Path] = set()
    for name in names:
        some = [Path(p) for p in glob.glob(name, recursive=True)] or [Path(name)]
        if lost := next((p for p in some if not p.is_file()), None):
            raise InputError(f"{lost}: no such file", hint="name files", code="no_file")
        found.update(some)
    return sorted(found)


def _of_file(path: Path, form: str, licence: str, most: int) -> Iterator[Entry]:
    if form in _NAMES:
        begin, end = _NAMES[form]
        if not (path.name.startswith(begin) and path.name.endswith(end)):
            raise InputError(
                f"{path} is no file of {form}",
                hint=f"name files such as {begin or 'DEU_Muc-1_1_T-1'}{'ID' if begin else ''}{end}",
                code="bad_format",
            )
        yield Entry(path.stem.removeprefix(begin), str(path), form, licence, most)
        return
    for record in tfrecord.records(path):
        blank = Entry(f"{path.name}#{record.number}", str(path), form, licence, most, record.offset)
        if record.data is None:
            yield replace(blank, reason=record.reason, detail=record.detail)
            continue
        try:
            name = _name(record.data)
        except RecordError as error:
            yield replace(blank, reason=error.code, detail=Exception.__str__(error))
            continue
        yield replace(blank, key=name or blank.key)


def _name(data: bytes) -> str:
    if _is_example(data):
        return tf_example.name_of(tf_example.features(data))
    return str(womd.parse(data).id)


def _is_example(data: bytes) -> bool:
    """Whether a record is a tf.Example, whose one field is the first, or a Scenario."""
    try:
        return set(wire.numbers(data)) == {1}
    except ValueError as error:
        raise RecordError(f"no message: {error}", code="not_a_scenario") from error


def read(entry: Entry) -> Recording:
    """The recording of an entry.

    Raises:
        RecordError: it cannot be read; its code says why in a word.
    """
    if entry.reason:
        raise RecordError(entry.detail, code=entry.reason)
    path = Path(entry.path)
    if entry.format == "av2":
        return argoverse.recording(path)
    if entry.format == "commonroad":
        return commonroad.recording(path)
    data = tfrecord.record_at(path, entry.offset)
    return tf_example.recording(data) if _is_example(data) else womd.recording(data)


def scenario_of(entry: Entry) -> Scenario:
    """The scenario of an entry, named by its key.

    Raises:
        RecordError: see :func:`read` and :func:`recorded.scenario_of`.
    """
    return replace(recorded.scenario_of(read(entry), most=entry.most), scenario_id=entry.key)
