from __future__ import annotations

import itertools

import pytest
from test_compwob_sentences import SAID

from pipelines.compwob.grammar import EMAIL, Clause, as_said, read, sender_and_receiver
from pipelines.compwob.sentences import forward, reversed_order
from pipelines.compwob.tasks import NAMES, composition

KINDS = {
    "click-checkboxes": "select",
    "click-checkboxes-transfer": "select",
    "click-option": "select",
    "login-user-popup": "login-user",
    "email-inbox-forward-nl": EMAIL,
    "email-inbox-forward-nl-turk": EMAIL,
}


def _kinds(clauses: list[Clause] | None) -> list[str]:
    return [clause.kind for clause in clauses or []]


@pytest.mark.parametrize("name", NAMES)
def test_both_wordings_of_every_composition_are_read_in_execution_order(name: str) -> None:
    parts = composition(name).parts
    said = [(part, SAID[part]) for part in parts]
    wanted = [KINDS.get(part, part) for part in parts]
    assert _kinds(read(forward(said))) == wanted
    assert _kinds(read(reversed_order(said))) == wanted


def test_who_does_not_read_after_takes_the_last_half_first() -> None:
    said = [("click-button", SAID["click-button"]), ("click-link", SAID["click-link"])]
    assert _kinds(as_said(reversed_order(said))) == ["click-link", "click-button"]
    assert as_said(forward(said)) == read(forward(said))


def test_every_pair_of_base_tasks_is_read_back() -> None:
    for one, two in itertools.product(SAID, repeat=2):
        said = [(one, SAID[one]), (two, SAID[two])]
        wanted = [KINDS.get(one, one), KINDS.get(two, two)]
        assert _kinds(read(reversed_order(said))) == wanted, (one, two)
        if not one.startswith("email"):
            assert _kinds(read(forward(said))) == wanted, (one, two)


@pytest.mark.parametrize(
    "name",
    ["After", "after clicking", "Before", "once you have clicked", "x, but first y", "go. Find me"],
)
def test_words_in_a_name_turn_nothing_round(name: str) -> None:
    one, two = f'click on the "{name}" button', f'click on the link "{name}, then"'
    asked = [{"text": name}, {"text": f"{name}, then"}]
    assert [c.values for c in read(f"{one}, and then {two}.")] == asked
    turned = f'{two}, after clicking on the "{name}" button.'
    assert [c.values for c in read(turned)] == asked
    assert [c.values for c in as_said(turned)] == asked[::-1]


def test_values_are_taken_whole() -> None:
    clauses = read('Select a, b and click Submit, and then click on the link "sed, and".')
    assert clauses is not None
    assert [c.values for c in clauses] == [{"names": "a, b"}, {"text": "sed, and"}]


@pytest.mark.parametrize(
    ("request_", "pair"),
    [
        ("Forward the email from Ada to Bo", ("Ada", "Bo")),
        ("Send Bo the email you got from Ada", ("Ada", "Bo")),
        ("Bo wants the email Ada sent to you", ("Ada", "Bo")),
        ("Forward to Bo the email from Ada", ("Ada", "Bo")),
        ("Get Ada's message and give Bo a copy", ("Ada", "Bo")),
        ("I want the mail by Ada to be sent to Bo", ("Ada", "Bo")),
    ],
)
def test_sender_and_receiver_are_told_apart(request_: str, pair: tuple[str, str]) -> None:
    assert sender_and_receiver(request_, ["Bo", "Cy", "Ada"]) == pair


def test_one_known_name_is_not_enough() -> None:
    assert sender_and_receiver("Forward the mail from Ada", ["Ada", "Bo"]) is None
