"""Model strings of servers: where, which model, and nothing in them that is a secret."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from measurand.errors import InputError
from measurand.models import folders, openai_keys
from measurand.models.prompts import Prompts, load_prompts
from measurand.models.strings import ModelSpec, urls

# What a base url may carry: the string is written into every result.
_QUERY = ("api-version",)


@dataclass(frozen=True)
class Address:
    """Where a server is.

    Attributes:
        base: url without its query, e.g. ``http://localhost:8000/v1``.
        query: what every request carries, e.g. ``api-version=2024-06-01``.
    """

    base: str
    query: str = ""

    @property
    def host(self) -> str:
        """The address without its scheme."""
        return f"{self.base.split('://', 1)[1]}?{self.query}".rstrip("?")


def addresses(spec: ModelSpec, key: str) -> tuple[list[Address], str]:
    """The servers of a model string, in the order of their urls, and the model's name.

    Raises:
        InputError: code ``bad_model``: no url, no name, a url twice, or a secret in one.
    """
    if len(key) >= 6 and any(form in spec.text for form in openai_keys.forms(key)):
        raise InputError(
            "the openai model string holds the key, and model strings stand in every result",
            hint=f"leave it out: {openai_keys.API_KEYS[0]} is read",
            code="bad_model",
        )
    all_urls, _, model = spec.target.partition("#")
    found = [_address(url, model) for url in urls(all_urls)]
    if len({one.host for one in found}) < len(found):
        raise InputError(
            "an openai model string names one url twice",
            hint="name each server once; concurrency=<n> sends it more requests at a time",
            code="bad_model",
        )
    return found, model


def _address(text: str, model: str) -> Address:
    try:
        url = urlsplit(text)
        plain = url.scheme in ("http", "https") and bool(url.hostname) and url.port != 0
    except ValueError:
        plain = False
    if not plain or not model:
        raise InputError(
            "an openai model string needs a url and a model name",
            hint="write openai:http://localhost:8000/v1#<model>; several servers as "
            "openai:http://a:8000/v1,http://b:8000/v1#<model>",
            code="bad_model",
        )
    names = [name for name, _ in parse_qsl(url.query, keep_blank_values=True)]
    if url.username is not None or url.password is not None or set(names) - set(_QUERY):
        # The string is written into every result, so it is not repeated here either.
        raise InputError(
            "the url of an openai model string holds a user name, a password or a query",
            hint=f"put the key into {openai_keys.API_KEYS[0]}; "
            f"a query may hold {', '.join(_QUERY)} alone",
            code="bad_model",
        )
    if "," in text:
        raise InputError(
            "the url of an openai model string holds a comma",
            hint="begin every server's url with http:// or https://; in a url a comma is %2C",
            code="bad_model",
        )
    return Address(text.partition("?")[0].rstrip("/"), url.query)


def own_fields(spec: ModelSpec) -> dict[str, Any]:
    """Own fields of every request; none of them a secret, since the string is written."""
    body = spec.mapping("body")
    if secret := next(filter(openai_keys.names_secret, _names(body)), None):
        raise InputError(
            f"openai: body holds the field {secret!r}, and model strings stand in every result",
            hint=f"put the key into {openai_keys.API_KEYS[0]}",
            code="bad_model",
        )
    return body


def _names(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
    for inner in value.values() if isinstance(value, dict) else value:
        if isinstance(inner, dict | list):
            yield from _names(inner)


def tokenizer_here(spec: ModelSpec) -> tuple[Prompts | None, str | None]:
    """The local tokenizer, if one is named, and a hash of its files."""
    spec.option("template", "chat", ("chat", "none"))
    if "tokenizer" not in spec.options:
        return None, None
    folder = spec.need(spec.options["tokenizer"], what="tokenizer")
    folders.inspect(spec, folder)
    prompts = load_prompts(spec, folder)
    digest = hashlib.sha256()
    for path in folders.hashed(folder, code=folders.runs_code(spec), weights=False):
        digest.update(f"{path.name}\0".encode() + path.read_bytes())
    return prompts, digest.hexdigest()


def seconds(spec: ModelSpec, name: str, default: float) -> float:
    """The value of an option in seconds, above 0."""
    value = spec.number(name, default)
    if value <= 0:
        raise InputError(
            f"{spec.text}: {name}={spec.options[name]} is not possible",
            hint=f"{name} is a number of seconds above 0",
            code="bad_model",
        )
    return value
