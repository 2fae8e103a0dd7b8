from __future__ import annotations

import pickle
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from measurand.manifest import read_manifest
from measurand.models.tokenizers import TextTokenizer, load_tokenizer
from measurand.parquet import read_shard
from pipelines.many_shot import layout, reader
from pipelines.many_shot.prompts import Assemble, plans, sha256
from schemas.many_shot.params import Params

Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def prompts(tables: dict[str, pl.DataFrame]) -> Rows:
    return tables["prompts"].to_dicts()


@pytest.fixture(scope="module")
def rejected(built: Path) -> dict[str, tuple[str, str]]:
    rows = read_shard(built / "prompts" / "rejected.parquet").to_pylist()
    return {r["key"]: (r["reason"], r["detail"]) for r in rows}


@pytest.fixture(scope="module")
def tokenizer(recipe: Callable[..., Params]) -> TextTokenizer:
    return load_tokenizer(recipe().build.tokenizer)


def test_token_counts_are_the_tokenizers_own(prompts: Rows, tokenizer: TextTokenizer) -> None:
    counts = tokenizer.count([p["prefix"] for p in prompts])
    assert counts == [p["n_tokens"] for p in prompts]
    assert {p["tokenizer_sha256"] for p in prompts} == {tokenizer.sha256}
    assert all(p["prefix_sha256"] == sha256(p["prefix"]) for p in prompts)


def test_offsets_point_at_the_first_token_of_every_shot(
    prompts: Rows,
    tokenizer: TextTokenizer,
    recipe: Callable[..., Params],
) -> None:
    for p in prompts:
        own = recipe().task(p["task"]).layout
        [encoding] = tokenizer.encode([p["prefix"]])
        assert len(p["shot_offsets"]) == p["k"]
        found = [encoding.offsets[token][0] for token in p["shot_offsets"]]
        field = f"{own.question}: "
        text = p["prefix"]
        starts = [at for at in range(len(text)) if text.startswith(field, at)]
        assert found == [at for at in starts if at == 0 or text[at - 2 : at] == "\n\n"][: p["k"]]


def test_every_prompt_fits_with_its_longest_question_and_answer(
    prompts: Rows,
    tables: dict[str, pl.DataFrame],
    tokenizer: TextTokenizer,
    recipe: Callable[..., Params],
) -> None:
    for p in prompts:
        task = recipe().task(p["task"])
        asked = tables["pool"].filter(task=p["task"], split="test")["input"].to_list()
        whole = [layout.join(p["prefix"], layout.query(task.layout, text)) for text in asked]
        assert max(tokenizer.count(whole)) + p["answer_budget"] <= p["context_limit"]
        assert p["boundary_stable"] == _stable(p["prefix"], whole, tokenizer)


def _stable(prefix: str, whole: list[str], tokenizer: TextTokenizer) -> bool:
    alone, *joint = (e.ids for e in tokenizer.encode([prefix, *whole]))
    return all(ids[: len(alone)] == alone for ids in joint)


def test_what_does_not_fit_is_rejected_with_its_numbers(
    rejected: dict[str, tuple[str, str]],
) -> None:
    over = {key: detail for key, (reason, detail) in rejected.items() if reason == "over_context"}
    assert set(over) == {f"line|supervised|k40|s{s}|o{o}" for s in range(3) for o in range(2)}
    for detail in over.values():
        assert sum(_numbers(detail)) > 700


def _numbers(detail: str) -> tuple[int, int, int]:
    left, _, right = detail.partition(" = ")
    tokens, question, answer = (int(part.split()[-1]) for part in left.split(" + "))
    assert int(right.split()[0]) == tokens + question + answer
    return tokens, question, answer


def test_fewer_shots_than_asked_are_made_once_and_said(
    prompts: Rows,
    rejected: dict[str, tuple[str, str]],
) -> None:
    few = {key for key, (reason, _) in rejected.items() if reason == "too_few_shots"}
    # 12 examples: 13 and 20 shots are 12 again, which were asked for themselves.
    assert {key for key in few if key.startswith("bits")} == {
        f"bits|supervised|k{k}|s{s}|o0" for k in (13, 20) for s in (0, 1)
    }
    solved = max(p["k"] for p in prompts if p["curve"] == "reinforced")
    most = [p for p in prompts if p["curve"] == "reinforced" and p["k"] == solved]
    assert {p["k_requested"] for p in most} == {50}
    assert {key for key in few if key.startswith("sums")} == {
        f"sums|reinforced|k60|s{s}|o0" for s in (0, 1)
    }


def test_shot_sets_are_nested_and_balanced(
    prompts: Rows,
    tables: dict[str, pl.DataFrame],
) -> None:
    label = dict(tables["pool"].select("example_id", "answer_idx").iter_rows())
    curves: dict[tuple[str, str, int], Rows] = {}
    for p in prompts:
        if p["k"]:
            curves.setdefault((p["task"], p["curve"], p["seed"]), []).append(p)
    for (task, curve, _), some in curves.items():
        for a, b in pairwise(some):
            small, large = sorted((a, b), key=lambda p: p["k"])
            assert set(small["shot_ids"]) <= set(large["shot_ids"])
        for p in some:
            distinct = 2 if curve == "supervised-distinct2" else p["k"]
            assert len(set(p["shot_ids"])) == min(distinct, p["k"])
            if task == "line":
                counts = Counter(label[i] for i in set(p["shot_ids"]))
                assert max(counts.values()) - min(counts[c] for c in (0, 1)) <= 1


def test_orders_show_the_same_shots_and_seeds_others(prompts: Rows) -> None:
    by_id = {p["prompt_id"]: p for p in prompts}
    one, two = (by_id[f"line|supervised|k9|s0|o{o}"] for o in (0, 1))
    assert one["shot_ids"] != two["shot_ids"]
    assert sorted(one["shot_ids"]) == sorted(two["shot_ids"])
    other = by_id["line|supervised|k9|s1|o0"]
    assert set(other["shot_ids"]) != set(one["shot_ids"])


def test_the_text_holds_the_shots_with_the_words_of_the_label_map(
    prompts: Rows,
    tables: dict[str, pl.DataFrame],
    recipe: Callable[..., Params],
) -> None:
    pool = {r["example_id"]: r for r in tables["pool"].to_dicts()}
    swap = {"A": "B", "B": "A"}
    for p in prompts:
        own = recipe().task(p["task"]).layout
        shown = [pool[i] for i in p["shot_ids"]]
        if p["regime"] == "unsupervised":
            answers = [pool[i] for i in p["demonstration_ids"]]
            assert p["prefix"].count(f"\n{own.answer}: ") == len(answers) == 2
            found = reader.shots(p["prefix"], own, False)
            assert [s.answer for s in found] == [r["target"] for r in answers]
            assert all(layout.bare(own, r["input"]) in p["prefix"] for r in shown)
            continue
        found = reader.shots(p["prefix"], own, p["rationale"] != "none")
        assert [s.question for s in found] == [r["input"] for r in shown]
        right = [r["target"] for r in shown]
        flipped = p["label_map"] == "flipped"
        assert [s.answer for s in found] == ([swap[t] for t in right] if flipped else right)
        if p["rationale"] == "program":
            assert all(f" {r['rationale']} {own.answer_cue} " in p["prefix"] for r in shown)


def test_without_shots_there_is_one_prompt_a_curve(prompts: Rows) -> None:
    zero = [p["prompt_id"] for p in prompts if p["k"] == 0]
    assert zero == sorted(
        f"{task}|{curve}|k0|s0|o0"
        for task, curve in (
            ("bits", "supervised"),
            ("line", "supervised"),
            ("line", "supervised-flipped"),
            ("line", "unsupervised"),
        )
    )


def test_every_plan_is_a_row_or_a_rejected_one(
    prompts: Rows,
    rejected: dict[str, tuple[str, str]],
    built: Path,
) -> None:
    manifest = read_manifest(built / "prompts")
    ids = [p["prompt_id"] for p in prompts]
    assert not set(ids) & set(rejected)
    assert manifest.rows_in == len(ids) + len(rejected)


def test_plans_ask_for_no_more_than_there_is(recipe: Callable[..., Params]) -> None:
    params = recipe()
    there = {(t.id, c.name): 3 for t in params.build.tasks for c in t.curves}
    made = [p for p in plans(params, there) if not p.too_few]
    assert max(p.k for p in made if p.curve.distinct is None) == 3
    nothing = list(plans(params, dict.fromkeys(there, 0)))
    assert all(p.too_few or p.k == 0 for p in nothing)
    assert len({p.prompt_id for p in nothing}) == len(nothing)


def test_an_assembler_travels_without_what_it_loaded(
    recipe: Callable[..., Params], built: Path
) -> None:
    own = Assemble(
        recipe().model_dump_json(), built / "pool", built / "rationales", built / "none", 700
    )
    first = [table.to_pylist() for table, _ in own(sorted(own.plans)[:5])]
    blob = pickle.dumps(own)
    assert len(blob) < 20_000
    again = [table.to_pylist() for table, _ in pickle.loads(blob)(sorted(own.plans)[:5])]
    assert first == again
