"""Processors: which one, how many threads, what precision, and how fast it could be."""

from __future__ import annotations

import contextlib
import re
import time
from typing import Any

_PEAKS = {
    **{"H100 PCIe": 756e12, "H100 NVL": 835e12, "H200 NVL": 835e12},
    **{"H100": 989e12, "H200": 989e12, "A100": 312e12},
    **{"L40S": 362e12, "L40": 181e12, "L4": 121e12},
}
"""Dense bfloat16 operations a second, from NVIDIA's data sheets; SXM where the name says nothing.

The first name that stands in the device's as words of its own counts.
"""


def device_of(asked: str) -> str:
    """``cpu`` or ``cuda``; a CPU is set to one thread, so that sums come in one order.

    Args:
        asked: ``auto`` takes a GPU where there is one.
    """
    import torch

    if asked == "cuda" or (asked == "auto" and torch.cuda.is_available()):
        torch.set_float32_matmul_precision("high")
        return "cuda"
    torch.set_num_threads(1)
    return "cpu"


def autocast(device: str, precision: str) -> contextlib.AbstractContextManager[Any]:
    """Compute in ``bfloat16`` over float32 weights, or as it is with ``float32``."""
    import torch

    mixed: contextlib.AbstractContextManager[Any] = torch.autocast(
        device, torch.bfloat16, enabled=precision == "bfloat16"
    )
    return mixed


def peak_of(device: str, precision: str) -> tuple[str, float | None, str | None]:
    """Name of the processor, its peak in operations a second, and why there is none."""
    import torch

    if device != "cuda":
        return "CPU", None, "no published peak for one thread of a CPU"
    name = str(torch.cuda.get_device_name())
    if precision != "bfloat16":
        return name, None, "peaks are known for bfloat16 only"
    peak = next((p for word, p in _PEAKS.items() if re.search(rf"\b{word}\b", name)), None)
    return name, peak, None if peak else "the peak of this processor is not listed"


def now(device: str) -> float:
    """Seconds of a clock, once the device has done all that it was given."""
    import torch

    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter()
