from __future__ import annotations

from pathlib import Path

import driving_sim_files as made
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
import torch

from pipelines.driving_sim import argoverse, generator, recorded, worlds
from pipelines.driving_sim.lines import lengths
from pipelines.driving_sim.measures import off_road
from pipelines.driving_sim.recording import RecordError
from pipelines.driving_sim.scenario import Scenario


@pytest.mark.integration
def test_a_scenario_written_as_published_comes_back(
    scenarios: list[Scenario], tmp_path: Path
) -> None:
    given = next(s for s in scenarios if s.family == "tee")
    found = recorded.scenario_of(argoverse.recording(made.av2(given, tmp_path)))
    order = [0 if name == "AV" else int(name) for name in found.source_id]
    seen = given.valid[order]
    assert np.array_equal(found.valid, seen)
    assert np.abs(found.track - given.track[order])[seen].max() < 1e-9
    assert found.source_id[1] == "1"  # what was recorded for comes before the nearer ones
    assert farthest(found, given) < 0.01
    assert [lane.exit for lane in found.lanes] == [lane.exit for lane in given.lanes]
    assert found.cluster_id == "a slice"
    # The log lies on the road that the lanes cover, and 3 m beside it off it.
    world = worlds.world([found])
    sdc = world.log[:, 0, 10]
    assert float(off_road(world, sdc)) < 0
    aside = sdc + 30 * torch.stack([-sdc[:, 2].sin(), sdc[:, 2].cos(), *[0 * sdc[:, 0]] * 2], -1)
    assert float(off_road(world, aside)) > 0


def farthest(found: Scenario, given: Scenario) -> float:
    """Metres between the centre lines of two maps at most."""
    pairs = zip(found.lanes, given.lanes, strict=True)
    lines = [[shapely.LineString(lane.line) for lane in pair] for pair in pairs]
    return max(shapely.hausdorff_distance(*pair, densify=0.1) for pair in lines)


@pytest.mark.integration
def test_the_middle_of_a_long_lane_is_its_centre(tmp_path: Path) -> None:
    """Half a kilometre that bends both ways, of which a few points would cut the bends."""
    given = generator.scenario("curve", 1)
    found = recorded.scenario_of(argoverse.recording(made.av2(given, tmp_path)))
    assert max(lengths(lane.line)[-1] for lane in given.lanes) > 500
    assert farthest(found, given) < 0.01


def test_what_is_lacking_is_named(scenarios: list[Scenario], tmp_path: Path) -> None:
    path = made.av2(scenarios[0], tmp_path)
    table = pq.read_table(path)
    beside = next(tmp_path.glob("log_map*"))

    def code() -> str:
        with pytest.raises(RecordError) as error:
            argoverse.recording(path)
        return error.value.code

    for changed, reason in (
        (table.filter(pa.compute.not_equal(table["track_id"], "AV")), "no_sdc"),
        (table.drop_columns(["heading"]), "no_column"),
        (table.slice(0, 0), "short"),
        (pa.concat_tables([table, table.slice(0, 1)]), "ragged"),
    ):
        pq.write_table(changed, path)
        assert code() == reason
    pq.write_table(table, path)
    for text, reason in (
        ("[1]", "bad_map"),
        ("{", "bad_map"),
        ('{"lane_segments": {"1": {}}}', "bad_map"),
    ):
        beside.write_text(text)
        assert code() == reason
    beside.unlink()
    assert code() == "no_map"
    path.write_bytes(b"PAR1 but not really")
    assert code() == "not_parquet"


def test_outlines_keep_their_shape_without_points_that_lie_on_a_line() -> None:
    """A bend of radius 60 m and 4 m width, with a point each 5 cm, between the map's ends."""
    angle = np.linspace(0, 1.2, 1440)
    sides = [r * np.stack([np.sin(angle), 1 - np.cos(angle)], 1) for r in (60.0, 64.0)]
    area = np.pad(np.concatenate([sides[0], sides[1][::-1]]), ((0, 0), (0, 1)))
    line = np.concatenate(list(argoverse._edges([area])))
    assert len(line) < 100
    border = shapely.Polygon(area[:, :2]).exterior
    assert shapely.distance(border, shapely.points(line[:, :2])).max() < 0.06
