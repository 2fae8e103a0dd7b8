from __future__ import annotations

import json

from measurand.interop.account import Account, Group, States, first, lines


def test_the_same_thing_twice_adds_up() -> None:
    account = Account()
    account.leave("metric", "t, f1", "no mean", 3, told=0.5)
    account.leave("metric", "t, f1", "no mean", 4)
    account.leave("metric", "t, f1", "another reason")
    assert [(e.n, e.told) for e in account.left] == [(7, 0.5), (1, None)]


def test_accounts_of_logs_become_one() -> None:
    one, two = Account(read=[("a", 1)]), Account(read=[("b", 2)])
    one.groups = two.groups = [Group("g", ("x", "y"))]
    two.states = [States("b", 3, 2, 1, {"error": 1, "scored": 1})]
    whole = Account().join([one, two])
    assert whole.read == [("a", 1), ("b", 2)]
    assert whole.groups == [Group("g", ("x", "y"))]
    record = whole.record()
    assert json.loads(json.dumps(record)) == record
    assert record["samples"][0]["states"] == {"error": 1, "scored": 1}


def test_every_loss_is_a_line() -> None:
    account = Account(understood=["t.csv: cells are separated by semicolons."])
    account.leave("metric", "t, bleu", "a score of the corpus", 20, told=12.5)
    account.leave("file", "a.csv", "a table beside logs")
    assert lines(account.record()) == [
        "t.csv: cells are separated by semicolons.",
        "Left out: metric t, bleu (20): a score of the corpus. The log says 12.5.",
        "Left out: file a.csv: a table beside logs.",
    ]


def test_long_lists_are_cut() -> None:
    assert first([str(i) for i in range(7)]) == "0, 1, 2, 3, 4 and 2 more"
    assert first(["a"]) == "a"
