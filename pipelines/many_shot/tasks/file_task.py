"""A user's own task: a file of questions and answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from measurand import rows
from measurand.manifest import Source
from measurand.rows import Named, Read, Row, Unreadable
from pipelines.many_shot.example import Drawn, Example, Rejected
from pipelines.many_shot.verifiers import check, number
from schemas.many_shot.params import File, Task


def draw(task: Task, seed: int, sources: Path) -> Drawn:
    """Every usable row, its question distinct; the others are rejected with their reason.

    Rows are named ``row-1``, ``row-2``, ... in the file's order; blank lines are no rows. A
    question is the text as it stands in the file; answers lose their outer blanks. Rows of one
    question with different answers make one example: each answer is right, or, among options, the
    one that most rows give.

    Raises:
        InputError: there is no such file, it cannot be read, holds no row, or lacks a column.
        ParamsError: the pattern or the function of the verifier cannot be used.
    """
    source = cast(File, task.source)
    path = rows.locate(source.path)
    reading = _Reading(source, task.stop)
    check(source.verifier, reading.details)
    for read in rows.read(path, _columns_of(source)):
        reading.take(read)
    digest = rows.digest(path)
    origin = Source(path.name, source.path, source.licence, digest)
    examples = list(reading.examples())
    examples, split = reading.split(task, examples)
    return Drawn(examples, "file", digest[:16], reading.rejected, [origin], split)


@dataclass
class _Reading:
    source: File
    stop: Sequence[str]
    rejected: list[Rejected] = field(default_factory=list)
    _found: dict[tuple[str, str], list[Example]] = field(default_factory=dict)
    _stated: dict[str, str] = field(default_factory=dict)

    def take(self, read: Read) -> None:
        """Keep a row, or reject it."""
        key, row, part = read
        if isinstance(row, Unreadable):
            self.rejected.append(Rejected(key, *row))
            return
        split = self._split(row, part)
        made = self._example(key, row)
        if isinstance(made, Example) and split is None:
            what = rows.text(row.get(self.source.split)) if self.source.split else part
            made = ("unknown_split", f"{what!r} is none of train, dev, test")
        if not isinstance(made, Example):
            self.rejected.append(Rejected(key, *made))
            return
        self._stated[key] = split or ""
        self._found.setdefault((split or "", made.input), []).append(made)

    def examples(self) -> Iterator[Example]:
        """One example a question; of a question with several rows the first that is right."""
        for some in self._found.values():
            first, right = some[0], {e.target for e in some}
            if len(right) > 1 and self.source.options is not None:
                (word, most), (_, next_most) = Counter(e.target for e in some).most_common(2)
                if most == next_most:
                    self._reject(some, "answers_disagree", f"{len(some)} rows, no majority")
                    continue
                self._reject([e for e in some if e.target != word], "outvoted", f"for {word!r}")
                some = [e for e in some if e.target == word]
                first = some[0]
            twins = [e for e in some[1:] if e.target == first.target]
            others = [e for e in some[1:] if e.target != first.target]
            self._reject(twins, "duplicate_question", f"the question of {first.key}")
            self._reject(others, "pooled", f"its answer is right for {first.key} too")
            aliases = [a for e in some for a in (e.target, *e.details.get("aliases", ()))]
            more = [a for a in dict.fromkeys(aliases) if a != first.target]
            yield replace(first, details={**first.details, **({"aliases": more} if more else {})})

    def split(
        self, task: Task, examples: list[Example]
    ) -> tuple[list[Example], dict[str, str] | None]:
        """(the examples, their splits by key where the file states training and test)."""
        stated = {e.key: self._stated[e.key] for e in examples}
        known = set(stated.values()) - {""}
        if len(known) < 2:
            if known:
                print(f"{task.id}: the file has {known.pop()} alone: splits are drawn", flush=True)
            return examples, None
        lost = [e for e in examples if not stated[e.key]]
        self._reject(lost, "unknown_split", "it lies in no part with a name")
        if "test" not in known:
            print(f"{task.id}: the file has no test split: its dev split is tested on", flush=True)
            stated = {key: "test" if name == "dev" else name for key, name in stated.items()}
        if task.dev and "dev" not in stated.values():
            print(
                f"{task.id}: the file has no dev split to use: it is drawn from train", flush=True
            )
        return [e for e in examples if stated[e.key]], {k: v for k, v in stated.items() if v}

    @property
    def details(self) -> Row:
        """What the verifier needs."""
        source = self.source
        given: Row = {"pattern": source.pattern, "function": source.function}
        if source.verifier == "numeric":
            given["tolerance"] = source.tolerance
        return {name: value for name, value in given.items() if value is not None}

    def _reject(self, some: Sequence[Example], reason: str, detail: str) -> None:
        self.rejected += [Rejected(e.key, reason, detail) for e in some]

    def _split(self, row: Row, part: str | None) -> str | None:
        """The stated split; "" where none is stated, None where it is unknown."""
        if self.source.split:
            return rows.split_word(rows.text(row.get(self.source.split)))
        return "" if part is None else rows.split_word(part)

    def _example(self, key: str, row: Row) -> Example | tuple[str, str]:
        """The example of a row, or what is wrong with it."""
        source = self.source
        given = row.get(source.answer)
        answers = given if isinstance(given, list) else [given]
        others = [row.get(name) for name in _columns_of(source) if name != source.answer]
        if not all(map(rows.is_plain, [*others, *answers])):
            return "not_text", "a list, a record or bytes"
        question = rows.as_given(row.get(source.question))
        texts = [text for text in dict.fromkeys(map(rows.text, answers)) if text]
        if source.options is not None and len(texts) == 1:
            value = next(a for a in answers if rows.text(a))
            texts = [_option(value, source.options) or texts[0]]
        problem = self._problem(question, texts, answers)
        if problem is not None:
            return problem
        rationale = rows.text(row.get(source.rationale)) if source.rationale else ""
        group = rows.text(row.get(source.group)) if source.group else ""
        return Example(
            question,
            texts[0],
            key,
            group or question,
            source.options,
            source.verifier,
            {**self.details, **({"aliases": texts[1:]} if len(texts) > 1 else {})},
            rationale or None,
            "human" if rationale else "none",
        )

    def _problem(
        self, question: str, texts: Sequence[str], answers: Sequence[Any]
    ) -> tuple[str, str] | None:
        options = self.source.options
        if not question.strip():
            return "empty_question", ""
        if not texts:
            return "empty_answer", ""
        if options is not None:
            if len(texts) > 1:
                return "several_answers", f"{len(texts)} answers where one of the options belongs"
            if texts[0] not in options:
                return "answer_not_in_options", f"{_shown(answers[0])} is none of {list(options)}"
        for text in texts:
            if stop := next((stop for stop in self.stop if stop in text), None):
                # A model that ends there could never give this answer.
                return "answer_holds_a_stop", f"{stop!r}: name other texts in `stop`"
            if self.source.verifier == "numeric" and number(text) is None:
                return "not_a_number", repr(text)
        return None


def _option(value: Any, options: Sequence[str]) -> str | None:
    """The option that a value is: by its text, in any case for true and false, or as a number."""
    if (text := rows.text(value)) in options:
        return text
    if isinstance(value, bool):
        return next((o for o in options if o.casefold() == text), None)
    if isinstance(value, Named):
        return next((o for o in options if o == str(value.number)), None)
    if isinstance(value, int | float):
        return next((o for o in options if number(o) == number(text)), None)
    return None


def _shown(value: Any) -> str:
    return f"{str(value)!r} (class {value.number})" if isinstance(value, Named) else repr(value)


def _columns_of(source: File) -> list[str]:
    names = (source.question, source.answer, source.rationale, source.group, source.split)
    return [name for name in names if name is not None]
