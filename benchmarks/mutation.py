"""Mutation score: which small changes of a module its tests do not notice.

    python benchmarks/mutation.py measurand/stats --tests tests/measurand/stats --out m.jsonl

A seeded sample of changes, ``--each`` a file, or of ``--lines`` of one. The tests are collected
once and run unchanged; what fails so is left out, and which lines each reaches is noted. Then the
changed function's code stands in place of its own, and only tests that reach the line run, quick
ones first, to the first failure. What fixtures of the session made through other lines stays, the
rest is made anew. All is done in a forked process; where a change does not end, another one goes
on. Nothing is written into the source. A JSON line a change says what it was and which test noticed
it; the last line printed counts them.

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
import random
import signal
import sys
import time
import traceback
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import _lru_cache_wrapper, partial
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import Any

import pytest
from mutations import change, sites

LONGEST = 12.0
"""Seconds of processor of the tests that a change may take unchanged."""
PATIENCE = 5.0
"""Times what the tests need unchanged, and as many seconds; all so many times on a busy machine."""


Lines = set[tuple[str, int]]
"""Files and line numbers."""


@dataclass(frozen=True)
class Mutant:
    """One change: where it is, what it is, and the file's tree with it."""

    file: str
    lines: range
    function: str
    kind: str
    change: str
    tree: ast.Module = field(repr=False)


def mutants(files: list[str], each: int, seed: int, within: range) -> list[Mutant]:
    """A sample of ``each`` changes a file within these lines, in the order of files and lines."""
    made = []
    for file in files:
        tree = ast.parse(Path(file).read_text(encoding="utf-8"))
        found = list(sites(tree))
        there = [i for i, (*_, at) in enumerate(found) if at[0] in within]
        drawn = random.Random(f"{seed} {file}").sample(there, min(each, len(there)))
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


def apply(mutant: Mutant) -> list[Callable[[], None]]:
    """Put the changed code in place of the function's own, wherever it is bound; how to undo it.

    What is cached anywhere is forgotten before and after.
    """
    path = str(Path(mutant.file).resolve())
    # What is frozen is hidden from get_objects, and the tests freeze all that they collected.
    gc.unfreeze()
    if not mutant.function:
        undo = _constant(mutant, path)
    else:
        code, undo = _code(compile(mutant.tree, path, "exec"), mutant.function), []
        for one in gc.get_objects():
            if not isinstance(one, FunctionType) or one.__code__.co_filename != path:
                continue
            if one.__code__.co_qualname == mutant.function:
                undo.append(partial(setattr, one, "__code__", one.__code__))
                one.__code__ = code
    caches = [one.cache_clear for one in gc.get_objects() if isinstance(one, _lru_cache_wrapper)]
    for clear in caches:
        clear()
    return [*undo, *caches] if undo else []


def _constant(mutant: Mutant, path: str) -> list[Callable[[], None]]:
    space: dict[str, Any] = {}
    for node in mutant.tree.body:
        if isinstance(node, ast.Assign) and node.lineno == mutant.lines[0]:
            exec(compile(ast.Module([node], []), path, "exec"), space)
            name = node.targets[0].id  # type: ignore[attr-defined]
    home = next(m for m in sys.modules.values() if getattr(m, "__file__", None) == path)
    old = getattr(home, name)
    undo: list[Callable[[], None]] = []
    for module in list(sys.modules.values()):
        if vars(module).get(name) is old:
            undo.append(partial(setattr, module, name, old))
            setattr(module, name, space[name])
    return undo


def _code(outer: CodeType, name: str) -> CodeType:
    ahead = [outer]
    while ahead:
        one = ahead.pop()
        if one.co_qualname == name:
            return one
        ahead += [c for c in one.co_consts if isinstance(c, CodeType)]
    raise LookupError(name)


class Harness:
    """A pytest plugin: collects, then runs the tests once a change."""

    def __init__(self, files: list[str], made: list[Mutant], out: Path) -> None:
        self.paths = {str(Path(f).resolve()) for f in files}
        self.made, self.out = made, out
        self.of_fixture: dict[str, Lines] = defaultdict(set)
        self.making: dict[str, float] = defaultdict(float)
        self.seconds: dict[str, float] = {}
        self.failed: str | None = None
        self.stack: list[Lines] = []

    def _trace(self, frame: FrameType, event: str, _: Any) -> Any:
        if frame.f_code.co_filename not in self.paths:
            return None
        self.stack[-1].add((frame.f_code.co_filename, frame.f_lineno))
        return self._trace

    @pytest.hookimpl(hookwrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Iterator[None]:
        """Lines that a fixture reaches count for every test that asks for it."""
        self.stack.append(set())
        start = time.process_time()
        yield
        self.making[fixturedef.argname] += time.process_time() - start
        self.of_fixture[fixturedef.argname] |= self.stack.pop()

    def pytest_runtest_logreport(self, report: Any) -> None:
        """The first failure."""
        if report.failed and self.failed is None:
            self.failed = report.nodeid

    def _run(self, items: list[Any]) -> None:
        session = items[0].session
        for item, following in zip(items, [*items[1:], session], strict=True):
            item.ihook.pytest_runtest_protocol(item=item, nextitem=following)
            if self.failed:
                break
        # All but the session's own is torn down: another test may come next.
        session._setupstate.teardown_exact(session)

    def pytest_runtestloop(self, session: Any) -> bool:
        """In place of pytest's own loop."""
        if session.testsfailed:
            raise session.Interrupted("errors at collection")
        before = _lines_of(self.out)
        results: list[str] = []
        while len(results) < len(self.made):
            _child(self._work, session, len(results))
            results = [json.loads(line)["result"] for line in _lines_of(self.out)[len(before) :]]
            if len(results) < len(self.made):
                results.append(self._note(self.made[len(results)], "no end"))
        print(f"\n{dict(Counter(results))}")
        return True

    def _work(self, session: Any, first: int) -> None:
        """All changes from one on, in this process; a change that does not end ends it."""
        reached = self._unchanged(session.items)
        for mutant in self.made[first:]:
            self._one(mutant, session, reached)
            signal.setitimer(signal.ITIMER_REAL, 0)

    def _unchanged(self, items: list[Any]) -> dict[str, Lines]:
        """What each test reaches; what the session's fixtures made stays."""
        reached: dict[str, Lines] = {}
        for item, following in zip(items, [*items[1:], items[0].session], strict=True):
            self.stack = [set()]
            start = time.process_time()
            sys.settrace(self._trace)
            item.ihook.pytest_runtest_protocol(item=item, nextitem=following)
            sys.settrace(None)
            self.seconds[item.nodeid] = time.process_time() - start
            reached[item.nodeid] = self.stack[0]
            if self.failed:
                del reached[item.nodeid]
                self.failed = None
        for item in (one for one in items if one.nodeid in reached):
            for name in item.fixturenames:
                reached[item.nodeid] = reached[item.nodeid] | self.of_fixture[name]
        return reached

    def _forget(self, session: Any, places: Lines) -> None:
        """Have made anew what the session's fixtures made through these lines, or from such."""
        known: dict[str, list[Any]] = defaultdict(list)
        for item in session.items:
            for name, made in item._fixtureinfo.name2fixturedefs.items():
                known[name] += [one for one in made if one not in known[name]]
        stale = {name for name, lines in self.of_fixture.items() if not places.isdisjoint(lines)}
        while more := {
            name
            for name, made in known.items()
            if name not in stale and any(stale.intersection(one.argnames) for one in made)
        }:
            stale |= more
        for one in (one for name in stale for one in known.get(name, ())):
            one.cached_result = None

    def _one(self, mutant: Mutant, session: Any, reached: dict[str, Lines]) -> None:
        path = str(Path(mutant.file).resolve())
        places = {(path, line) for line in mutant.lines}
        # A constant of a module may have been used anywhere.
        wide = places if mutant.function else set().union(*reached.values())
        chosen = [
            item
            for item in session.items
            if not wide.isdisjoint(reached.get(item.nodeid, set())) or not mutant.function
        ]
        chosen = self._quick([item for item in chosen if item.nodeid in reached])
        if not chosen:
            self._note(mutant, "not reached")
            return
        names = {name for item in chosen for name in item.fixturenames}
        whole = sum(self.seconds[item.nodeid] for item in chosen)
        whole += sum(self.making[name] for name in names)
        signal.setitimer(signal.ITIMER_REAL, PATIENCE * (PATIENCE * whole + PATIENCE))
        start = time.process_time()
        undo = apply(mutant)
        if not undo:
            self._note(mutant, "not applied")
            return
        self.failed, self.stack = None, [set()]
        self._forget(session, wide)
        self._run(chosen)
        for restore in undo:
            restore()
        self._forget(session, wide)
        self._note(mutant, "killed" if self.failed else "survived", len(chosen), start)

    def _note(self, mutant: Mutant, result: str, tests: int = 0, start: float | None = None) -> str:
        said = {name: getattr(mutant, name) for name in ("file", "function", "kind", "change")}
        said |= {"line": mutant.lines[0], "result": result, "tests": tests}
        said["seconds"] = 0.0 if start is None else round(time.process_time() - start, 2)
        said["by"] = self.failed if result == "killed" else None
        with self.out.open("a", encoding="utf-8") as out:
            out.write(json.dumps(said) + "\n")
        return result

    def _quick(self, items: list[Any]) -> list[Any]:
        """Quick ones first, as many as the time allows."""
        left = LONGEST
        kept: list[Any] = []
        for item in sorted(items, key=lambda item: self.seconds[item.nodeid]):
            left -= self.seconds[item.nodeid]
            kept += [item] if left > 0 or not kept else []
        return kept


def _lines_of(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def _child(work: Any, *given: Any) -> None:
    """Do the work in a forked process, and end what it left running."""
    pid = os.fork()
    if pid == 0:
        os.setpgid(0, 0)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        try:
            work(*given)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(0)

    def end(*_: Any) -> None:
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)

    # Who stops this process, with `timeout` or by hand, stops the tests too.
    before = signal.signal(signal.SIGTERM, lambda *_: (end(), os._exit(143)))
    os.waitpid(pid, 0)
    signal.signal(signal.SIGTERM, before)
    end()


def main() -> None:
    """Draw changes and run them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", help="modules, or folders of them")
    parser.add_argument("--tests", nargs="+", required=True)
    parser.add_argument("--each", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--lines", default=f"1-{sys.maxsize}", help="first-last of a file")
    parser.add_argument("--marks", default="not integration and not browser and not vllm")
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    files = [
        str(path)
        for given in map(Path, asked.files)
        for path in (sorted(given.rglob("*.py")) if given.is_dir() else [given])
    ]
    first, last = map(int, asked.lines.split("-"))
    made = mutants(files, asked.each, asked.seed, range(first, last + 1))
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
