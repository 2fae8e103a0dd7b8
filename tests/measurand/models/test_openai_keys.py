from __future__ import annotations

import json
from urllib.parse import quote

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from measurand.models import openai_keys

LETTERS = st.characters(min_codepoint=33, max_codepoint=126)


def test_the_first_key_that_is_one_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEASURAND_API_KEY", " \t")
    monkeypatch.setenv("OPENAI_API_KEY", "\n sk-abc \r\n")
    assert openai_keys.find() == "sk-abc"
    monkeypatch.setenv("MEASURAND_API_KEY", "sk-own\r")
    assert openai_keys.find() == "sk-own"
    monkeypatch.delenv("MEASURAND_API_KEY")
    monkeypatch.delenv("OPENAI_API_KEY")
    assert openai_keys.find() == ""


@given(key=st.text(LETTERS, min_size=6, max_size=60), around=st.text(max_size=20))
def test_no_form_of_a_key_is_left(key: str, around: str) -> None:
    ways = (key, quote(key, safe=""), quote(key, safe="").lower(), json.dumps(key)[1:-1], repr(key))
    # A key of stars, or one that stands in the words around, says nothing.
    assume(not any(key.lower() in (around + way.replace(key, "")).lower() for way in ways))
    assume("*" not in key)
    for way in ways:
        assert key.lower() not in openai_keys.masked(f"{around}{way}{around}", key).lower()
        assert quote(key, safe="") not in openai_keys.masked(f"{around}{way}{around}", key)


def test_a_word_that_is_no_key_stays_in_answers() -> None:
    answer = {"content": ["The box is EMPTY", {"a": "token-abc123 TOKEN-ABC123"}], "n": 3}
    assert openai_keys.masked_answer(answer, "EMPTY") == answer
    assert openai_keys.masked_answer(answer, "") == answer
    masked = openai_keys.masked_answer(answer, "token-abc123")
    assert masked == {"content": ["The box is EMPTY", {"a": "*** ***"}], "n": 3}
    assert openai_keys.masked("abc", "a") == "abc"
