from __future__ import annotations

import time

import pytest
import torch

from measurand.training import device


def test_a_cpu_is_set_to_one_thread() -> None:
    threads = torch.get_num_threads()
    try:
        assert device.device_of("cpu") == "cpu"
        assert torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(threads)


@pytest.mark.parametrize(
    ("precision", "expected"), [("bfloat16", torch.bfloat16), ("float32", torch.float32)]
)
def test_precision_is_that_of_the_products(precision: str, expected: torch.dtype) -> None:
    with device.autocast("cpu", precision):
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype is expected


def test_no_peak_is_claimed_for_a_processor() -> None:
    name, peak, reason = device.peak_of("cpu", "bfloat16")
    assert (name, peak) == ("CPU", None)
    assert reason


def test_time_passes() -> None:
    start = device.now("cpu")
    time.sleep(0.01)
    assert 0.005 < device.now("cpu") - start < 5


@pytest.mark.parametrize(
    ("name", "peak"),
    [
        ("NVIDIA L40", 181e12),
        ("NVIDIA L40S", 362e12),
        ("NVIDIA L4", 121e12),
        ("NVIDIA H100 80GB HBM3", 989e12),
        ("NVIDIA H100 PCIe", 756e12),
        ("NVIDIA A100-SXM4-80GB", 312e12),
        ("NVIDIA RTX A1000", None),
        ("NVIDIA L400", None),
    ],
)
def test_a_processor_is_known_by_its_whole_name(
    name: str, peak: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: name)
    assert device.peak_of("cuda", "bfloat16")[:2] == (name, peak)
