"""A local server that takes uploads as the Hub does without Xet, and believes no stated hash.

Every object is hashed on arrival; a commit that names an object which did not arrive, or arrived
with other bytes, is refused. Repositories are dictionaries of path -> bytes.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import unquote, urlsplit


class Hub(BaseHTTPRequestHandler):
    repos: ClassVar[dict[str, dict[str, bytes]]]
    objects: ClassVar[dict[str, bytes]]
    calls: ClassVar[list[str]]
    token: ClassVar[str]
    spoil: ClassVar[bool]

    def log_message(self, *args: Any) -> None:
        pass

    def _send(self, status: int, value: Any = None) -> None:
        body = b"" if value is None else json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _route(self) -> None:
        path = unquote(urlsplit(self.path).path)
        body = self._body()
        type(self).calls.append(f"{self.command} {path}")
        if self.command != "PUT" and self.headers.get("Authorization") != f"Bearer {self.token}":
            return self._send(401, {"error": "Invalid credentials"})
        for method, pattern, answer in (
            ("POST", r"/api/repos/create", self._create),
            ("POST", r"/api/validate-yaml", self._yaml),
            ("POST", r"/api/datasets/([^/]+/[^/]+)/preupload/main", self._preupload),
            ("POST", r"/datasets/([^/]+/[^/]+)\.git/info/lfs/objects/batch", self._batch),
            ("PUT", r"/lfs/([0-9a-f]{64})", self._put),
            ("POST", r"/api/datasets/([^/]+/[^/]+)/commit/main", self._commit),
            ("GET", r"/api/datasets/([^/]+/[^/]+)/tree/main/?", self._tree),
            ("GET", r"/api/datasets/([^/]+/[^/]+)(?:/revision/main)?", self._info),
        ):
            found = re.fullmatch(pattern, path)
            if found and method == self.command:
                return answer(body, *found.groups())
        return self._send(404, {"error": f"no such address {path}"})

    do_GET = do_POST = do_PUT = _route

    def _create(self, body: bytes) -> None:
        asked = json.loads(body)
        assert asked["type"] == "dataset"
        name = f"{asked['organization']}/{asked['name']}"
        known = name in self.repos
        self.repos.setdefault(name, {})
        self._send(409 if known else 200, {"url": f"{self._root()}/datasets/{name}"})

    def _yaml(self, body: bytes) -> None:
        self._send(200, {"errors": [], "warnings": []})

    def _preupload(self, body: bytes, repo: str) -> None:
        files = [
            {
                "path": f["path"],
                "uploadMode": "lfs" if f["path"].endswith(".parquet") else "regular",
                "shouldIgnore": False,
            }
            for f in json.loads(body)["files"]
        ]
        self._send(200, {"files": files})

    def _batch(self, body: bytes, repo: str) -> None:
        objects = []
        for wanted in json.loads(body)["objects"]:
            entry = {"oid": wanted["oid"], "size": wanted["size"], "authenticated": True}
            if wanted["oid"] not in self.objects:
                entry["actions"] = {"upload": {"href": f"{self._root()}/lfs/{wanted['oid']}"}}
            objects.append(entry)
        self._send(200, {"transfer": "basic", "objects": objects})

    def _put(self, body: bytes, oid: str) -> None:
        if hashlib.sha256(body).hexdigest() != oid:
            return self._send(400, {"error": "sha256 of the object differs from its name"})
        self.objects[oid] = body[:-1] + b"\0" if self.spoil else body
        return self._send(200)

    def _commit(self, body: bytes, repo: str) -> None:
        files = dict(self.repos[repo])
        for row in body.splitlines():
            entry = json.loads(row)
            value = entry["value"]
            if entry["key"] == "lfsFile":
                if value["oid"] not in self.objects:
                    return self._send(400, {"error": f"{value['path']}: object did not arrive"})
                files[value["path"]] = self.objects[value["oid"]]
            elif entry["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif entry["key"] == "deletedFile":
                del files[value["path"]]
        self.repos[repo] = files
        oid = hashlib.sha1(body, usedforsecurity=False).hexdigest()
        address = f"{self._root()}/datasets/{repo}/commit/{oid}"
        return self._send(200, {"success": True, "commitOid": oid, "commitUrl": address})

    def _tree(self, body: bytes, repo: str) -> None:
        entries = []
        for path, content in sorted(self.repos[repo].items()):
            blob = b"blob %d\0" % len(content) + content
            entry: dict[str, Any] = {
                "type": "file",
                "path": path,
                "size": len(content),
                "oid": hashlib.sha1(blob, usedforsecurity=False).hexdigest(),
            }
            if path.endswith(".parquet"):
                digest = hashlib.sha256(content).hexdigest()
                entry["lfs"] = {"oid": digest, "size": len(content), "pointerSize": 130}
            entries.append(entry)
        self._send(200, entries)

    def _info(self, body: bytes, repo: str) -> None:
        if repo not in self.repos:
            return self._send(404, {"error": "Repository not found"})
        siblings = [{"rfilename": path} for path in self.repos[repo]]
        return self._send(200, {"id": repo, "sha": "0" * 40, "siblings": siblings})

    def _root(self) -> str:
        return f"http://{self.headers['Host']}"


@contextmanager
def serving(token: str = "secret", *, spoil: bool = False) -> Iterator[tuple[str, type[Hub]]]:
    """(address, handler) of a running server; ``spoil`` flips a byte of every stored object."""
    state = {"repos": {}, "objects": {}, "calls": [], "token": token, "spoil": spoil}
    handler = type("Served", (Hub,), state)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", handler
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
