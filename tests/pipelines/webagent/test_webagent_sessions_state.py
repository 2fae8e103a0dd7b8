from __future__ import annotations

from pipelines.webagent.blocks import Links
from pipelines.webagent.sessions import Session, Setting, Visit, pager
from pipelines.webagent.state import State, asked

SETTING = Setting("map", "slate", 3)


def test_a_token_is_good_once_and_in_its_session_only() -> None:
    one, other = Session(SETTING, "a"), Session(SETTING, "b")
    token = one.token()
    assert not other.spend(token)
    assert one.spend(token)
    assert not one.spend(token)


def test_tokens_follow_from_the_secret() -> None:
    assert [Session(SETTING, "a").token() for _ in range(2)] == [Session(SETTING, "a").token()] * 2
    assert Session(SETTING, "a").token() != Session(SETTING, "b").token()


def test_a_query_is_what_was_asked_for_without_what_was_left_alone() -> None:
    args = {"kind": ["cafe"], "avoid": ["b", "a"], "rating": [""], "x": ["1"], "sort": ["best"]}
    found = asked("places", args, ("kind", "avoid", "rating", "sort"), "best")
    assert found == {"on": "places", "kind": "cafe", "avoid": "a,b"}
    assert asked("places", {"sort": ["near"]}, ("sort",), "best")["sort"] == "near"


def test_a_state_is_told_from_another_by_its_hash() -> None:
    assert State().sha256 == State().sha256
    assert State(opened="m1").sha256 != State().sha256


def visit(page: str) -> Visit:
    return Visit(Session(SETTING, "a"), "/map/places", {"kind": ["cafe"], "page": [page]})


def test_pages_of_a_list_hold_everything_once() -> None:
    shown = [pager(visit(str(n)), range(31), 14)[0] for n in (1, 2, 3)]
    assert [len(some) for some in shown] == [14, 14, 3]
    assert [n for some in shown for n in some] == list(range(31))


def test_links_to_pages_keep_what_was_asked_for_and_nonsense_is_page_one() -> None:
    found, links = pager(visit("-3"), range(31), 14)
    assert found == list(range(14))
    assert links == Links(
        (
            ("", "Page 1"),
            ("/map/places?kind=cafe&page=2", "Page 2"),
            ("/map/places?kind=cafe&page=3", "Page 3"),
        ),
        "Pages",
    )
