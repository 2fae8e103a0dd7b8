from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path

import pytest

from measurand.params import read as read_params
from pipelines.personality.instruments import load
from pipelines.personality.profiles import Block, Profile, plan
from pipelines.personality.prompts import expand, profile_table, sample
from schemas.personality.params import NOT_ADMINISTERED, Params
from schemas.personality.tables import PROFILES, PROMPTS

ROOT = Path(__file__).parents[3]
BUILD = read_params(ROOT / "params/presets/personality/cpu.yaml", Params).build
ITEMS = load(["mini_ipip", "spi_27", "sscs", "ipip_neo_120"], Path("nowhere"))[0].to_pylist()


def test_a_prompt_is_preamble_item_postamble() -> None:
    blocks = [Block("validity", ("mini_ipip",), (0, 109))]
    table, rejected = expand(Profile(3, "th2"), blocks, ITEMS, BUILD)
    PROMPTS.validate(table)
    assert (table.num_rows, rejected.num_rows) == (40, 0)
    row = table.to_pylist()[0]
    assert row["prompt"] == (
        'Answer as the person who writes: "I drive a delivery van. I grew up on a farm with three '
        'brothers. I drink tea in the morning. I am learning to play the banjo." Thinking about '
        'the statement, "I am the life of the party", rate from 1 to 5 how well it describes you '
        "(1 = very inaccurate, 2 = moderately inaccurate, 3 = neither inaccurate nor accurate, "
        "4 = moderately accurate, 5 = very accurate).\nRATING: "
    )
    assert row["prompt"].startswith(row["preamble"] + "I am the life of the party")
    assert row["prompt_sha256"] == hashlib.sha256(row["prompt"].encode()).hexdigest()
    assert row["prompt_id"] == "d3-th2|validity|mini_ipip.01|0"
    assert (row["participant_id"], row["postamble_id"]) == ("d3-th2-0", "plk-ipip-0")
    assert (row["domain"], row["scale_id"], row["keyed"]) == ("EXT", "mini_ipip.EXT", 1)


def test_participants_pair_on_the_number_of_the_postamble() -> None:
    items = [r | {"text": r["text"] or "x"} for r in ITEMS]
    blocks = [Block("validity", ("mini_ipip", "sscs"), (3,))]
    rows = expand(Profile(1, "ev2"), blocks, items, BUILD)[0].to_pylist()
    assert {r["postamble_id"] for r in rows} == {"plk-ipip-3", "plk-sscs-3"}
    assert {r["participant_id"] for r in rows} == {"d1-ev2-3"}


def test_items_without_text_are_rejected_with_a_reason() -> None:
    blocks = [Block("validity", ("mini_ipip", "sscs"), (0, 3))]
    table, rejected = expand(Profile(1, "ev2"), blocks, ITEMS, BUILD)
    assert (table.num_rows, rejected.num_rows) == (40, 22)
    assert set(rejected["reason"].to_pylist()) == {NOT_ADMINISTERED}
    assert set(rejected["detail"].to_pylist()) == {"sscs"}


def test_a_reversed_prompt_differs_from_its_twin_in_the_list_alone() -> None:
    profile = Profile(1, "ev2")
    blocks = plan(BUILD)[profile]
    rows = expand(profile, blocks, ITEMS, BUILD)[0].to_pylist()
    twins = {r["item_id"]: r for r in rows if r["experiment"] == "validity"}
    turned = [r for r in rows if r["experiment"] == "reversed_options"]
    assert len(turned) == 10
    for row in turned:
        twin = twins[row["item_id"]]
        assert row["option_order"] == "descending"
        assert row["participant_id"] == twin["participant_id"]
        assert row["prompt"] != twin["prompt"]
        assert sorted(row["prompt"]) == sorted(twin["prompt"])


def test_a_sample_is_even_over_domains_and_stable() -> None:
    neo = [r for r in ITEMS if r["instrument_id"] == "ipip_neo_120"]
    taken = sample(neo, 12, seed=1)
    counts = Counter(r["domain"] for r in taken)
    assert sorted(counts.values()) == [2, 2, 2, 3, 3]
    assert sample(list(reversed(neo)), 12, seed=1) == taken
    assert sample(neo, 12, seed=2) != taken
    assert len(sample(neo, 500, seed=1)) == 120


def test_a_sample_of_items_without_domain() -> None:
    spi = [r for r in ITEMS if r["instrument_id"] == "spi_27"]
    assert len(sample(spi, 5, seed=1)) == 5


def test_profiles_are_valid_rows() -> None:
    table = profile_table(list(plan(BUILD)), BUILD.adjectives)
    PROFILES.validate(table)
    assert table.num_rows == 10 + 5 * 3 * 10 + 8 + 5


@pytest.mark.parametrize("variant", ["verbatim", "corrected"])
def test_the_variant_of_the_adjectives_reaches_the_prompt(variant: str) -> None:
    build = BUILD.model_copy(update={"adjectives": variant})
    profile = Profile(1, "ev2", (0, 0, 9, 0, 0))
    text = expand(profile, [Block("single", ("mini_ipip",), (0,))], ITEMS, build)[0]["preamble"][0]
    assert ("self-discplined" in str(text)) == (variant == "verbatim")
