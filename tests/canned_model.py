"""A server of the common kind whose model says what a test wants."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Reply = Callable[[str], tuple[int, str]]
"""From a prompt: HTTP status and text."""


class Canned:
    """A server that answers by what a prompt says, and remembers what it was asked.

    Args:
        text: what it says until ``reply`` is set.
    """

    def __init__(self, text: str) -> None:
        self.asked: list[str] = []
        self.reply: Reply = lambda prompt: (200, text)
        canned = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["Content-Length"]))
                body = json.loads(raw)
                prompts = body.get("prompt") or [body["messages"][-1]["content"]]
                prompts = [prompts] if isinstance(prompts, str) else prompts
                canned.asked += prompts
                found = [canned.reply(prompt) for prompt in prompts]
                code = max(code for code, _ in found)
                choices = [
                    {"index": i, "text": text, "finish_reason": "stop",
                     "message": {"role": "assistant", "content": text}}
                    for i, (_, text) in enumerate(found)
                ]  # fmt: skip
                usage = {"prompt_tokens": 11, "completion_tokens": 5, "total_tokens": 16}
                answer = {"id": "x", "object": "c", "model": "m", "choices": choices,
                          "usage": usage}  # fmt: skip
                data = json.dumps(answer).encode()
                self.send_response(code)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def do_GET(self) -> None:
                self.send_response(404)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    @property
    def model(self) -> str:
        return f"openai:http://127.0.0.1:{self.http.server_address[1]}/v1#m"
