"""What is built where a browser or a sandbox is missing; the experience itself is tested with
its module."""

from __future__ import annotations

from pathlib import Path

import pytest
from webagent_pages import corpus_of, write_pages

from measurand.errors import CapabilityError
from measurand.manifest import read_manifest
from pipelines.webagent import dataset
from schemas.webagent.params import Build, Params


def no_driver() -> str:
    raise CapabilityError("no chromedriver", hint="install it", code="missing_driver")


@pytest.mark.integration
def test_the_corpus_is_built_without_a_browser_and_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(dataset.driver, "program", no_driver)
    write_pages(tmp_path / "pages", 24)
    params = Params(build=Build(corpus=corpus_of(tmp_path / "pages")))
    dataset.build(params, tmp_path / "out", "FnApiRunner", journal=tmp_path / "j")
    said = [line for line in capsys.readouterr().out.splitlines() if "left out" in line]
    assert said == ["build webagent: experience is left out: no chromedriver (install it)"]
    assert read_manifest(tmp_path / "out" / "examples").rows
    assert not (tmp_path / "out" / "experience").exists()


@pytest.mark.parametrize("lacking", ["missing_driver", "missing_sandbox"])
def test_a_build_of_nothing_is_refused(
    lacking: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = no_driver if lacking == "missing_driver" else lambda: "chromedriver"
    monkeypatch.setattr(dataset.driver, "program", found)
    monkeypatch.setattr(dataset.sandbox, "works", lambda: False)
    with pytest.raises(CapabilityError) as caught:
        dataset.build(Params(), tmp_path / "out", "FnApiRunner", journal=tmp_path / "j")
    assert caught.value.code == lacking
    assert not (tmp_path / "out").exists()


def test_what_is_wanted_is_played_where_one_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Build] = []
    monkeypatch.setattr(dataset.driver, "program", lambda: "chromedriver")
    monkeypatch.setattr(dataset.sandbox, "works", lambda: False)
    monkeypatch.setattr(dataset.collecting, "write", lambda given, *_: asked.append(given))
    params = Params.model_validate({"build": {"experience": {"without_sandbox": True}}})
    dataset.build(params, tmp_path / "out", "FnApiRunner", journal=tmp_path / "j")
    assert asked == [params.build]
