"""Uploads by the real client, in a process of its own, to a local server that hashes every object.

What this proves: our calls, the set of files, their bytes, that a second run sends nothing, what
happens on refusal. What it does not: the Hub's Xet protocol and its own rules.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from toy_dataset import write
from toy_hub import serving

from measurand.errors import InfraError, InputError
from measurand.publishing import hub, publication

UPLOAD = """
import sys
from pathlib import Path
from measurand.errors import MeasurandError
from measurand.publishing import hub
try:
    hub.check("me/toy")
    print(hub.upload(Path(sys.argv[1]), "me/toy", message="toy", private=False))
except MeasurandError as error:
    print(error.code, error)
    raise SystemExit(3)
"""


def upload(folder: Path, address: str, **changes: str) -> subprocess.CompletedProcess[str]:
    settings = {"HF_ENDPOINT": address, "HF_HUB_DISABLE_XET": "1", "HF_TOKEN": "secret"}
    environment = {**os.environ, "HF_HUB_OFFLINE": "0", "HF_HOME": str(folder.parent), **settings}
    return subprocess.run(
        [sys.executable, "-c", UPLOAD, str(folder)],
        env=environment | changes,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def publish(dataset: Path, out: Path) -> Path:
    found = publication.prepare("toy", dataset, about="Toy.", own="MIT", repo="me/toy")
    publication.write(found, out)
    return out


@pytest.mark.integration
def test_every_byte_arrives_and_a_second_run_sends_no_object(dataset: Path, tmp_path: Path) -> None:
    folder = publish(dataset, tmp_path / "out")
    with serving() as (address, server):
        done = upload(folder, address)
        assert done.returncode == 0, done.stdout + done.stderr
        assert f"{address}/datasets/me/toy/commit/" in done.stdout
        assert server.repos["me/toy"] == {
            p.relative_to(folder).as_posix(): p.read_bytes()
            for p in folder.rglob("*")
            if p.is_file()
        }
        server.calls.clear()
        assert upload(folder, address).returncode == 0
        assert not [call for call in server.calls if call.startswith("PUT")]

        smaller = publish(write(tmp_path / "less", n=3), tmp_path / "out2")
        (smaller / "data" / "words" / "rejected.parquet").unlink()
        assert upload(smaller, address).returncode == 0
        assert "data/words/rejected.parquet" not in server.repos["me/toy"]


@pytest.mark.integration
def test_bytes_that_changed_on_the_way_are_noticed(dataset: Path, tmp_path: Path) -> None:
    folder = publish(dataset, tmp_path / "out")
    with serving(spoil=True) as (address, _):
        done = upload(folder, address)
    assert done.returncode == 3
    assert "verify_failed" in done.stdout
    assert "another sha256" in done.stdout


@pytest.mark.integration
def test_a_hub_that_cannot_be_reached_is_named(dataset: Path, tmp_path: Path) -> None:
    done = upload(publish(dataset, tmp_path / "out"), "http://127.0.0.1:1")
    assert done.returncode == 3, done.stderr
    assert done.stdout.startswith("upload_failed me/toy: ConnectError")


@pytest.mark.integration
def test_refusals_say_what_to_do(dataset: Path, tmp_path: Path) -> None:
    folder = publish(dataset, tmp_path / "out")
    with serving() as (address, _):
        refused = upload(folder, address, HF_TOKEN="wrong")
        nobody = upload(folder, address, HF_TOKEN="")
        offline = upload(folder, address, HF_HUB_OFFLINE="1")
    assert (refused.returncode, offline.returncode) == (3, 3)
    assert "upload_refused" in refused.stdout
    assert "the token in HF_TOKEN is not known there" in refused.stdout
    assert "no token was sent" in nobody.stdout
    assert offline.stdout.startswith("offline")


def test_names_that_the_hub_does_not_have(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    hub.check("me/toy", send=False)
    for name in ("toy", "me/toy/more", "me/--toy", ""):
        with pytest.raises(InputError, match="owner"):
            hub.check(name, send=False)


def test_offline_is_found_before_anything_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(InfraError, match="HF_HUB_OFFLINE"):
        hub.check("me/toy")
