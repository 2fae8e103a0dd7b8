from __future__ import annotations

import pickle
from pathlib import Path

import polars as pl
import pytest

from measurand import shards
from pipelines.soft_labels import reference
from pipelines.soft_labels.policy import Policy, load_policy
from pipelines.soft_labels.reference import ReferenceScores
from schemas.soft_labels.params import Params


def _scores(dataset: Path, params: Params, journal: Path) -> ReferenceScores:
    return ReferenceScores(
        params.build.policy, dataset / "pairs", Path("models"), journal, batch_size=3
    )


def _keys(dataset: Path) -> list[str]:
    return sorted(shards.read_table(dataset / "pairs", ["pair_id"])["pair_id"].to_pylist())


def test_rows_are_what_the_policy_gives(
    small_dataset: Path, small_params: Params, tmp_path: Path
) -> None:
    make = pickle.loads(pickle.dumps(_scores(small_dataset, small_params, tmp_path)))
    found = pl.concat([pl.DataFrame(pl.from_arrow(t)) for t, _ in make(_keys(small_dataset))])
    policy = load_policy(small_params.build.policy, Path("models"), micro_tokens=4096, device="cpu")
    texts = pl.DataFrame(pl.from_arrow(shards.read_table(small_dataset / "pairs")))
    row = found.join(texts, on="pair_id").row(5, named=True)
    pairs = policy.encode([(row["prompt"], row["text_1"], row["text_2"])])
    assert policy.measure(pairs)[0].tolist() == pytest.approx(
        [row["logp_1"], row["logp_2"]], abs=1e-4
    )
    assert (row["n_tokens_1"], row["n_prompt_tokens"]) == (
        pairs[0][0].n_response,
        pairs[0][0].start,
    )
    assert row["policy_sha256"] == policy.fingerprint


def test_a_killed_worker_goes_on(
    small_dataset: Path, small_params: Params, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = _keys(small_dataset)
    whole = list(_scores(small_dataset, small_params, tmp_path / "a")(keys))
    broken = _scores(small_dataset, small_params, tmp_path / "b")(keys)
    next(broken)
    next(broken)
    broken.close()  # type: ignore[attr-defined]
    asked: list[int] = []
    measure = Policy.measure

    def counted(self: Policy, pairs: list[object], features: object = None) -> object:
        asked.append(len(pairs))
        return measure(self, pairs, features)  # type: ignore[arg-type]

    monkeypatch.setattr(reference.Policy, "measure", counted)
    again = list(_scores(small_dataset, small_params, tmp_path / "b")(keys))
    assert sum(asked) == len(keys) - 6
    assert [t.to_pylist() for t, _ in again] == [t.to_pylist() for t, _ in whole]
