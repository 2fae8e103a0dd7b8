"""Prefix tokens that vLLM servers compute: one server, several as one model, several in turn.

Starts vLLM servers on loopback, asks them many-shot prompts in batches of one shot set and number
of shots each, and reads how many prompt tokens they computed from their own metrics: tokens looked
up in the prefix cache less those found there. The caches are emptied before each way. In turn means
what an address that deals requests does: prompt i goes to server i modulo their number.

Run: python benchmarks/prefix_servers.py [--model FOLDER] [--python FILE] [--servers 2] [--kill]
     [--json]
``--python`` is an interpreter that can import vLLM, where this one cannot. ``--kill`` ends a server
in the middle of one more run and compares the answers.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil

sys.path.insert(0, str(Path(__file__).parents[1]))

from measurand.models import load
from measurand.models.protocol import Completion, Model, Request, Sampling

ROOT = Path(__file__).parents[1]

NAME = "measured"
START_SECONDS = 900
LINE = r"^vllm:prefix_cache_{}_total(?:\{{[^}}]*\}})? (\S+)$"
ONE = Sampling(max_tokens=1)
Batches = Sequence[Sequence[Request]]


def many_shot(
    sets: int, shots: Sequence[int], questions: int, seed: int = 0
) -> list[list[Request]]:
    """Batches of ``questions`` prompts; the shots of a set are nested, as the system's are."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(sets):
        numbers = rng.integers(1, 1000, (max(shots) + questions, 4))
        inputs = [f"Input: {' '.join(map(str, row))}\nLabel:" for row in numbers]
        labels = np.where(numbers.sum(1) > 2000, "A", "B")
        shown = [f"{text} {label}" for text, label in zip(inputs, labels, strict=True)]
        for k in shots:
            asked = inputs[max(shots) :]
            found.append([Request("\n\n".join([*shown[:k], question])) for question in asked])
    return found


class Server:
    """A vLLM server that was started.

    Attributes:
        url: its address.
        process: its first process.
    """

    def __init__(self, port: int, process: subprocess.Popen[bytes]) -> None:
        self.url, self.process = f"http://127.0.0.1:{port}", process

    def counted(self, what: str) -> float:
        """A counter of its prefix cache: ``queries`` or ``hits``, in tokens."""
        text = httpx.get(f"{self.url}/metrics", timeout=60).text
        return float(sum(map(float, re.findall(LINE.format(what), text, re.M))))

    def empty(self) -> None:
        """Forget all prefixes."""
        httpx.post(f"{self.url}/reset_prefix_cache", timeout=60).raise_for_status()

    def mib(self) -> float:
        """Memory of its processes."""
        first = psutil.Process(self.process.pid)
        every = (first, *first.children(recursive=True))
        return float(sum(one.memory_info().rss for one in every)) / 2**20

    def kill(self) -> None:
        """End it and all that it started."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@contextmanager
def server(python: str, model: Path, options: Sequence[str], folder: Path) -> Iterator[Server]:
    """A server, up in the block; what it says goes into a file of ``folder``."""
    with socket.socket() as some:
        some.bind(("127.0.0.1", 0))
        port: int = some.getsockname()[1]
    words = [python, "-m", "vllm.entrypoints.openai.api_server", "--model", str(model)]
    words += ["--host", "127.0.0.1", "--port", str(port), "--served-model-name", NAME]
    env = {
        # Resetting the cache is an endpoint of this mode alone.
        "VLLM_SERVER_DEV_MODE": "1",
        "VLLM_NO_USAGE_STATS": "1",
        "HF_HUB_OFFLINE": "1",
        "VLLM_CPU_KVCACHE_SPACE": "1",
        "VLLM_CPU_NUM_OF_RESERVED_CPU": "0",
        **os.environ,
    }
    # The interpreter's own packages count, not this one's.
    env.pop("PYTHONPATH", None)
    log = folder / f"{port}.log"
    with log.open("wb") as said:
        process = subprocess.Popen(
            [*words, *options], stdout=said, stderr=said, env=env, start_new_session=True
        )
    one = Server(port, process)
    try:
        end = time.monotonic() + START_SECONDS
        while not _answers(one.url):
            if process.poll() is not None or time.monotonic() > end:
                raise SystemExit(f"no server: {log.read_text()[-3000:]}")
            time.sleep(0.5)
        yield one
    finally:
        if process.poll() is None:
            one.kill()


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health", timeout=5).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def model_of(servers: Sequence[Server]) -> Model:
    """Some servers as one model."""
    urls = ",".join(f"{one.url}/v1" for one in servers)
    return load(f"openai:{urls}#{NAME}?template=none&retries=2&backoff=0.1&timeout=120")


def measured(servers: Sequence[Server], batches: Batches, ask: Any) -> dict[str, Any]:
    """Tokens that the servers compute while ``ask`` has every batch answered."""
    for one in servers:
        one.empty()
    before = [(one.counted("queries"), one.counted("hits")) for one in servers]
    start = time.perf_counter()
    answers = [answer for batch in batches for answer in ask(batch)]
    seconds = time.perf_counter() - start
    after = [(one.counted("queries"), one.counted("hits")) for one in servers]
    asked = [a[0] - b[0] for a, b in zip(after, before, strict=True)]
    hits = [a[1] - b[1] for a, b in zip(after, before, strict=True)]
    assert all(answer.status == "ok" for answer in answers)
    return {
        "prompt_tokens": sum(asked),
        "computed": sum(asked) - sum(hits),
        "computed_by_server": [a - h for a, h in zip(asked, hits, strict=True)],
        "seconds": seconds,
        "texts": [answer.text for answer in answers],
    }


def together(servers: Sequence[Server]) -> Any:
    """Batches go to the servers as one model."""
    model = model_of(servers)
    return lambda batch: model.generate(batch, ONE)


def in_turn(servers: Sequence[Server]) -> Any:
    """Prompts are dealt to the servers."""
    models = [model_of([one]) for one in servers]

    def ask(batch: Sequence[Request]) -> list[Completion]:
        n = len(models)
        with ThreadPoolExecutor(n) as pool:
            parts = list(pool.map(lambda i: models[i].generate(batch[i::n], ONE), range(n)))
        return [parts[i % n][i // n] for i in range(len(batch))]

    return ask


def killed(servers: Sequence[Server], batches: Batches, texts: Sequence[str]) -> dict[str, Any]:
    """One more run, in the middle of which the last server is killed."""
    model, answers = model_of(servers), []
    killer = threading.Timer(0.2, servers[-1].kill)
    for number, batch in enumerate(batches):
        if number == len(batches) // 2:
            killer.start()
        answers += model.generate(batch, ONE)
    killer.join()
    return {
        "failed": sum(answer.status != "ok" for answer in answers),
        "texts_that_differ": sum(a.text != b for a, b in zip(answers, texts, strict=True)),
        "answered_by": dict(Counter(answer.server for answer in answers)),
        "asked_again": sum(answer.retries > 0 for answer in answers),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, default=ROOT / "models" / "smollm2")
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--servers", type=int, default=2)
    parser.add_argument("--sets", type=int, default=4)
    parser.add_argument("--shots", type=int, nargs="+", default=[8, 32, 64])
    parser.add_argument("--questions", type=int, default=8)
    parser.add_argument(
        "--option", action="append", default=[], help="of the servers, as --option=--dtype=float32"
    )
    parser.add_argument("--kill", action="store_true")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    if args.python == sys.executable and importlib.util.find_spec("vllm") is None:
        raise SystemExit("no vLLM here: name an interpreter that has it with --python")
    options = ["--enforce-eager", "--dtype=float32", "--max-model-len=4096", *args.option]
    batches = many_shot(args.sets, args.shots, args.questions)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        start = time.perf_counter()
        servers = [
            stack.enter_context(server(args.python, args.model.resolve(), options, folder))
            for _ in range(args.servers)
        ]
        found: dict[str, Any] = {"start_seconds": time.perf_counter() - start}
        found["one"] = measured(servers[:1], batches, together(servers[:1]))
        found["several"] = measured(servers, batches, together(servers))
        found["in_turn"] = measured(servers, batches, in_turn(servers))
        found["mib"] = [one.mib() for one in servers]
        if args.kill:
            found["killed"] = killed(servers, batches, found["one"]["texts"])
    for way in ("several", "in_turn"):
        found[way]["over_one"] = found[way]["computed"] / found["one"]["computed"] - 1
        texts = zip(found[way].pop("texts"), found["one"]["texts"], strict=True)
        found[way]["texts_that_differ"] = sum(a != b for a, b in texts)
    del found["one"]["texts"]
    if args.json:
        print(json.dumps({"load_average": os.getloadavg()[0], **found}, indent=1))
        return
    for way in ("one", "several", "in_turn"):
        print(way, *(f"{name} {value}" for name, value in found[way].items()), sep="  ")
    print(
        {name: value for name, value in found.items() if name not in ("one", "several", "in_turn")}
    )


if __name__ == "__main__":
    main()
