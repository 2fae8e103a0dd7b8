"""A small task whose every value can be worked out by hand."""

from __future__ import annotations

from pipelines.guided_evolution.programs import Grammar, Op, Program
from pipelines.guided_evolution.spaces import Graphs, Outcome, failed


class Chains:
    """A task without a file: words of three letters, worth the length of their common start."""

    enough: float | None = None

    def __init__(self, wanted: str = "fhfkfhf") -> None:
        self.wanted = wanted
        ops = (Op("x"), Op("f", ("real",)), Op("h", ("real",)), Op("k", ("real",)))
        self.space = Graphs(Grammar(ops, max_nodes=12), depth=9)
        self.calls = 0

    def letters(self, program: Program) -> str:
        return "".join(self.space.names[op] for op in program.ops[1:])

    def function(self, program: Program) -> bytes | None:
        """Chains that begin with kk are none; those that end with kh compute the same without."""
        letters = self.letters(program)
        if letters.startswith("kk"):
            return None
        return letters.removesuffix("kh").encode()

    def measure(self, program: Program) -> Outcome:
        self.calls += 1
        letters = self.letters(program).removesuffix("kh")
        if letters.startswith("hh"):
            return failed("it begins with hh")
        same = [a == b for a, b in zip(letters, self.wanted, strict=False)]
        right = same.index(False) if False in same else len(same)
        return Outcome(right - 0.01 * len(letters))
