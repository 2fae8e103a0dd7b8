"""A release is the same bytes every time, and what it says of itself is so."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest
import yaml

from measurand.version import __version__
from release import make

ROOT = Path(__file__).parents[2]


def test_a_tar_is_a_function_of_its_files() -> None:
    def packed(names: list[str], seconds: int) -> bytes:
        raw = io.BytesIO()
        with tarfile.open(fileobj=raw, mode="w:gz") as tar:
            for name in names:
                member = tarfile.TarInfo(name)
                member.size, member.mtime, member.uname = 2, seconds, f"user{seconds}"
                tar.addfile(member, io.BytesIO(b"ab"))
        return raw.getvalue()

    one, two = packed(["a", "b"], 1), packed(["b", "a"], 2)
    assert one != two
    assert make.even(one, 5) == make.even(two, 5)
    with tarfile.open(fileobj=io.BytesIO(make.even(one, 5))) as tar:
        assert [(m.name, m.mtime, m.uname) for m in tar.getmembers()] == [
            ("a", 5, ""),
            ("b", 5, ""),
        ]


def test_the_version_stands_in_one_place() -> None:
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert cited["version"] == __version__
    assert cited["license"] == "Apache-2.0"


def test_the_workflow_says_that_it_was_not_run_and_holds_no_token() -> None:
    text = (ROOT / ".github/workflows/release.yml").read_text(encoding="utf-8")
    assert "has not been run" in text
    assert "secrets." not in text
    jobs = yaml.safe_load(text)["jobs"]
    assert jobs["publish"]["permissions"] == {"id-token": "write"}
    assert "permissions" not in jobs["build"]


@pytest.mark.integration
def test_a_release_is_made_and_checked(tmp_path: Path) -> None:
    """Two builds of both distributions; ten seconds."""
    for package in ("build", "twine", "cyclonedx"):
        pytest.importorskip(package, reason="part of locks/release.lock")
    assert make.main([str(tmp_path / "dist")]) == 0
    found = {p.name: p.read_bytes() for p in (tmp_path / "dist").iterdir()}
    wheel, sdist = f"measurand-{__version__}-py3-none-any.whl", f"measurand-{__version__}.tar.gz"
    assert set(found) == {wheel, sdist, "sbom.cdx.json", "SHA256SUMS"}
    for line in found["SHA256SUMS"].decode().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256(found[name]).hexdigest() == digest
    with zipfile.ZipFile(io.BytesIO(found[wheel])) as archive:
        folder = f"measurand-{__version__}.dist-info"
        about = Parser().parsestr(archive.read(f"{folder}/METADATA").decode())
        licence = archive.read(f"{folder}/licenses/LICENSE")
    assert about["License-Expression"] == "Apache-2.0"
    assert licence == (ROOT / "LICENSE").read_bytes()
    with tarfile.open(fileobj=io.BytesIO(found[sdist])) as tar:
        names = {name.partition("/")[2] for name in tar.getnames()}
    assert {"CITATION.cff", "CHANGELOG.md", "LICENSE", "measurand/cli.py"} <= names
    assert not [n for n in names if n.startswith(("tests", "pipelines", "data"))]
    bill = json.loads(found["sbom.cdx.json"])
    packages = {one["name"] for one in bill["components"]}
    assert {"numpy", "scipy", "pyarrow", "jinja2", "pydantic", "pyyaml", "packaging"} <= packages
    assert not {"torch", "apache-beam", "polars"} & packages
    assert len(packages) <= 13
    # Where something lies already, nothing is written over it.
    assert make.main([str(tmp_path / "dist")]) == 1
