from __future__ import annotations

import pytest

from measurand.errors import InputError
from measurand.models.openai_address import Address, addresses, own_fields, seconds
from measurand.models.strings import ModelSpec


def spec(text: str) -> ModelSpec:
    return ModelSpec.parse(f"openai:{text}")


def test_an_address_has_a_url_a_version_and_a_model() -> None:
    assert addresses(spec("http://h:8/v1/#org/m:free"), "") == (
        [Address("http://h:8/v1")],
        "org/m:free",
    )
    azure = spec(
        "https://x.openai.azure.com/openai/deployments/d?api-version=2024-06-01#d?retries=2"
    )
    [place], model = addresses(azure, "")
    assert (place.base, place.query) == (
        "https://x.openai.azure.com/openai/deployments/d",
        "api-version=2024-06-01",
    )
    assert (place.host, model) == (
        "x.openai.azure.com/openai/deployments/d?api-version=2024-06-01",
        "d",
    )


def test_several_addresses_stand_in_one_order() -> None:
    found = [
        addresses(spec(f"{urls}#m?retries=2"), "")
        for urls in ("http://b:8/v1,https://a/v1/", "https://a/v1/,http://b:8/v1")
    ]
    assert found[0] == found[1] == ([Address("http://b:8/v1"), Address("https://a/v1")], "m")


@pytest.mark.parametrize(
    ("urls", "words"),
    [
        ("http://a/v1,b:8000/v1", "a comma"),
        ("http://a/v1,http://a/v1/", "one url twice"),
        ("http://a/v1,https://a/v1", "one url twice"),
        ("http://a/v1,http://", "needs a url"),
        ("http://a/v1,", "a comma"),
    ],
)
def test_addresses_that_are_none_are_named(urls: str, words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        addresses(spec(f"{urls}#m"), "")
    assert caught.value.code == "bad_model"


@pytest.mark.parametrize(
    "text",
    [
        "http://u:sk-abcdef@h/v1#m",
        "http://h/v1?key=sk-abcdef#m",
        "http://h/v1?api-version=1&subscription-key=sk-abcdef#m",
        "http://h/v1?sk-abcdef#m",
        "http://h/sk-abcdef/v1#m",
        "http://h/v1#sk-abcdef",
        "http://a/v1,http://u:sk-abcdef@h/v1#m",
        "http://a/v1,http://h/v1?key=sk-abcdef#m",
        "http://h/v1#m?tokenizer=/x/sk-abcdef",
    ],
)
def test_an_address_that_holds_a_secret_is_refused_unseen(text: str) -> None:
    with pytest.raises(InputError) as caught:
        addresses(spec(text), "sk-abcdef")
    assert caught.value.code == "bad_model"
    assert "sk-abcdef" not in str(caught.value)


@pytest.mark.parametrize(
    "name", ["key", "api_key", "Authorization", "auth_token", "my-secret", "password"]
)
def test_own_fields_are_no_secrets(name: str) -> None:
    with pytest.raises(InputError) as caught:
        own_fields(spec(f'http://h/v1#m?body={{"a": [{{"{name}": "sk-x"}}]}}'))
    assert "sk-x" not in str(caught.value)
    fields = '{"max_tokens": 3, "stop_token_ids": [1], "prompt_cache_key": "a", "logit_bias": {}}'
    assert own_fields(spec(f"http://h/v1#m?body={fields}"))["max_tokens"] == 3
    assert own_fields(spec("http://h/v1#m")) == {}


def test_seconds_are_above_0() -> None:
    assert seconds(spec("http://h/v1#m?timeout=2.5"), "timeout", 60) == 2.5
    with pytest.raises(InputError, match="above 0"):
        seconds(spec("http://h/v1#m?timeout=-1"), "timeout", 60)
