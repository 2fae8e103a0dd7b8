from __future__ import annotations

import builtins
import sys
from typing import Any

import pytest

from measurand.errors import CapabilityError
from pipelines.many_shot import gym


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "reasoning_gym":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return real(name, *args, **kwargs)

    monkeypatch.delitem(sys.modules, "reasoning_gym", raising=False)
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(CapabilityError, match=r"measurand\[reasoning\]") as caught:
        gym.load()
    assert caught.value.code == "missing_extra"
