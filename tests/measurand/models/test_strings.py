from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from measurand.errors import InputError
from measurand.models import load
from measurand.models.strings import OPTIONS, ModelSpec, in_order


@pytest.mark.parametrize(
    "name", ["my+adapter", "50%20off", "a&b", "r16 a32", "what?x=1", "what?template=none", "a#b"]
)
def test_a_path_is_taken_as_it_is_written(name: str, tmp_path: Path) -> None:
    folder = tmp_path / name
    folder.mkdir()
    spec = ModelSpec.parse(f"hf:/m/plain?adapter={folder}&dtype=float32")
    assert spec.options == {"adapter": str(folder), "dtype": "float32"}
    target = ModelSpec.parse(f"hf:{folder}")
    assert (target.target, target.options) == (str(folder), {})
    both = ModelSpec.parse(f"hf:{folder}?template=none")
    assert (both.target, both.options) == (str(folder), {"template": "none"})
    served = ModelSpec.parse(f"openai:http://h/v1#m?tokenizer={folder}&timeout=3")
    assert served.options == {"tokenizer": str(folder), "timeout": "3"}


def test_relative_paths_start_at_the_root_and_the_message_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "params.yaml").touch()
    (tmp_path / "dvc.yaml").touch()
    monkeypatch.chdir(tmp_path / "below")
    spec = ModelSpec.parse("hf:mine")
    assert spec.path("mine") == tmp_path / "mine"
    with pytest.raises(InputError, match=f"looked for in {tmp_path}/mine") as caught:
        load("hf:mine")
    assert "starts at the project's root" in str(caught.value)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert spec.path("~/x") == tmp_path / "x"
    with pytest.raises(InputError, match="home"):
        spec.path("~nobody-of-that-name/x")
    with pytest.raises(InputError, match="no path"):
        load(f"hf:{'a' * 5000}")


def test_a_body_may_hold_anything() -> None:
    body = '{"a": "x&timeout", "b": {"c?d": "e#f=g&h=i"}}'
    spec = ModelSpec.parse(f"openai:http://h/v1?api-version=1#org/m?body={body}&timeout=5")
    assert spec.target == "http://h/v1?api-version=1#org/m"
    assert spec.options["timeout"] == "5"
    assert spec.mapping("body") == {"a": "x&timeout", "b": {"c?d": "e#f=g&h=i"}}
    assert spec.mapping("template_args") == {}
    for wrong in ("{", "[1]", "3"):
        with pytest.raises(InputError, match="no JSON object"):
            ModelSpec.parse(f"openai:http://h/v1#m?body={wrong}").mapping("body")


@pytest.mark.parametrize("text", ["hf:/m?tempate=none", "smollm2?adapter=/a&dtpe=x", "vllm:/m?x=1"])
def test_a_misspelt_option_is_no_path(text: str) -> None:
    spec = ModelSpec.parse(text)
    with pytest.raises(InputError, match="unknown option"):
        spec.allow(*OPTIONS[spec.backend])


def test_values_of_options_that_do_not_exist_are_not_shown() -> None:
    with pytest.raises(InputError, match="unknown option 'key'") as caught:
        ModelSpec.parse("openai:http://h/v1#m?key=sk-secret").allow(*OPTIONS["openai"])
    assert "sk-secret" not in str(caught.value)
    with pytest.raises(InputError, match="unknown option 'tokn'") as caught:
        ModelSpec.parse("openai:https://me:pass-word@h/v1?key=sk#m?tokn=x").allow(
            *OPTIONS["openai"]
        )
    assert "pass-word" not in str(caught.value)


def test_bytes_that_are_no_text_are_named() -> None:
    with pytest.raises(InputError, match="no text"):
        ModelSpec.parse("hf:/m/\udcff")


def test_more_options_stand_at_the_end() -> None:
    assert ModelSpec.parse("smollm2").having(adapter="/a&b") == "smollm2?adapter=/a&b"
    spec = ModelSpec.parse("hf:/m?dtype=float32&device=cuda")
    assert spec.having(device="cpu") == "hf:/m?dtype=float32&device=cpu"


@given(st.text(max_size=30))
def test_any_text_is_a_spec_or_a_named_error(text: str) -> None:
    for start in ("", "hf:", "openai:http://h/v1#", "smollm2?", "hf:/m?adapter="):
        with suppress(InputError):
            ModelSpec.parse(start + text)


def test_the_order_of_servers_says_nothing() -> None:
    one = "openai:http://b:1/v1,https://a/v1#org/m,x?body={}"
    assert in_order(one) == one
    assert in_order("openai:https://a/v1,http://b:1/v1#org/m,x?body={}") == one
    for other in ("hf:/b,/a#x", "smollm2", "openai:http://a/x,y/v1#m"):
        assert in_order(other) == other
