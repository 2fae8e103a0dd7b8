from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from measurand.errors import InputError, VerifyError
from pipelines.compwob import pages
from pipelines.compwob.pages import Composed, Folder, Overlay, Wheel


def _wheel(folder: Path) -> Path:
    path = folder / "pages.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("miniwob/html/core/core.js", "core")
        archive.writestr("miniwob/html/flight/big.js", "not needed")
        archive.writestr("miniwob/__init__.py", "raise SystemExit")
    return path


def test_a_wheel_is_read_as_an_archive_and_only_its_pages_are_seen(tmp_path: Path) -> None:
    found = Wheel(_wheel(tmp_path))
    assert found.read("/core/core.js") == b"core"
    assert found.read("/flight/big.js") is None
    assert found.read("/../__init__.py") is None


def test_a_file_that_is_no_wheel_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "x.whl").write_bytes(b"no zip")
    with pytest.raises(VerifyError, match="delete it"):
        Wheel(tmp_path / "x.whl")


def test_a_folder_serves_nothing_outside_itself(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.html").write_text("a")
    (tmp_path / "secret").write_text("s")
    (tmp_path / "in" / "link").symlink_to(tmp_path / "secret")
    found = Folder(tmp_path / "in")
    assert found.read("/a.html") == b"a"
    assert found.read("/../secret") is None
    assert found.read("/link") is None
    assert found.read("/") is None


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere"):
        Folder(tmp_path / "nowhere")


def test_other_pages_are_another_environment(tmp_path: Path) -> None:
    below = Wheel(_wheel(tmp_path))
    other = Overlay(below, {"/core/core.js": b"poisoned"})
    assert other.read("/core/core.js") == b"poisoned"
    assert other.read("/core/none.js") is None
    assert Composed(other).sha256 != Composed(below).sha256


def test_our_own_files_are_packaged() -> None:
    for name in pages.OWN:
        assert pages.own_file(name)
    text = (Path(__file__).parents[3] / "pyproject.toml").read_text()
    assert '"*.html"' in text
    assert '"*.js"' in text
