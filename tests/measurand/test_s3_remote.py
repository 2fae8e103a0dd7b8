"""A DVC remote on a real S3 server: push, lose the cache, pull, clean; wrong keys are refused.

Both packages are in ``locks/test.lock``; without them the test is skipped and says so.
"""

from __future__ import annotations

import importlib.util
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import toy_graph

from measurand.stale import findings

# Ten processes of DVC: minutes where the machine is busy.
pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]
BUCKET = "measurand"
PORTS = ("master", "volume", "filer", "s3")


@dataclass(frozen=True)
class Store:
    """A running server.

    Attributes:
        address: where it listens.
        key: access key of its one user.
        secret: the user's secret key.
    """

    address: str
    key: str
    secret: str


def weed() -> str | None:
    beside = Path(sys.executable).with_name("weed")
    return str(beside) if beside.is_file() else shutil.which("weed")


def free_ports(n: int) -> list[int]:
    held = [socket.socket() for _ in range(n)]
    for one in held:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    program = weed()
    if program is None:
        pytest.skip("no S3 server: `pip install -r locks/test.lock` to run this")
    if importlib.util.find_spec("dvc_s3") is None:
        pytest.skip("DVC cannot speak S3: `pip install -r locks/test.lock` to run this")
    folder = tmp_path_factory.mktemp("weed")
    key, secret = "measurand", secrets.token_hex(16)
    user = {"name": "us", "credentials": [{"accessKey": key, "secretKey": secret}]}
    (folder / "s3.json").write_text(json.dumps({"identities": [{**user, "actions": ["Admin"]}]}))
    ports = free_ports(2 * len(PORTS))
    flags = [
        flag
        for i, part in enumerate(PORTS)
        for flag in (f"-{part}.port={ports[2 * i]}", f"-{part}.port.grpc={ports[2 * i + 1]}")
    ]
    command = [
        *(program, "server", "-s3", f"-dir={folder}", f"-s3.config={folder / 's3.json'}", *flags),
        *("-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-volume.max=8", "-master.volumeSizeLimitMB=64"),
        *("-s3.port.iceberg=0", "-s3.port.lance=0"),
    ]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
    try:
        address = f"http://127.0.0.1:{ports[2 * PORTS.index('s3')]}"
        _wait_for(address, server, folder / "log")
        master = f"-master=127.0.0.1:{ports[0]}.{ports[1]}"
        _make_bucket([program, "shell", master], folder)
        yield Store(address, key, secret)
    finally:
        server.kill()  # it would take half a minute to leave its own cluster
        server.wait(timeout=30)


def _wait_for(address: str, server: subprocess.Popen[bytes], log: Path, seconds: int = 60) -> None:
    for _ in range(10 * seconds):
        try:
            urllib.request.urlopen(address, timeout=2)
            return
        except urllib.error.HTTPError:
            return  # it answers, and wants a signature
        except OSError:
            assert server.poll() is None, log.read_text()[-2000:]
            time.sleep(0.1)
    raise AssertionError(log.read_text()[-2000:])


def _make_bucket(shell: list[str], folder: Path) -> None:
    for _ in range(60):
        done = subprocess.run(
            shell,
            input=f"s3.bucket.create -name {BUCKET}\n".encode(),
            capture_output=True,
            timeout=60,
            check=False,
            cwd=folder,
        )
        if b"create bucket" in done.stdout + done.stderr:
            return
        time.sleep(0.5)
    raise AssertionError((done.stdout + done.stderr).decode()[-2000:])


def dvc(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    # Keys of this machine's owner must not stand in for those of the test.
    kept = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    return subprocess.run(
        [sys.executable, "-m", "dvc", *words],
        cwd=root,
        env={**kept, "DVC_NO_ANALYTICS": "1", "AWS_EC2_METADATA_DISABLED": "true"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
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
