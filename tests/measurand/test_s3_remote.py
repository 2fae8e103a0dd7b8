"""A DVC remote on a real S3 server: push, lose the cache, pull, clean; wrong keys are refused.

Both packages are in ``locks/test.lock``; without them the test is skipped and says so.
"""

from __future__ import annotations

import importlib.util
import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import forked
import pytest
import toy_graph
from s3_server import BUCKET, Store, running

from measurand.stale import findings

# Ten processes of DVC: minutes where the machine is busy.
pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    if importlib.util.find_spec("dvc_s3") is None:
        pytest.skip("DVC cannot speak S3: `pip install -r locks/test.lock` to run this")
    with running(tmp_path_factory.mktemp("weed")) as found:
        yield found


def dvc(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    # Keys of this machine's owner must not stand in for those of the test.
    kept = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    return forked.dvc(
        root, *words, environment={**kept, "AWS_EC2_METADATA_DISABLED": "true"}, seconds=300
    )


def ok(root: Path, *words: str) -> str:
    done = dvc(root, *words)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, store: Store) -> Path:
    """A small project that has run, with the store as its remote and a wrong secret."""
    root = tmp_path_factory.mktemp("s3_project")
    toy_graph.write(root)
    (root / "src" / "a.txt").write_text(secrets.token_hex(6_000_000))
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    ok(root, "init", "-q")
    ok(root, "repro", "-q")
    (root / ".dvc" / "config").write_text(
        "[core]\n    remote = store\n"
        f"['remote \"store\"']\n    url = s3://{BUCKET}/data\n    endpointurl = {store.address}\n"
    )
    _sign(root, store.key, "0" * 32)
    return root


def _sign(root: Path, key: str, secret: str) -> None:
    """What ``dvc remote modify --local`` writes, seconds sooner."""
    (root / ".dvc" / "config.local").write_text(
        f"['remote \"store\"']\n    access_key_id = {key}\n    secret_access_key = {secret}\n"
    )


def test_push_lose_everything_pull_and_all_is_clean(project: Path, store: Store) -> None:
    refused = dvc(project, "push")
    assert refused.returncode != 0
    assert "ERROR" in refused.stderr
    _sign(project, store.key, store.secret)
    assert "new:" in ok(project, "status", "--cloud")

    before = {name: (project / "data" / name / "rows.txt").read_bytes() for name in "ab"}
    assert "pushed" in ok(project, "push")
    shutil.rmtree(project / ".dvc" / "cache")
    shutil.rmtree(project / "data")
    assert {f.state for f in findings(project)} != {"ok"}
    ok(project, "pull")
    after = {name: (project / "data" / name / "rows.txt").read_bytes() for name in "ab"}
    assert after == before
    assert "up to date" in ok(project, "status")
    assert "in sync" in ok(project, "status", "--cloud")
    assert {f.state for f in findings(project)} == {"ok"}


def test_keys_stay_out_of_what_git_keeps(project: Path, store: Store) -> None:
    local = (project / ".dvc" / "config.local").read_text()
    assert store.key in local
    subprocess.run(["git", "add", "-A"], cwd=project, check=True)
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=project, capture_output=True, text=True, check=True
    )
    kept = [project / name for name in listed.stdout.split("\0") if name]
    assert project / ".dvc" / "config" in kept
    secret = next(line for line in local.splitlines() if "secret" in line).split()[-1]
    assert not [path for path in kept if secret in path.read_text()]
