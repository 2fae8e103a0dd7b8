"""What a job that writes nothing yet is waiting for, as far as its runner tells."""

from __future__ import annotations

import json
import socket
import time
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from measurand.beam.cancelling import answer_of
from measurand.beam.services import rest_address

EVERY_SECONDS = 5.0
ANSWER_SECONDS = 2.0


class Waiting:
    """Asks the job service, the cluster and the worker pool, at most every few seconds.

    Args:
        options: of the runner, by name.
    """

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._master = options.get("flink_master")
        external = options.get("environment_type") == "EXTERNAL"
        self._pool = options.get("environment_config") if external else None
        self._next = 0.0
        self._said = ""

    def reason(self, result: Any) -> str:
        """In words; empty where nothing tells.

        Args:
            result: Beam's handle of the job; null while it is handed over.
        """
        if time.monotonic() >= self._next:
            self._said = self._ask(result)
            self._next = time.monotonic() + EVERY_SECONDS
        return self._said

    def _ask(self, result: Any) -> str:
        if result is None:
            return "waits for the job service to take the job"
        state = answer_of(lambda: result.state, ANSWER_SECONDS)
        if state is None:
            return "the job service does not answer"
        if state != "RUNNING":
            return f"the job is {state}"
        return self._slots() or self._workers()

    def _slots(self) -> str:
        """Tasks that have no slot, where a Flink cluster is named."""
        if not (address := rest_address(self._master)):
            return ""
        with suppress(OSError, ValueError, KeyError, TypeError):
            cluster, jobs = (_said(f"{address}/{page}") for page in ("overview", "jobs/overview"))
            tasks = sum(job["tasks"]["scheduled"] for job in jobs["jobs"])
            free, total = cluster["slots-available"], cluster["slots-total"]
            if tasks:
                return f"waits for slots: {tasks} tasks have none, {free} of {total} are free"
        return ""

    def _workers(self) -> str:
        """Whether the worker pool answers from here; a cluster may see it otherwise."""
        host, _, port = (self._pool or "").rpartition(":")
        if host and port.isdecimal():
            try:
                socket.create_connection((host, int(port)), ANSWER_SECONDS).close()
            except OSError:
                return f"waits for workers: no pool answers from here at {self._pool}"
        return "no worker has written yet"


def _said(address: str) -> Any:
    with urllib.request.urlopen(address, timeout=ANSWER_SECONDS) as answer:
        return json.load(answer)
