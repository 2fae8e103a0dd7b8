"""A user's own task: a file of questions and answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from measurand import rows
from measurand.manifest import Source
from measurand.rows import Row, Unreadable
from pipelines.many_shot.example import Drawn, Example, Rejected
from pipelines.many_shot.verifiers import check, number
from schemas.many_shot.params import File, Task


def draw(task: Task, seed: int, sources: Path) -> Drawn:
    """Every usable row, its question distinct; the others are rejected with their reason.

    Rows are named ``row-1``, ``row-2``, ... in the file's order; blank lines are no rows. All parts
    of a ``DatasetDict`` are read as one: the task's own sizes split it.

    Raises:
        InputError: there is no such file, it cannot be read, holds no row, or lacks a column.
        ParamsError: the pattern or the function of the verifier cannot be used.
    """
    source = cast(File, task.source)
    path = rows.locate(source.path)
    reading = _Reading(source)
    check(source.verifier, reading.details)
    for key, row, _ in rows.read(path, _named(source)):
        reading.take(key, row)
    digest = rows.digest(path)
    origin = Source(path.name, source.path, source.licence, digest)
    return Drawn(list(reading.examples.values()), "file", digest[:16], reading.rejected, [origin])


@dataclass
class _Reading:
    source: File
    examples: dict[str, Example] = field(default_factory=dict)
    rejected: list[Rejected] = field(default_factory=list)

    def take(self, key: str, row: Row | Unreadable) -> None:
        if isinstance(row, Unreadable):
            self.rejected.append(Rejected(key, *row))
            return
        source = self.source
        values = [row.get(name) for name in _named(source)]
        if not all(map(rows.is_plain, values)):
            self.rejected.append(Rejected(key, "not_text", "a list, a record or bytes"))
            return
        question, answer = rows.text(row.get(source.question)), rows.text(row.get(source.answer))
        problem = self._problem(question, answer)
        if problem is not None:
            self.rejected.append(Rejected(key, *problem))
            return
        rationale = rows.text(row.get(source.rationale)) if source.rationale else ""
        group = rows.text(row.get(source.group)) if source.group else ""
        self.examples[question] = Example(
            question,
            answer,
            key,
            group or question,
            source.options,
            source.verifier,
            self.details,
            rationale or None,
            "human" if rationale else "none",
        )

    @property
    def details(self) -> Row:
        """What the verifier needs."""
        source = self.source
        given: Row = {"pattern": source.pattern, "function": source.function}
        if source.verifier == "numeric":
            given["tolerance"] = source.tolerance
        return {name: value for name, value in given.items() if value is not None}

    def _problem(self, question: str, answer: str) -> tuple[str, str] | None:
        options = self.source.options
        if not question:
            return "empty_question", ""
        if not answer:
            return "empty_answer", ""
        if len(answer.splitlines()) > 1:
            # An answer ends with its line, so no model could ever give this one.
            return "answer_of_several_lines", f"{len(answer.splitlines())} lines"
        if options is not None and answer not in options:
            return "answer_not_in_options", f"{answer!r} is none of {', '.join(options)}"
        if self.source.verifier == "numeric" and number(answer) is None:
            return "not_a_number", repr(answer)
        if (same := self.examples.get(question)) is not None:
            return "duplicate_question", f"the question of {same.key}"
        return None


def _named(source: File) -> list[str]:
    names = (source.question, source.answer, source.rationale, source.group)
    return [name for name in names if name is not None]
