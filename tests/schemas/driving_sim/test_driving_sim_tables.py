from __future__ import annotations

from schemas.driving_sim.tables import DATASET


def test_tables_of_the_dataset_share_their_first_key() -> None:
    """Shards of one number then hold the same scenarios."""
    assert {spec.key[0] for spec in DATASET} == {"scenario_id"}
    assert len({spec.name for spec in DATASET}) == len(DATASET)
