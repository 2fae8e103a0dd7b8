from __future__ import annotations

import hashlib
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from measurand.errors import InputError
from pipelines.webagent import tokenizer as tk
from pipelines.webagent.html import parse
from schemas.webagent.corpus import KINDS

ROW = (
    '<div class="row r{0}" data-ref="{0}"><label for="n{0}">Field &amp; number {0}</label>'
    '<input id="n{0}" required placeholder="Type a {0}"></div>'
)
TEXTS = [ROW.format(i) for i in range(300)]
JSON = tk.train(TEXTS, 800, 100)
TOKENIZER = tk.load(JSON)


@given(st.text(max_size=80))
@settings(max_examples=200, derandomize=True, deadline=None)
def test_any_text_comes_back_to_the_byte(text: str) -> None:
    for some in (text, parse(f"<p>{text}").html(), f"<div {text}</a>"):
        coded = tk.encode(TOKENIZER, some)
        assert tk.decode(TOKENIZER, coded.ids) == some
        assert coded.ids.shape == coded.kinds.shape


@pytest.mark.parametrize(
    "text", ["<extra_id_3>", "</s>", "<pad>", "Ġ", "é\u0301", "\U0001f600 <", ""]
)
def test_names_of_special_tokens_and_of_bytes_are_text(text: str) -> None:
    coded = tk.encode(TOKENIZER, text)
    assert tk.decode(TOKENIZER, coded.ids) == text
    assert not np.any(coded.ids < tk.FIRST + 100)


def test_tags_and_references_are_one_token() -> None:
    for whole in ("<div>", "<div ", "</div>", 'data-ref="', "<input "):
        assert len(tk.encode(TOKENIZER, whole).ids) == 1
    # A tag's name that only begins like another is not that tag.
    pieces = [tk.decode(TOKENIZER, [i]) for i in tk.encode(TOKENIZER, "<abbr>").ids]
    assert "<a" not in pieces
    assert "".join(pieces) == "<abbr>"


def test_special_tokens_have_the_ids_of_t5() -> None:
    assert [TOKENIZER.id_to_token(i) for i in (tk.PAD, tk.END, tk.FIRST, tk.FIRST + 99)] == [
        "<pad>", "</s>", "<extra_id_0>", "<extra_id_99>",
    ]  # fmt: skip
    assert TOKENIZER.get_vocab_size() <= 800


def test_kinds_of_tokens() -> None:
    html = '<div data-ref="3" hidden>a b<br></div>'
    coded = tk.encode(TOKENIZER, html)
    said = [(tk.decode(TOKENIZER, [i]), KINDS[k]) for i, k, _ in zip(*coded, strict=True)]
    assert ("<div ", "tag") in said
    assert ('data-ref="', "attribute") in said
    assert ("3", "value") in said
    assert ("a", "text") in said
    assert ("</div>", "tag") in said
    letters = dict(zip(html, tk.kinds(html), strict=True))
    assert letters["3"] == tk.VALUE
    assert letters["<"] == tk.TAG


def test_training_again_gives_the_same_bytes() -> None:
    code = (
        "import sys, hashlib; from pipelines.webagent.tokenizer import train;"
        f"row = {ROW!r}; made = train((row.format(i) for i in range(300)), 800, 100);"
        "print(hashlib.sha256(made.encode()).hexdigest())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=None
    )
    assert done.stdout.strip() == hashlib.sha256(JSON.encode()).hexdigest()


def test_a_vocabulary_without_room_is_refused() -> None:
    with pytest.raises(InputError, match="no room"):
        tk.train(TEXTS, 400, 100)


def test_training_makes_text_shorter() -> None:
    bare = tk.load(tk.train(["a"], 800, 100))
    fresh = ROW.format(977)
    assert len(tk.encode(TOKENIZER, fresh).ids) < 0.5 * len(tk.encode(bare, fresh).ids)
