"""What a process and all that it starts cost, seen from outside: for benchmarks."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import psutil

SAMPLE_SECONDS = 0.05
MIB = 2**20


class Watch:
    """Processor seconds and memory of a process and of all that it starts."""

    def __init__(self, pid: int) -> None:
        self._driver = psutil.Process(pid)
        self._start = self._own = self._cpu(self._driver)
        self.driver_mib = 0.0
        self._seconds: dict[tuple[int, float], float] = {}
        self.others_mib = 0.0
        self.most: dict[str, float] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def end(self) -> dict[str, Any]:
        """What was seen since the begin; of a process that has ended, until its end."""
        self._stop.set()
        self._thread.join()
        self._look()
        return {
            "cpu_s": self._own - self._start + sum(self._seconds.values()),
            "driver_mib": self.driver_mib,
            "others_mib": self.others_mib,
            "by_program_mib": self.most,
        }

    @staticmethod
    def _cpu(process: psutil.Process) -> float:
        times = process.cpu_times()
        return float(times.user + times.system)

    def _watch(self) -> None:
        while not self._stop.wait(SAMPLE_SECONDS):
            self._look()

    def _look(self) -> None:
        held: dict[str, float] = {}
        try:
            self._own = self._cpu(self._driver)
            status = Path(f"/proc/{self._driver.pid}/status").read_text(encoding="ascii")
            # The kernel keeps the peak, so that none is missed between two looks.
            self.driver_mib = int(status.partition("VmHWM:")[2].split()[0]) / 1024
            others = self._driver.children(recursive=True)
        except (psutil.NoSuchProcess, OSError, IndexError):
            return  # it has ended
        for other in others:
            try:
                # What a process does after the last look at it is lost: at most one interval.
                self._seconds[other.pid, other.create_time()] = self._cpu(other)
                name = "worker" if "sdk_worker_main" in " ".join(other.cmdline()) else other.name()
                held[name] = held.get(name, 0.0) + other.memory_info().rss / MIB
            except (psutil.NoSuchProcess, psutil.ZombieProcess):
                continue
        self.others_mib = max(self.others_mib, sum(held.values()))
        for name, mib in held.items():
            self.most[name] = max(self.most.get(name, 0.0), mib)
