"""Gates: evidence to pass, fail, undecided or error, by confidence bounds instead of points."""

from measurand.gates.outputs import write_outputs
from measurand.gates.run import run_gates
from measurand.gates.verdict import GateResult, Problem, Verdict

__all__ = ["GateResult", "Problem", "Verdict", "run_gates", "write_outputs"]
