"""A real S3 server for tests: SeaweedFS, with one user and one bucket.

Its package is in ``locks/test.lock``; without it the tests are skipped and say so.
"""

from __future__ import annotations

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
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

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


@contextmanager
def running(folder: Path) -> Iterator[Store]:
    """A server that keeps what it holds in a folder."""
    program = weed()
    if program is None:
        pytest.skip("no S3 server: `pip install -r locks/test.lock` to run this")
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


def use(store: Store, patch: pytest.MonkeyPatch, secret: str | None = None) -> None:
    """Name a server and its key in the environment, and nothing of this machine's owner."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        patch.delenv(name)
    patch.setenv("AWS_ENDPOINT_URL", store.address)
    patch.setenv("AWS_ACCESS_KEY_ID", store.key)
    patch.setenv("AWS_SECRET_ACCESS_KEY", secret or store.secret)
    patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
