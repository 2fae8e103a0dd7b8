"""The key of a server: read from the environment, cleaned, and kept out of everything written."""

from __future__ import annotations

import base64
import html
import json
import os
import re
from typing import Any
from urllib.parse import quote, quote_plus

from measurand.errors import InputError

API_KEYS = ("MEASURAND_API_KEY", "OPENAI_API_KEY")
HIDDEN = "***"
_SECRET_NAMES = re.compile(
    r"^(key|token|bearer|cookie|sig)$|(api|access|secret|private|subscription|auth)[-_]?key|"
    r"(access|auth|api|bearer|refresh|session|id)[-_]?token$|"
    r"secret|password|passwd|\bpwd\b|authorization|signature|credential",
    re.IGNORECASE,
)
_SHORTEST = 4


def find() -> str:
    """The key, without white space around it; empty where there is none.

    Raises:
        InputError: code ``bad_key``: a character in it that no header can carry. The message says
            where, not which.
    """
    for name in API_KEYS:
        key = os.environ.get(name, "").strip()
        if not key:
            continue
        wrong = next((at for at, c in enumerate(key, 1) if not "!" <= c <= "~"), None)
        if wrong is not None:
            raise InputError(
                f"{name} holds a character that no key has, at place {wrong} of {len(key)}",
                hint="copy the key again; it is not shown here",
                code="bad_key",
            )
        return key
    return ""


def forms(key: str) -> list[str]:
    """How a key may be written in a text, the longest first."""
    if len(key) < _SHORTEST:
        return []
    coded = base64.b64encode(key.encode()).decode()
    ways = {key, quote(key, safe=""), quote(key), quote_plus(key), json.dumps(key)[1:-1]}
    ways |= {repr(key)[1:-1], html.escape(key), coded, coded.rstrip("=")}
    ways |= {"".join(f"%{ord(c):02X}" for c in key), "".join(f"\\u{ord(c):04x}" for c in key)}
    return sorted(ways, key=len, reverse=True)


def masked(text: str, key: str) -> str:
    """The text with every form of the key replaced."""
    for form in forms(key):
        text = re.sub(re.escape(form), HIDDEN, text, flags=re.IGNORECASE)
    return text


def masked_answer(answer: Any, key: str) -> Any:
    """A good answer (JSON values) without the key in any of its texts.

    A word that is no key, such as the EMPTY that vLLM takes, may be part of an answer and stays.
    """
    if len(key) < 6 or key.isalpha():
        return answer
    if isinstance(answer, str):
        return masked(answer, key)
    if isinstance(answer, list):
        return [masked_answer(one, key) for one in answer]
    if isinstance(answer, dict):
        return {masked(name, key): masked_answer(one, key) for name, one in answer.items()}
    return answer


def names_secret(name: str) -> bool:
    """Whether a field's name says that its value is a secret."""
    return bool(_SECRET_NAMES.search(name))
