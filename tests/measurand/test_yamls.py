from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from measurand import yamls
from measurand.errors import InputError

WRONG = [
    ("a: 1\n<<<<<<< HEAD\nb: 2\n", "line 2: marks of an unfinished merge: <<<<<<< HEAD"),
    ("a: 1\n=======\nb: 2\n", "line 2: marks of an unfinished merge"),
    ("a: 1\n>>>>>>> other\n", "line 2: marks of an unfinished merge"),
    ("a:\n\tb: 1\n", "line 2: a tab where blanks belong"),
    ('a: "b\nc: 1\n', "line .*quoted scalar"),
    ("a: 1\n---\nb: 2\n", "line 2: a second document begins"),
    ("a: 1\na: 2\n", "line 2: the key 'a' is given twice"),
    ("a: {b: 1, c: 2, b: 1}\n", "the key 'b' is given twice"),
    ("a:\n  - {x: 1}\n  - y: 1\n    y: 2\n", "line 4: the key 'y' is given twice"),
    ("1: a\n1: b\n", "the key 1 is given twice"),
    ("a: !!python/object:os.system {}\n", "line 1: could not determine a constructor"),
    ("a: *b\n", "line 1: found undefined alias"),
    ("a: 2026-99-99\n", "month must be in"),
    ("[" * 5000, "mend it"),
]


@pytest.mark.parametrize(("text", "named"), WRONG, ids=[w[0][:12] for w in WRONG])
def test_faults_are_named_with_their_line(tmp_path: Path, text: str, named: str) -> None:
    path = tmp_path / "f.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=named) as caught:
        yamls.load(path)
    assert caught.value.code == "bad_yaml"
    assert "\n" not in str(caught.value)


def test_what_yaml_allows_is_read(tmp_path: Path) -> None:
    path = tmp_path / "f.yaml"
    path.write_bytes("\ufeffbase: &b {x: 1, y: 2}\r\nmore:\r\n  <<: *b\r\n  x: 3\r\n".encode())
    assert yamls.load(path)["more"] == {"x": 3, "y": 2}
    path.write_text("text: |\n  <<<<<<< quoted\n  =======\n")
    assert yamls.load(path)["text"].startswith("<<<<<<<")
    path.write_text("")
    assert yamls.load(path) is None


def test_bytes_that_are_no_text_are_named(tmp_path: Path) -> None:
    path = tmp_path / "f.yaml"
    path.write_bytes(b"a: \xff\n")
    with pytest.raises(InputError, match=r"no UTF-8 text: .* at byte 3"):
        yamls.load(path)
    with pytest.raises(InputError, match="no such file"):
        yamls.load(tmp_path / "none.yaml")


@given(st.text(alphabet="ab:-[]{}&*!|>'\"#%@`,?<=\t\n 0123~.", max_size=40))
def test_any_text_is_read_or_named(text: str) -> None:
    with suppress(InputError):
        yamls.parse(text, "f")
