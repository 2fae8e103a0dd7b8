"""A small OpenAI-like server over real HTTP: a known language model, and faults on demand.

The model predicts the next character from a checksum of the text before; its tokens are characters,
so every log-probability of a text can be computed here independently.
"""

from __future__ import annotations

import json
import math
import socket
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MODEL = "toy/characters"
ALPHABET = [chr(i) for i in range(32, 127)]
END = "<end>"


@lru_cache(maxsize=4096)
def row(before: str) -> dict[str, float]:
    """Natural log P(next | before), a proper distribution over the alphabet and the end."""
    shift = zlib.crc32(before.encode())
    weights = {c: 1 + ((shift + i * 17) % 97) ** 2 for i, c in enumerate(ALPHABET)}
    weights[END] = 50
    total = math.log(sum(weights.values()))
    return {c: math.log(w) - total for c, w in weights.items()}


def logprob(prompt: str, text: str) -> float:
    """Natural log P(text | prompt)."""
    whole = prompt + text
    return math.fsum(row(whole[:i])[whole[i]] for i in range(len(prompt), len(whole)))


# A fault looks at (path, body, number of the POST request) and either returns None (serve), a
# dict (change fields of the answer's first choice) or a function that answers by itself.
Fault = Callable[[str, dict[str, Any], int], Any]


class ToyServer:
    """The server; ``url`` is its base url, ``bodies`` every body that was posted."""

    def __init__(self) -> None:
        self.fault: Fault = lambda path, body, n: None
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.peers: set[Any] = set()
        self.open: list[socket.socket] = []
        self.at_once = self.most_at_once = 0
        self.models: Any = {"data": [{"id": MODEL, "root": "toy", "max_model_len": 4096}]}
        self.structured = self.knows_ids = True
        self.most_top = 20
        self.lock = threading.Lock()
        toy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def setup(self) -> None:
                super().setup()
                toy.open.append(self.connection)

            def log_message(self, *args: Any) -> None:
                pass

            def do_GET(self) -> None:
                known = self.path == "/v1/models" and toy.models is not None
                reply(self, 200 if known else 404, toy.models if known else {"error": "no"})

            def do_POST(self) -> None:
                toy.post(self)

        class Listening(ThreadingHTTPServer):
            request_queue_size = 128  # 5 is too few for many connections that are made at once

        self.server = Listening(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        # A reset connection is a fault that was asked for; what it leaves behind is not printed.
        self.server.handle_error = lambda *args: None  # type: ignore[method-assign]
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/v1"
        self.spec = f"openai:{self.url}#{MODEL}"

    def post(self, handler: BaseHTTPRequestHandler) -> None:
        body = json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))
        with self.lock:
            self.bodies.append(body)
            self.headers.append(dict(handler.headers))
            self.peers.add(handler.client_address)
            n = len(self.bodies)
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            what = self.fault(handler.path, body, n)
            if callable(what):
                what(handler)
                return
            status, answer = self.answer(handler.path, body)
            if what is not None and status == 200:
                answer["choices"][0].update(what)
            reply(handler, status, answer)
        except (BrokenPipeError, ConnectionResetError):
            pass
        finally:
            with self.lock:
                self.at_once -= 1

    def answer(self, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        chat = path == "/v1/chat/completions"
        if path != "/v1/completions" and not chat:
            return 404, {"error": {"message": "no such path"}}
        if body["model"] != MODEL:
            return 404, {"error": {"message": f"no model {body['model']}"}}
        prompt = f"[{body['messages'][0]['content']}]" if chat else body["prompt"]
        top = body.get("top_logprobs", 0) if chat else body.get("logprobs")
        if top is not None and top > self.most_top:
            return 400, {"error": {"message": f"at most {self.most_top} logprobs"}}
        if not isinstance(prompt, str):
            prompt = "".join(map(chr, prompt))
        text = self.write(prompt, body)
        asked = bool(body.get("logprobs")) if chat else top is not None
        choice: dict[str, Any] = {"index": 0, "finish_reason": "length", "logprobs": None}
        tokens = list(prompt + text) if body.get("echo") else list(text)
        if asked and chat:
            choice["logprobs"] = {
                "content": [chat_logprobs(prompt, text, i, top) for i in range(1)]
            }
        elif asked and self.knows_ids and "logprob_token_ids" in body:
            table = row(prompt)
            given = {f"token_id:{i}": table[chr(i)] for i in body["logprob_token_ids"]}
            choice["logprobs"] = {"top_logprobs": [given]}
        elif asked:
            whole, start = prompt + text, 0 if body.get("echo") else len(prompt)
            tables = [None if i == 0 else row(whole[:i]) for i in range(start, len(whole))]
            choice["logprobs"] = {
                "tokens": tokens,
                "token_logprobs": [t and t[c] for t, c in zip(tables, tokens, strict=True)],
                "top_logprobs": [t and best(t, top) for t in tables],
            }
        shown = "".join(tokens)
        choice.update({"message": {"content": shown}} if chat else {"text": shown})
        usage = {"prompt_tokens": len(prompt), "completion_tokens": len(text)}
        return 200, {"choices": [choice], "usage": usage}

    def write(self, prompt: str, body: dict[str, Any]) -> str:
        """Greedy text, or the likeliest allowed one."""
        allowed = body.get("structured_outputs", {}).get("choice") if self.structured else None
        if allowed:
            return max(allowed, key=lambda c: logprob(prompt, c))
        text = ""
        for _ in range(body["max_tokens"]):
            table = row(prompt + text)
            text += max((c for c in ALPHABET if c != END), key=table.__getitem__)
        return text


def chat_logprobs(prompt: str, text: str, at: int, top: int) -> dict[str, Any]:
    table = row(prompt + text[:at])
    listed = [{"token": t, "logprob": x} for t, x in best(table, top).items()]
    return {"token": text[at], "logprob": table[text[at]], "top_logprobs": listed}


def best(table: dict[str, float], n: int) -> dict[str, float]:
    return dict(sorted(table.items(), key=lambda item: -item[1])[:n])


def reply(
    handler: BaseHTTPRequestHandler, status: int, body: Any, headers: dict[str, str] | None = None
) -> None:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    handler.send_response(status)
    handler.send_header("Content-Length", str(len(raw)))
    for name, value in (headers or {}).items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(raw)


# --- faults ---------------------------------------------------------------------------------


def status(code: int, message: str = "broken", **headers: str) -> Callable[[Any], None]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda handler: reply(handler, code, {"error": {"message": message}}, named)


def body(raw: bytes) -> Callable[[Any], None]:
    return lambda handler: reply(handler, 200, raw)


def hang(seconds: float) -> Callable[[Any], None]:
    return lambda handler: time.sleep(seconds)


def drip(handler: Any) -> None:
    """Sends a byte now and then, so that no single read ever times out."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000000")
    handler.end_headers()
    for _ in range(60):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.05)


def short(handler: Any) -> None:
    """Promises more bytes than it sends, then closes."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"choices": [')
    handler.close_connection = True


def reset(handler: Any) -> None:
    """Closes with a TCP reset."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.close_connection = True
    handler.rfile.close()
    handler.wfile.close()
    handler.connection.close()


@contextmanager
def running() -> Iterator[ToyServer]:
    toy = ToyServer()
    thread = threading.Thread(target=toy.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield toy
    finally:
        kill(toy)
        thread.join()


def kill(toy: ToyServer) -> None:
    """Nothing listens any more, and what was connected is cut; not from one of its own threads."""
    toy.server.shutdown()
    toy.server.server_close()
    for connection in toy.open:
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
