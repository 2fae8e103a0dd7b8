from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from measurand.models.openai_prefixes import BLOCK, alone, together

LONG = "A long story that all are told. " * 20


@given(st.lists(st.text(alphabet="ab\ud800", max_size=3 * BLOCK), min_size=1, max_size=6))
def test_chains_are_equal_as_far_as_whole_blocks_are(prompts: list[str]) -> None:
    found = together(prompts)
    for one, a in zip(prompts, found, strict=True):
        assert len(a.chain) == len(one) // BLOCK
        assert a.size == len(one) / BLOCK
        assert alone(one).chain == a.chain
        for two, b in zip(prompts, found, strict=True):
            for n in range(1, min(len(a.chain), len(b.chain)) + 1):
                assert (a.chain[n - 1] == b.chain[n - 1]) == (one[: n * BLOCK] == two[: n * BLOCK])


def test_prompts_of_a_batch_have_the_key_of_what_they_share() -> None:
    stories = [LONG + "one" * 40, LONG + "two" * 40, LONG + "six" * 40]
    alike = together(stories)
    assert {one.key for one in alike} == {alike[0].chain[len(LONG) // BLOCK - 1]}
    # A pair that goes on together saves one block more; all three save ten at two prompts.
    assert len({one.key for one in together([*stories, stories[0] + "!"])}) == 1


def test_a_short_template_parts_no_groups() -> None:
    start = "Read what follows and answer the question that stands at its end, please: "
    groups = [f"{start}{name} " * 30 for name in ("Ann", "Bob")]
    found = together([group + f"question {i}" for group in groups for i in range(8)])
    assert len({one.key for one in found}) == 2
    assert len({one.key for one in found[:8]}) == 1


def test_a_prompt_that_shares_nothing_is_its_own_key() -> None:
    found = together(["short", "other", LONG])
    assert len({one.key for one in found}) == 3
    assert found[2] == alone(LONG)
