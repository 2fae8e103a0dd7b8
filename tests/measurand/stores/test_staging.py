"""The verbs on a real S3 server."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import s3_server
from api_project import files, project
from s3_server import BUCKET, Store

import measurand
from measurand import stores
from measurand.errors import InputError, StoreError
from measurand.manifest import shard_name
from measurand.parquet import split, write_shard
from measurand.shards import write_manifest
from measurand.stores.generations import published
from measurand.tables import Column, Table

__all__ = ["project"]
pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]


@pytest.fixture
def url(store: Store) -> str:
    return f"s3://{BUCKET}/{secrets.token_hex(4)}"


def python(*words: str) -> subprocess.CompletedProcess[str]:
    """What Python says, with this process's modules."""
    env = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    return subprocess.run(
        [sys.executable, *words], capture_output=True, text=True, check=False, env=env
    )


def test_build_verify_evaluate_and_publish_on_a_store(
    project: Path, url: str, store: Store, capfd: pytest.CaptureFixture[str]
) -> None:
    built = measurand.build("personality", out=f"{url}/dataset")
    here = measurand.build("personality")
    assert built.record["tables"] == here.record["tables"]
    assert (built.folder, built.record["folder"]) == (f"{url}/dataset",) * 2
    stores.fetch(stores.place(f"{url}/dataset"), project / "back")
    assert files(project / "back") == files(here.folder)
    assert measurand.verify(url).record == {"path": url, "problems": []}

    one = measurand.evaluate("personality", out="one")
    two = measurand.evaluate("personality", out=f"{url}/two", data=url, journal="other")
    stores.fetch(stores.place(f"{url}/two"), project / "two")
    assert files(project / "two") == files(project / "one")
    assert one.record["tables"] == two.record["tables"]

    there = measurand.report(
        "personality", data=url, results=f"{url}/two", out="report-two", gates="none"
    )
    at_home = measurand.report("personality", results="one", out="report-one", gates="none")
    for name in ("statistics.parquet", "metrics.json", "scores.csv"):
        assert (there.folder / name).read_bytes() == (at_home.folder / name).read_bytes()
    hashes = [page.document().provenance["results"]["items"] for page in (there, at_home)]
    assert hashes[0] == hashes[1]
    page = f"{url}/page"
    shared = measurand.report("personality", results="one", out=page, gates="none")
    stores.fetch(stores.place(page), project / "back-page")
    assert files(project / "back-page") == files(project / "report-one")
    assert (shared.folder, measurand.Report(page).to_json()) == (page, at_home.to_json())
    assert shared.to_arrow().equals(at_home.to_arrow())

    assert not measurand.train("personality", out=f"{url}/checkpoint", data=url).record["trained"]
    sent = measurand.publish("personality", to=f"{url}/shared", data=f"{url}/dataset")
    assert sent.address == f"{url}/shared"
    measurand.publish("personality", to="shared")
    stores.fetch(stores.place(f"{url}/shared"), project / "back-shared")
    assert files(project / "back-shared") == files(project / "shared")
    told = capfd.readouterr()
    written = [p.read_bytes() for p in project.rglob("*") if p.is_file()]
    assert store.secret.encode() not in b"".join([*written, told.out.encode(), told.err.encode()])
    assert not (project / "s3:").exists()


def test_a_changed_shard_is_a_problem(project: Path, url: str) -> None:
    measurand.build("personality", out=f"{url}/dataset")
    place = stores.place(f"{url}/dataset")
    [(_, index)] = published(place)
    shard = next(one.path for one in index.entries if one.path.endswith(".parquet"))
    with place.files.open_output_stream(f"{place.path}/{index.generation}/{shard}") as stream:
        stream.write(b"PAR1")
    [problem] = measurand.verify(url).problems
    assert problem.startswith(f"{place.url}/{index.generation}/{shard}: sha256 differs")


def test_a_store_is_asked_before_anything_is_computed(
    project: Path, url: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputError, match="nothing is published there"):
        measurand.verify(url)
    with pytest.raises(InputError, match="nothing is published there"):
        measurand.evaluate("personality", data=url)
    with pytest.raises(InputError, match="nothing is published there"):
        measurand.report("personality", data=url)
    s3_server.use(store, monkeypatch, "0" * 32)
    told: list[str] = []
    with pytest.raises(StoreError, match=r"ACCESS_DENIED|SIGNATURE_DOES_NOT_MATCH"):
        measurand.build(
            "personality", out=f"{url}/dataset", progress=lambda what, *_: told.append(what)
        )
    assert told == []


def test_the_command_takes_urls(project: Path, url: str) -> None:
    done = python("-m", "measurand.cli", "build", "personality", "--out", f"{url}/dataset")
    assert done.returncode == 0, done.stderr
    assert f"build personality: {url}/dataset" in done.stdout
    done = python("-m", "measurand.cli", "verify", f"{url}/dataset")
    assert (done.returncode, done.stdout) == (0, f"{url}/dataset: fine\n"), done.stderr
    measurand.build("personality")
    measurand.evaluate("personality")
    words = ("report", "personality", "--out", f"{url}/page", "--gates", "none")
    for more in ((), ("--print",)):
        done = python("-m", "measurand.cli", *words[: 4 if more else 6], *more)
        assert done.returncode == 0, done.stderr
        assert f"report: {url}/page/report.html (also .md and .json)" in done.stdout


READ = """
import json, resource, sys
from measurand import stores, shards
from measurand.verification import verify


def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


url, n = sys.argv[1], 0
with stores.sources(url, ["dataset"]) as data:
    begun = peak()
    for _, table in shards.iter_shards(data / "dataset" / "t"):
        n += table.num_rows
read = peak()
problems = stores.problems(url, verify)
print(json.dumps([n, begun, read, peak(), problems]))
"""


@pytest.mark.parametrize("n_shards", [100, 1000])
def test_memory_of_reading_many_shards_is_flat(url: str, tmp_path: Path, n_shards: int) -> None:
    """Peaks in MiB, of a process of its own: after fetching, after reading, after verifying."""
    columns = (Column("key", pa.string(), "key"), Column("x", pa.float64(), "number"))
    spec = Table(name="toy.many", version="1.0.0", key=("key",), doc="Rows.", columns=columns)
    rows = 200 * n_shards
    keys = pa.array([f"{i:012d}" for i in range(rows)])
    numbers = pa.array(np.random.default_rng(0).normal(size=rows))
    parts = split(spec.from_columns({"key": keys, "x": numbers}), "key", n_shards)
    out = tmp_path / "dataset" / "t"
    for i, part in parts.items():
        write_shard(spec, part, out / shard_name(i, n_shards))
    write_manifest(out, spec, n_shards=n_shards, parents={}, params={}, sources=(), rows_in=rows)
    stores.publish(tmp_path / "dataset", stores.place(f"{url}/dataset"))
    done = python("-c", READ, url)
    assert done.returncode == 0, done.stderr
    n, begun, read, verified, problems = json.loads(done.stdout)
    print(f"{n_shards} shards: {begun} MiB fetched, {read} MiB read, {verified} MiB verified")
    assert (n, problems) == (rows, [])
    assert verified - begun < 60
