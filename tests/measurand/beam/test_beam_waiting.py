from __future__ import annotations

import http.server
import json
import socket
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from beam_services import free_port

from measurand.beam.waiting import Waiting

RUNNING = SimpleNamespace(state="RUNNING")
OVERVIEW = {"slots-total": 4, "slots-available": 0}


class Flink(http.server.BaseHTTPRequestHandler):
    """A REST interface with one job."""

    pages: dict[str, Any]

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(self.pages[self.path]).encode())

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def rest() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("localhost", 0), Flink) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"localhost:{server.server_address[1]}"
        server.shutdown()


@pytest.mark.parametrize(
    ("scheduled", "said"),
    [
        (6, "waits for slots: 6 tasks have none, 0 of 4 are free"),
        (0, "no worker has written yet"),
    ],
)
def test_tasks_without_a_slot_are_told(scheduled: int, said: str, rest: str) -> None:
    job = {"tasks": {"scheduled": scheduled, "running": 2}}
    Flink.pages = {"/overview": OVERVIEW, "/jobs/overview": {"jobs": [job]}}
    assert Waiting({"flink_master": rest}).reason(RUNNING) == said


def test_a_cluster_that_tells_nothing_is_no_crash() -> None:
    waiting = Waiting({"flink_master": f"localhost:{free_port()}"})
    assert waiting.reason(RUNNING) == "no worker has written yet"


def test_a_pool_that_does_not_answer_is_told() -> None:
    with socket.create_server(("localhost", 0)) as pool:
        here = f"localhost:{pool.getsockname()[1]}"
        options = {"environment_type": "EXTERNAL", "environment_config": here}
        assert Waiting(options).reason(RUNNING) == "no worker has written yet"
    options["environment_config"] = f"localhost:{free_port()}"
    assert "no pool answers from here at localhost:" in Waiting(options).reason(RUNNING)


def test_a_job_that_does_not_run_says_its_state() -> None:
    assert Waiting({}).reason(None) == "waits for the job service to take the job"
    assert Waiting({}).reason(SimpleNamespace(state="STARTING")) == "the job is STARTING"

    class Gone:
        @property
        def state(self) -> str:
            raise OSError

    assert Waiting({}).reason(Gone()) == "the job service does not answer"


def test_nobody_is_asked_all_the_time() -> None:
    waiting = Waiting({})
    assert waiting.reason(None) == waiting.reason(RUNNING)
