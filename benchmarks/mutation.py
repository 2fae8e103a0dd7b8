"""Mutation score: which small changes of a module its tests do not notice.

    python benchmarks/mutation.py measurand/stats --tests tests/measurand/stats --out m.jsonl

A seeded sample of changes, ``--each`` a file. The tests are collected once; a child process runs
them unchanged, leaves out what fails so and notes which lines each reaches. Then each change has a
forked child, in which the changed function's code stands in place of its own and only tests that
reach the line run, quick ones first, to the first failure. Nothing is written into the source. A
JSON line a change says what it was and which test noticed it; the last line printed counts them.

Operators: a comparison, sum, product, sign, ``and``, ``not``, a condition, a number (axes among
them), a truth value, ``min`` for ``max``, a slice's end, a keyword that names units left out, a
filter dropped, one of several keys dropped, a column for another that the function reads, the first
two arguments swapped. Words of errors and annotations stay. What a test starts as a process of its
own runs unchanged.

mutmut and cosmic-ray draw no sample and change code that no test reaches; the second starts Python
and collects again for every change, which here costs more than the tests.
"""

from __future__ import annotations

import argparse
import ast
import copy
import gc
import json
import os
import pickle
import random
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import Any

import pytest
from mutations import change, sites

LONGEST = 12.0
"""Seconds of tests a change may take unchanged."""
PATIENCE = 5.0
"""Times what the tests need unchanged, and as many seconds."""


@dataclass(frozen=True)
class Mutant:
    """One change: where it is, what it is, and the file's tree with it."""

    file: str
    lines: range
    function: str
    kind: str
    change: str
    tree: ast.Module = field(repr=False)


def mutants(files: list[str], each: int, seed: int) -> list[Mutant]:
    """A sample of ``each`` changes a file, in the order of files and lines."""
    made = []
    for file in files:
        tree = ast.parse(Path(file).read_text(encoding="utf-8"))
        found = list(sites(tree))
        drawn = random.Random(f"{seed} {file}").sample(range(len(found)), min(each, len(found)))
        for place in sorted(drawn, key=lambda i: found[i][3][0]):
            other = copy.deepcopy(tree)
            node, function, kind, lines = list(sites(other))[place]
            before = _line(node)
            change(node, kind)
            ast.fix_missing_locations(other)
            shown = f"{before}  ->  {_line(node)}"
            made.append(Mutant(file, lines, function, kind, shown, other))
    return made


def _line(node: ast.AST) -> str:
    if isinstance(node, ast.If):
        node = node.test
    return ast.unparse(node).splitlines()[0][:100]


def apply(mutant: Mutant) -> bool:
    """Put the changed code in place of the function's own, wherever it is bound."""
    path = str(Path(mutant.file).resolve())
    if not mutant.function:
        return _constant(mutant, path)
    code = _code(compile(mutant.tree, path, "exec"), mutant.function)
    found = False
    for one in gc.get_objects():
        if not isinstance(one, FunctionType) or one.__code__.co_filename != path:
            continue
        if one.__code__.co_qualname == mutant.function:
            one.__code__, found = code, True
    return found


def _constant(mutant: Mutant, path: str) -> bool:
    space: dict[str, Any] = {}
    for node in mutant.tree.body:
        if isinstance(node, ast.Assign) and node.lineno == mutant.lines[0]:
            exec(compile(ast.Module([node], []), path, "exec"), space)
            name = node.targets[0].id  # type: ignore[attr-defined]
    home = next(m for m in sys.modules.values() if getattr(m, "__file__", None) == path)
    old, found = getattr(home, name), False
    for module in list(sys.modules.values()):
        if vars(module).get(name) is old:
            setattr(module, name, space[name])
            found = True
    return found


def _code(outer: CodeType, name: str) -> CodeType:
    ahead = [outer]
    while ahead:
        one = ahead.pop()
        if one.co_qualname == name:
            return one
        ahead += [c for c in one.co_consts if isinstance(c, CodeType)]
    raise LookupError(name)


class Harness:
    """A pytest plugin: collects, then runs the tests once a change in forked children."""

    def __init__(self, files: list[str], made: list[Mutant], out: Path) -> None:
        self.paths = {str(Path(f).resolve()) for f in files}
        self.made, self.out = made, out
        self.lines: set[tuple[str, int]] = set()
        self.of_fixture: dict[str, set[tuple[str, int]]] = defaultdict(set)
        self.making: dict[str, float] = defaultdict(float)
        self.failed: str | None = None
        self.stack: list[set[tuple[str, int]]] = []

    def _trace(self, frame: FrameType, event: str, _: Any) -> Any:
        if frame.f_code.co_filename not in self.paths:
            return None
        self.stack[-1].add((frame.f_code.co_filename, frame.f_lineno))
        return self._trace

    @pytest.hookimpl(hookwrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Iterator[None]:
        """Lines that a fixture reaches count for every test that asks for it."""
        self.stack.append(set())
        start = time.perf_counter()
        yield
        self.making[fixturedef.argname] += time.perf_counter() - start
        self.of_fixture[fixturedef.argname] |= self.stack.pop()

    def pytest_runtest_logreport(self, report: Any) -> None:
        """The first failure."""
        if report.failed and self.failed is None:
            self.failed = report.nodeid

    def _run(self, items: list[Any]) -> None:
        for item, following in zip(items, [*items[1:], None], strict=True):
            item.ihook.pytest_runtest_protocol(item=item, nextitem=following)
            if self.failed:
                return

    def pytest_runtestloop(self, session: Any) -> bool:
        """In place of pytest's own loop."""
        if session.testsfailed:
            raise session.Interrupted("errors at collection")
        items = session.items
        before = _child(self._unchanged, items)
        reached, seconds, making = pickle.loads(before)
        counts: dict[str, int] = defaultdict(int)
        with self.out.open("a", encoding="utf-8") as out:
            for mutant in self.made:
                said = self._one(mutant, items, reached, seconds, making)
                counts[said["result"]] += 1
                out.write(json.dumps(said) + "\n")
                out.flush()
        print(f"\n{dict(counts)}")
        return True

    def _unchanged(self, items: list[Any]) -> bytes:
        reached: dict[str, set[tuple[str, int]]] = {}
        seconds: dict[str, float] = {}
        for item, following in zip(items, [*items[1:], None], strict=True):
            self.stack = [set()]
            start = time.perf_counter()
            sys.settrace(self._trace)
            item.ihook.pytest_runtest_protocol(item=item, nextitem=following)
            sys.settrace(None)
            seconds[item.nodeid] = time.perf_counter() - start
            reached[item.nodeid] = self.stack[0]
            if self.failed:
                del reached[item.nodeid]
                self.failed = None
        for item in (one for one in items if one.nodeid in reached):
            for name in item.fixturenames:
                reached[item.nodeid] = reached[item.nodeid] | self.of_fixture[name]
        return pickle.dumps((reached, seconds, dict(self.making)))

    def _one(
        self, mutant: Mutant, items: list[Any], reached: Any, seconds: Any, making: Any
    ) -> dict[str, Any]:
        said = {name: getattr(mutant, name) for name in ("file", "function", "kind", "change")}
        said["line"] = mutant.lines[0]
        path = str(Path(mutant.file).resolve())
        places = {(path, line) for line in mutant.lines}
        chosen = [
            item
            for item in items
            if item.nodeid in reached
            and (not mutant.function or not places.isdisjoint(reached[item.nodeid]))
        ]
        chosen = self._quick(chosen, seconds)
        if not chosen:
            return {**said, "result": "not reached", "tests": 0, "seconds": 0.0, "by": None}
        whole = sum(seconds[item.nodeid] for item in chosen)
        # Fixtures are made anew, though a test that ran unchanged may have found them made.
        whole += sum(making.get(name, 0.0) for name in {n for i in chosen for n in i.fixturenames})
        start = time.perf_counter()
        found = pickle.loads(
            _child(lambda: self._changed(mutant, chosen), limit=PATIENCE * whole + PATIENCE)
            or pickle.dumps("no end")
        )
        result = {"": "survived", "?": "not applied", "no end": "no end"}.get(found, "killed")
        return {
            **said,
            "result": result,
            "tests": len(chosen),
            "seconds": round(time.perf_counter() - start, 2),
            "by": found or None,
        }

    def _quick(self, items: list[Any], seconds: dict[str, float]) -> list[Any]:
        """Quick ones first, as many as the time allows."""
        left = LONGEST
        kept: list[Any] = []
        for item in sorted(items, key=lambda item: seconds[item.nodeid]):
            left -= seconds[item.nodeid]
            kept += [item] if left > 0 or not kept else []
        return kept

    def _changed(self, mutant: Mutant, items: list[Any]) -> bytes:
        if not apply(mutant):
            return pickle.dumps("?")
        self.stack = [set()]
        self._run(items)
        return pickle.dumps(self.failed or "")


def _child(work: Any, *given: Any, limit: float | None = None) -> bytes:
    """What ``work`` returns in a forked process, nothing after the limit or where it died."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read)
        os.setpgid(0, 0)
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        try:
            with os.fdopen(write, "wb") as pipe:
                pipe.write(work(*given))
        finally:
            os._exit(0)
    os.close(write)
    said, end = b"", time.monotonic() + (limit or 3600)
    os.set_blocking(read, False)
    while time.monotonic() < end:
        try:
            part = os.read(read, 1 << 20)
        except BlockingIOError:
            time.sleep(0.01)
            continue
        if not part:
            break
        said += part
    else:
        said = b""
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    os.close(read)
    return said


def main() -> None:
    """Draw changes and run them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", help="modules, or folders of them")
    parser.add_argument("--tests", nargs="+", required=True)
    parser.add_argument("--each", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--marks", default="not integration and not browser and not vllm")
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    files = [
        str(path)
        for given in map(Path, asked.files)
        for path in (sorted(given.rglob("*.py")) if given.is_dir() else [given])
    ]
    made = mutants(files, asked.each, asked.seed)
    plugin = Harness(files, made, asked.out)
    options = [
        "-q",
        "-x",
        "--tb=no",
        "-p",
        "no:cacheprovider",
        "-o",
        "timeout=0",
        "-m",
        asked.marks,
    ]
    raise SystemExit(pytest.main([*options, *asked.tests], plugins=[plugin]))


if __name__ == "__main__":
    main()
