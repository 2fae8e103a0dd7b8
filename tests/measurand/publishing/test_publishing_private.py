from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from measurand.manifest import Source, read_manifest
from measurand.publishing import publication
from measurand.publishing.private import named, scrubbed


@pytest.mark.parametrize(
    ("text", "public"),
    [
        ("hf:/elsewhere/my model", "hf:my model"),
        ("hf:/elsewhere/m?adapter=/elsewhere/a/b&dtype=float32", "hf:m?adapter=b&dtype=float32"),
        ("smollm2?adapter=/elsewhere/a", "smollm2?adapter=a"),
        ("hf:models/m", "hf:models/m"),
        ("../../elsewhere/x.csv", "x.csv"),
        ("~/x.csv", "x.csv"),
        ("/x.csv/", "x.csv"),
        (r"C:\Users\me\x.csv", "x.csv"),
        ("data/x.csv", "data/x.csv"),
        ("openai:https://me:secret@host/v1#m", "openai:https://host/v1#m"),
        (
            "openai:https://h/v1#m?api=chat&tokenizer=/elsewhere/me/t",
            "openai:https://h/v1#m?api=chat&tokenizer=t",
        ),
        (
            "openai:https://h/v1?api-version=1#m?tokenizer=~/t",
            "openai:https://h/v1?api-version=1#m?tokenizer=t",
        ),
        ("file:///elsewhere/me/x.csv", "x.csv"),
        ("file:/elsewhere/me/x.csv", "x.csv"),
        ("FILE://localhost/elsewhere/me/x.csv", "x.csv"),
        ("file://server/share/me/x.csv", "x.csv"),
        ("file:///C:/Users/me/x.csv", "x.csv"),
        ("file:data/x.csv", "data/x.csv"),
        (r"\\server\share\me\x.csv", "x.csv"),
        ("https://host/get?file=/a/b.csv", "https://host/get?file=/a/b.csv"),
        ("synthetic:factor", "synthetic:factor"),
        ("replay:/elsewhere/calls.jsonl", "replay:calls.jsonl"),
        ("a file of the user", "a file of the user"),
        ("/", "folder"),
    ],
)
def test_names_stand_in_place_of_paths(text: str, public: str) -> None:
    assert named(text) == public
    assert named(public) == public


def test_manifests_lose_paths_and_keep_texts(dataset: Path) -> None:
    folder = next(path.parent for path in sorted(dataset.rglob("manifest.json")))
    params = {
        "build": {
            "policy": "hf:/elsewhere/m",
            "sets": [{"source": {"path": "/elsewhere/x.csv"}, "prompt": "/r/ask: why?"}],
            "judges": [{"model": "hf:/elsewhere/j", "wordings": {"a": "/elsewhere is {first}"}}],
            "models": ["/elsewhere/one", {"model": "/elsewhere/two"}],
        }
    }
    source = Source("/elsewhere/x.csv", "/elsewhere/x.csv", "CC0-1.0", "0" * 64)
    found = scrubbed(replace(read_manifest(folder), params=params, sources=(source,)))
    assert found.params["build"] == {
        "policy": "hf:m",
        "sets": [{"source": {"path": "x.csv"}, "prompt": "/r/ask: why?"}],
        "judges": [{"model": "hf:j", "wordings": {"a": "/elsewhere is {first}"}}],
        "models": ["one", {"model": "two"}],
    }
    assert (found.sources[0].name, found.sources[0].url) == ("x.csv", "x.csv")


def test_no_file_of_a_publication_holds_a_private_path(dataset: Path, tmp_path: Path) -> None:
    folder = next(path.parent for path in sorted(dataset.rglob("manifest.json")))
    known = read_manifest(folder)
    source = Source("x.csv", "/elsewhere/private/x.csv", "CC0-1.0", None)
    made = replace(
        known,
        params={"path": "/elsewhere/private/x.csv", "policy": "hf:/elsewhere/private/m"},
        sources=(*known.sources, source),
    )
    (folder / "manifest.json").write_text(made.to_json())
    found = publication.prepare("toy", dataset, about="Toy", own="Apache-2.0", repo=None)
    publication.write(found, tmp_path / "pub")
    texts = [path.read_bytes() for path in (tmp_path / "pub").rglob("*") if path.is_file()]
    assert not [text for text in texts if b"/elsewhere" in text]
    assert any(b"x.csv" in text for text in texts)
