"""Publications on a real S3 server."""

from __future__ import annotations

import json
import secrets
from pathlib import Path

import pytest
import s3_server
from s3_server import BUCKET, Store

from measurand import stores
from measurand.errors import InputError, StoreError
from measurand.stores import generations
from measurand.stores.address import Place
from measurand.stores.generations import INDEX, Index, index_of, publish, published

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]


@pytest.fixture
def place(store: Store) -> Place:
    return stores.place(f"s3://{BUCKET}/{secrets.token_hex(4)}/dataset")


def folder(path: Path, **files: bytes) -> Path:
    for name, content in files.items():
        file = path / name.replace("__", "/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return path


def contents(path: Path) -> dict[str, bytes]:
    return {p.relative_to(path).as_posix(): p.read_bytes()
            for p in sorted(path.rglob("*")) if p.is_file()}  # fmt: skip


def there(place: Place, path: Path) -> dict[str, bytes]:
    stores.fetch(place, path)
    return contents(path)


OLD = {"a__part": b"1" * 9_000_000, "a__manifest.json": b"{}", "b": b""}
NEW = {"a__part": b"2" * 9_000_000, "c": b"new"}


def test_what_comes_back_is_what_was_published(place: Place, tmp_path: Path) -> None:
    made = folder(tmp_path / "made", **OLD)
    folder(made, **{".gitignore": b"x"})
    index = publish(made, place)
    (made / ".gitignore").unlink()
    assert there(place, tmp_path / "back") == contents(made)
    assert Index.from_json(index.to_json()) == index == index_of(place)
    assert publish(made, place) == index  # nothing is sent twice
    above = stores.place(place.url.rpartition("/")[0])
    assert [(inner, one) for inner, one in published(above)] == [("dataset", index)]
    assert published(place) == [("", index)]


def test_the_next_one_takes_its_place_and_the_last_one_stays_readable(
    place: Place, tmp_path: Path
) -> None:
    old = publish(folder(tmp_path / "old", **OLD), place)
    new = publish(folder(tmp_path / "new", **NEW), place)
    assert new.before == old.generation != new.generation
    assert there(place, tmp_path / "back") == contents(tmp_path / "new")
    reader = place.below(old.generation)
    assert b"".join(generations._pieces(reader, old.entries[1])) == OLD["a__part"]


def test_those_that_nobody_reads_any_more_go(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = [folder(tmp_path / f"{n}", x=bytes([n])) for n in range(4)]
    found = [publish(one, place) for one in folders[:3]]
    prefixes = {path.split("/")[0] for path, _ in generations._listed(place)}
    assert prefixes == {INDEX, *(one.generation for one in found)}
    monkeypatch.setattr(generations, "ORPHAN_HOURS", 0)
    last = publish(folders[3], place)
    prefixes = {path.split("/")[0] for path, _ in generations._listed(place)}
    assert prefixes == {INDEX, found[2].generation, last.generation}


def test_an_upload_that_is_cut_off_leaves_the_old_one(
    place: Place, tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = publish(folder(tmp_path / "old", **OLD), place)
    upload = generations._upload
    done: list[generations.Entry] = []

    def expires(file: Path, to: Place, entry: generations.Entry) -> None:
        if done:  # the key has expired since
            s3_server.use(store, monkeypatch, "0" * 32)
            upload(file, Place(to.url, stores.place(place.url).files, to.path), entry)
        upload(file, to, entry)
        done.append(entry)

    monkeypatch.setattr(generations, "_upload", expires)
    with pytest.raises(StoreError, match=r"ACCESS_DENIED|SIGNATURE_DOES_NOT_MATCH"):
        publish(folder(tmp_path / "new", **NEW), place)
    assert len(done) == 1
    monkeypatch.setattr(generations, "_upload", upload)
    s3_server.use(store, monkeypatch)
    assert index_of(place) == old
    assert there(place, tmp_path / "back") == contents(tmp_path / "old")
    publish(tmp_path / "new", place)
    assert there(place, tmp_path / "again") == contents(tmp_path / "new")


def test_a_changed_object_is_found(place: Place, tmp_path: Path) -> None:
    index = publish(folder(tmp_path / "old", **OLD), place)
    path = f"{place.path}/{index.generation}/a/part"
    with place.files.open_output_stream(path) as stream:
        stream.write(b"1" * 8_999_999 + b"2")
    with pytest.raises(StoreError, match="a/part: sha256 differs") as caught:
        stores.fetch(place, tmp_path / "back")
    assert caught.value.code == "changed_object"
    # The same folder is published anew where an object has gone.
    place.files.delete_file(path)
    assert publish(tmp_path / "old", place).generation != index.generation
    assert there(place, tmp_path / "again") == contents(tmp_path / "old")


def test_places_that_are_not_ours(place: Place, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nothing is published there") as caught:
        stores.fetch(place, tmp_path)
    assert caught.value.code == "no_file"
    with place.files.open_output_stream(f"{place.path}/notes.txt") as stream:
        stream.write(b"mine")
    with pytest.raises(InputError, match=r"holds notes[.]txt, which was not published so"):
        publish(folder(tmp_path / "new", **NEW), place)
    other = place.below("other")
    with place.files.open_output_stream(f"{other.path}/{INDEX}") as stream:
        stream.write(b"{}")
    with pytest.raises(InputError, match="format is not"):
        index_of(other)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"path": "../x"}, "leads out of the folder"),
        ({"path": "/etc/x"}, "leads out of the folder"),
        ({"path": 5}, "no text"),
        ({"sha256": None}, "no text"),
        ({"bytes": "1"}, "no number"),
        ({"more": 1}, "more"),
    ],
)
def test_an_index_that_others_wrote_is_read_whole_or_refused(
    place: Place, tmp_path: Path, entry: dict[str, object], said: str
) -> None:
    index = publish(folder(tmp_path / "old", x=b"1"), place)
    raw = json.loads(index.to_json())
    raw["entries"][0] |= entry
    with place.files.open_output_stream(f"{place.path}/{INDEX}") as stream:
        stream.write(json.dumps(raw).encode())
    with pytest.raises(InputError, match=said):
        stores.fetch(place, tmp_path / "back")


@pytest.mark.parametrize("name", ["../files-1", "", 3, None])
def test_files_of_a_publication_lie_below_it(place: Place, tmp_path: Path, name: object) -> None:
    index = publish(folder(tmp_path / "old", x=b"1"), place)
    raw = json.loads(index.to_json()) | {"generation": name}
    with place.files.open_output_stream(f"{place.path}/{INDEX}") as stream:
        stream.write(json.dumps(raw).encode())
    with pytest.raises(InputError, match="publish it again"):
        stores.fetch(place, tmp_path / "back")
