from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from measurand.cli import main
from measurand.errors import InputError
from measurand.training import ranks
from measurand.training.fit import Plan, fit


@pytest.fixture
def as_rank(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of a rank whose others never come."""
    for name, value in {"RANK": "1", "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1"}.items():
        monkeypatch.setenv(name, value)


def within(rank: int, world: int) -> list[slice]:
    token = ranks._HERE.set((rank, world))
    try:
        return [ranks.mine(n) for n in range(world, world + 9)]
    finally:
        ranks._HERE.reset(token)


@given(st.integers(1, 9))
def test_every_row_is_one_ranks(world: int) -> None:
    shares = [within(rank, world) for rank in range(world)]
    for n in range(world, world + 9):
        rows = [list(range(n))[own[n - world]] for own in shares]
        assert [row for some in rows for row in some] == list(range(n))
        assert max(map(len, rows)) - min(map(len, rows)) <= 1


@given(st.integers(1, 5), st.lists(st.integers(), max_size=20))
def test_every_job_is_one_ranks(world: int, jobs: list[int]) -> None:
    dealt = []
    for rank in range(world):
        token = ranks._HERE.set((rank, world))
        dealt.append(list(ranks.dealt(jobs)))
        ranks._HERE.reset(token)
    assert sorted(job for own in dealt for job in own) == sorted(jobs)
    assert [dealt[k % world][k // world] for k in range(len(jobs))] == jobs


def test_without_torchrun_there_is_one_rank() -> None:
    assert (ranks.asked(), ranks.world(), ranks.first(), ranks.mine(0)) == (
        (0, 1), 1, True, slice(0, 0),
    )  # fmt: skip
    with ranks.joined():
        assert (ranks.gathered("a"), ranks.from_first(lambda: "b")) == (["a"], "b")
    ranks.see(Path("/nowhere"))
    assert not Path("/nowhere").exists()


def test_more_ranks_than_rows() -> None:
    token = ranks._HERE.set((0, 4))
    try:
        with pytest.raises(InputError, match="4 ranks for a batch of 3 rows") as caught:
            ranks.mine(3)
        with ranks.alone():
            assert ranks.mine(3) == slice(0, 3)
    finally:
        ranks._HERE.reset(token)
    assert caught.value.code == "too_many_ranks"


def test_a_training_whose_rows_are_not_divided() -> None:
    import torch

    weight = torch.zeros(1, requires_grad=True)
    token = ranks._HERE.set((0, 2))
    try:
        with pytest.raises(InputError, match="line: 2 ranks, and the rows") as caught:
            fit({"w": weight}, int, lambda _: weight.sum(), Plan(1, lambda _: {"lr": 1.0}),
                label="line")  # fmt: skip
    finally:
        ranks._HERE.reset(token)
    assert caught.value.code == "too_many_ranks"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"RANK": "2"}, "RANK is '2' and WORLD_SIZE '2'"),
        ({"RANK": ""}, "RANK is ''"),
        ({"WORLD_SIZE": "many"}, "WORLD_SIZE 'many'"),
        ({"MASTER_ADDR": "127.0.0.1"}, "MASTER_PORT"),
        ({"MASTER_PORT": "1"}, "rank 1 of 2"),
    ],
)
def test_ranks_that_do_not_find_each_other(
    as_rank: None, monkeypatch: pytest.MonkeyPatch, change: dict[str, str], said: str
) -> None:
    monkeypatch.setattr(ranks, "JOIN_SECONDS", 0.5)
    for name, value in change.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(InputError, match=said) as caught, ranks.joined():
        pass
    assert caught.value.code == "no_rendezvous"
    assert "unset WORLD_SIZE" in str(caught.value)


def test_other_verbs_are_refused(
    as_rank: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "x")
    assert main(["evaluate", "personality"]) == 3
    said = capsys.readouterr().err
    assert "no_ranks: torchrun started 2 processes of `measurand evaluate`" in said
    monkeypatch.setenv("WORLD_SIZE", "1")
    ranks.refuse("evaluate")
