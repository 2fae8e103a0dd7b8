"""Prompts: which there are, and how their text, token counts and provenance are made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa

from measurand import shards
from measurand.models.tokenizers import TextTokenizer, load_tokenizer
from measurand.parquet import rejected_table
from pipelines.many_shot import labels, layout, selection
from schemas.many_shot.params import Curve, Params, Task
from schemas.many_shot.tables import PROMPTS

CHUNK = 64
"""Prompts that are tokenised together."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Plan:
    """A prompt to be made.

    Attributes:
        task: the task.
        curve: its curve.
        k: shots; ``k_requested`` of them were asked for.
        seed: shot set.
        order: order of the shots.
        too_few: there are not even that many more than in a smaller prompt of the curve.
    """

    task: Task
    curve: Curve
    k: int
    k_requested: int
    seed: int
    order: int
    too_few: bool = False

    @property
    def prompt_id(self) -> str:
        """Identity of the prompt; one that cannot be made is named by what was asked."""
        k = self.k_requested if self.too_few else self.k
        return f"{self.task.id}|{self.curve.name}|k{k}|s{self.seed}|o{self.order}"


def plans(params: Params, available: Mapping[tuple[str, str], int]) -> Iterator[Plan]:
    """Every prompt that the parameters ask for.

    Where there are fewer shots than asked, the largest possible prompt is made once, and every
    further number of shots is ``too_few``. Without shots there is one prompt a curve.

    Args:
        params: parameters.
        available: examples that can be shots, by task and name of the curve.
    """
    for task in params.build.tasks:
        for curve in task.curves:
            most = available[task.id, curve.name]
            made: set[int] = set()
            for asked in curve.shots:
                k = asked if curve.distinct is not None and most else min(asked, most)
                too_few = k in made or (k == 0 and asked > 0)
                made.add(k)
                for seed in range(curve.seeds if asked else 1):
                    for order in range(curve.orders if asked else 1):
                        yield Plan(task, curve, k, asked, seed, order, too_few)


@dataclass
class Examples:
    """The examples of a task, as prompts need them.

    Attributes:
        task: the task.
        seed: seed of the dataset.
        ids, questions, classes, targets: of the training examples, in the pool's order.
        solutions: per kind of rationale, solution by index of the training example.
        dev: rows of the dev examples.
        longest: tokens of the longest test question with its separator, and that question.
    """

    task: Task
    seed: int
    ids: list[str]
    questions: list[str]
    classes: list[int | None]
    targets: list[str]
    options: list[str]
    solutions: dict[str, dict[int, str]]
    dev: list[Row]
    longest: tuple[int, str]
    _texts: dict[str, list[str]] = field(default_factory=dict)
    _orders: dict[int, list[int]] = field(default_factory=dict)

    def usable(self, curve: Curve) -> int:
        """How many examples the curve can show."""
        if curve.rationale == "none" or curve.regime == "unsupervised":
            return len(self.ids)
        return len(self.solutions[curve.rationale])

    def shots(self, plan: Plan) -> list[int]:
        """Indices of the shots, in order."""
        curve, words = plan.curve, ("many_shot", self.seed, self.task.id)
        if plan.seed not in self._orders:
            order = selection.permutation(self.classes, *words, "shots", plan.seed)
            self._orders[plan.seed] = order
        order = self._orders[plan.seed]
        if curve.rationale != "none" and curve.regime != "unsupervised":
            order = [at for at in order if at in self.solutions[curve.rationale]]
        again = (*words, "order", plan.seed, plan.order) if plan.order else ()
        return selection.shots(order, plan.k, curve.distinct, *again)

    def texts(self, curve: Curve) -> list[str]:
        """Text of every training example as a shot of the curve; empty where it cannot be one."""
        if curve.name not in self._texts:
            words = labels.words(self.options, curve.label_map) if self.options else ()
            some = self.solutions.get(curve.rationale, {})
            self._texts[curve.name] = [
                self._text(curve, at, words, some.get(at)) for at in range(len(self.ids))
            ]
        return self._texts[curve.name]

    def demonstrations(self, curve: Curve) -> tuple[list[str], list[str]]:
        """Identities and texts of the solved examples that end an unsupervised prompt."""
        rows = self.dev
        if curve.rationale != "none":
            rows = [row for row in rows if row["rationale"] is not None]
        order = selection.permutation(
            [row["answer_idx"] for row in rows],
            *("many_shot", self.seed, self.task.id, "demonstrations"),
        )
        chosen = [rows[at] for at in order[: curve.demonstrations]]
        own = self.task.layout
        texts = [
            layout.shot(
                own,
                row["input"],
                row["target"],
                None if curve.rationale == "none" else row["rationale"],
            )
            for row in chosen
        ]
        return [row["example_id"] for row in chosen], texts

    def _text(self, curve: Curve, at: int, words: Sequence[str], solution: str | None) -> str:
        own, question = self.task.layout, self.questions[at]
        if curve.regime == "unsupervised":
            return layout.bare(own, question)
        if curve.rationale != "none" and solution is None:
            return ""
        label = self.classes[at]
        answer = words[label] if label is not None and words else self.targets[at]
        return layout.shot(own, question, answer, solution)


@dataclass
class Assemble:
    """Makes the prompts of a shard; loads pool and tokenizer where and when it first runs.

    Args:
        params: parameters as JSON.
        pool: dataset folder of the pool.
        rationales: dataset folder of model solutions, None where there are none.
        cache: folder of converted models.
        context: tokens that prompt, question and answer must fit into.
    """

    params: str
    pool: Path
    rationales: Path | None
    cache: Path
    context: int

    def __getstate__(self) -> Row:
        """What travels to a worker: where things lie, not what was loaded."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    def __call__(self, keys: list[str]) -> Iterator[tuple[pa.Table, pa.Table]]:
        """Rows of PROMPTS and REJECTED of these prompt ids."""
        for at in range(0, len(keys), CHUNK):
            yield self._chunk([self.plans[key] for key in keys[at : at + CHUNK]])

    @cached_property
    def parsed(self) -> Params:
        """The parameters."""
        return Params.model_validate_json(self.params)

    @cached_property
    def tokenizer(self) -> TextTokenizer:
        """The tokenizer that counts."""
        return load_tokenizer(self.parsed.build.tokenizer, cache=self.cache)

    @cached_property
    def examples(self) -> dict[str, Examples]:
        """Examples by task."""
        return read_examples(self.parsed, self.pool, self.rationales, self.tokenizer)

    @cached_property
    def plans(self) -> dict[str, Plan]:
        """All prompts by id."""
        return {plan.prompt_id: plan for plan in plans(self.parsed, available(self.examples))}

    def _chunk(self, some: list[Plan]) -> tuple[pa.Table, pa.Table]:
        rejected = [
            (plan.prompt_id, "too_few_shots", f"{plan.k} can be shown")
            for plan in some
            if plan.too_few
        ]
        drafts = [self._draft(plan) for plan in some if not plan.too_few]
        encoded = self.tokenizer.encode([draft["prefix"] for draft in drafts])
        rows = []
        for draft, encoding in zip(drafts, encoded, strict=True):
            plan, starts, tail = draft.pop("_plan"), draft.pop("_starts"), draft.pop("_tail")
            longest, question = self.examples[plan.task.id].longest
            tokens = len(encoding)
            needed = tokens + longest + plan.task.answer_tokens
            if needed > self.context:
                parts = f"{tokens} + question {longest} + answer {plan.task.answer_tokens}"
                what = f"{parts} = {needed} tokens, the context holds {self.context}"
                rejected.append((plan.prompt_id, "over_context", what))
                continue
            rows.append(
                {
                    **draft,
                    "shot_offsets": [_token_at(encoding, start) for start in starts],
                    "n_tokens": tokens,
                    "max_query_tokens": longest,
                    "boundary_stable": self._stable(tail, question),
                }
            )
        table = PROMPTS.from_columns({c.name: [r[c.name] for r in rows] for c in PROMPTS.columns})
        return table, rejected_table(rejected)

    def _draft(self, plan: Plan) -> Row:
        own, curve = self.examples[plan.task.id], plan.curve
        chosen = own.shots(plan)
        texts = own.texts(curve)
        shown = [texts[at] for at in chosen]
        ids, demonstrations = own.demonstrations(curve)
        text = layout.prefix(plan.task.layout, shown, curve.regime, demonstrations)
        starts = layout.starts(plan.task.layout, shown, curve.regime)
        return {
            "prompt_id": plan.prompt_id,
            "task": plan.task.id,
            "curve": curve.name,
            "regime": curve.regime,
            "label_map": curve.label_map,
            "rationale": curve.rationale,
            "k": plan.k,
            "seed": plan.seed,
            "order": plan.order,
            "k_requested": plan.k_requested,
            "shot_ids": [own.ids[at] for at in chosen],
            "demonstration_ids": ids,
            "prefix": text,
            "prefix_sha256": sha256(text),
            "answer_budget": plan.task.answer_tokens,
            "context_limit": self.context,
            "tokenizer_sha256": self.tokenizer.sha256,
            "_plan": plan,
            "_starts": starts,
            "_tail": text[text.rfind(layout.SEPARATOR) + 2 :] if layout.SEPARATOR in text else text,
        }

    @cached_property
    def _boundaries(self) -> dict[tuple[str, str], bool]:
        return {}

    def _stable(self, tail: str, question: str) -> bool:
        """Whether the tokens of the last block alone begin those of the block with the question.

        Tokenizers split at white space before they merge, so what lies before the last block
        cannot matter; the tests compare with whole prompts.
        """
        key = (tail, question)
        if key not in self._boundaries:
            alone, joint = self.tokenizer.encode([tail, layout.join(tail, question)])
            self._boundaries[key] = joint.ids[: len(alone.ids)] == alone.ids
        return self._boundaries[key]


def available(examples: Mapping[str, Examples]) -> dict[tuple[str, str], int]:
    """Examples that can be shots, by task and name of the curve."""
    return {
        (name, curve.name): own.usable(curve)
        for name, own in examples.items()
        for curve in own.task.curves
    }


def read_examples(
    params: Params, pool: Path, rationales: Path | None, tokenizer: TextTokenizer
) -> dict[str, Examples]:
    """Read what prompts are made of from the built pool.

    Args:
        params: parameters.
        pool: dataset folder of the pool.
        rationales: dataset folder of model solutions, or None.
        tokenizer: counts the questions.
    """
    frame = pl.DataFrame(pl.from_arrow(shards.read_table(pool)))
    written: dict[str, str] = {}
    if rationales is not None:
        table = shards.read_table(rationales, ["example_id", "rationale", "chosen"])
        found = pl.DataFrame(pl.from_arrow(table)).filter(pl.col("chosen"))
        written = dict(zip(found["example_id"], found["rationale"], strict=True))
    out = {}
    for task in params.build.tasks:
        own = frame.filter(pl.col("task") == task.id)
        train = own.filter(pl.col("split") == "train")
        test = own.filter(pl.col("split") == "test")
        ids, made = train["example_id"].to_list(), train["rationale"].to_list()
        by = train["rationale_source"].to_list()
        solutions = {
            kind: {at: text for at, text in enumerate(made) if by[at] == kind}
            for kind in ("human", "program")
        }
        solutions["model"] = {at: written[name] for at, name in enumerate(ids) if name in written}
        asked = [layout.query(task.layout, text) for text in test["input"]]
        sizes = tokenizer.count([layout.SEPARATOR + text for text in asked])
        options = next((row for row in own["options"].to_list() if row is not None), None)
        out[task.id] = Examples(
            task,
            params.build.seed,
            ids,
            train["input"].to_list(),
            train["answer_idx"].to_list(),
            train["target"].to_list(),
            list(options or ()),
            solutions,
            own.filter(pl.col("split") == "dev").to_dicts(),
            max(zip(sizes, asked, strict=True)),
        )
    return out


def sha256(text: str) -> str:
    """SHA-256 of a text in UTF-8, 64 hexadecimal digits."""
    import hashlib

    return hashlib.sha256(text.encode()).hexdigest()


def _token_at(encoding: Any, character: int) -> int:
    """Index of the token that holds a character, or the first one after it that is in a token."""
    token = None
    while token is None:
        token, character = encoding.char_to_token(character), character + 1
    return int(token)
