"""Gates put to evidence, and what was decided."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from measurand.api.result import Result, columns
from measurand.progress import Where, reporting

if TYPE_CHECKING:
    from measurand.gates.verdict import Verdict
    from measurand.reporting.document import Document


class GateOutcome(Result):
    """What a gate file decides.

    Attributes:
        verdict: the verdict with every gate.
        folder: where ``verdict.json``, ``junit.xml`` and ``summary.md`` lie.
    """

    _columns = columns(
        gate="text", state="text", estimate="number", lower="number", upper="number",
        items="count", clusters="count", reason="text",
    )  # fmt: skip

    def __init__(self, verdict: Verdict, folder: Path) -> None:
        super().__init__(verdict.to_dict())
        self.verdict = verdict
        self.folder = folder

    @property
    def state(self) -> str:
        """``pass``, ``fail``, ``inconclusive`` or ``error``: the worst gate's."""
        return self.verdict.state

    @property
    def exit_code(self) -> int:
        """0 all blocking gates pass, 1 one fails, 2 one is undecided, 3 error."""
        return self.verdict.exit_code

    def to_json(self) -> str:
        """The command line's JSON, byte for byte."""
        return self.verdict.to_json()

    def document(self) -> Document:
        """The verdict and its gates as a page."""
        from measurand.reporting.document import Document, Section
        from measurand.reporting.verdict import gates_table

        table = gates_table(self.record)
        sections = () if table is None else (Section("Gates", (table,)),)
        return Document("Gates", self.verdict.gate_file, self.record, sections)

    def render(self, form: str = "text", *, explain: bool = False) -> str:
        """As :meth:`Result.render`; text and Markdown are those of ``measurand gate``.

        Args:
            form: ``text``, ``json``, ``md`` or ``html``.
            explain: of text and Markdown, why each gate came out so and what would decide.
        """
        if form not in ("text", "md"):
            return super().render(form)
        from measurand.gates.telling import explanations
        from measurand.gates.telling.outputs import printable, to_markdown, to_text

        text = to_markdown(self.verdict) if form == "md" else to_text(self.verdict)
        for gate in self.verdict.gates if explain else ():
            lines = [f"  {printable(line)}" for line in explanations.explain(gate)]
            text += "\n".join(["", printable(gate.name), *lines]) + "\n"
        return text

    def rows(self) -> list[dict[str, Any]]:
        """A row a gate; the bounds are one-sided."""
        return [
            {
                "gate": one.name,
                "state": one.state,
                "estimate": one.found.estimate,
                "lower": one.found.lower,
                "upper": one.found.upper,
                "items": one.found.n,
                "clusters": one.found.clusters,
                "reason": one.reason_code,
            }
            for one in self.verdict.gates
        ]


def gate(
    file: str | Path,
    *,
    root: str | Path = ".",
    results: str | Path | None = None,
    out: str | Path | None = None,
    progress: Where = None,
) -> GateOutcome:
    r"""Pass, fail or undecided, by one-sided confidence bounds.

    Source: see docs/statistics.md; the verdict is that of ``measurand gate``. What is wrong with
    the gate file or its evidence is an error in the verdict and no exception.

    Args:
        file: gate file (YAML).
        root: folder that paths in it are relative to.
        results: results, or anything that :func:`measurand.analyse` reads, in place of the file's
            own.
        out: folder of the verdict's files and of earlier attempts (``looks.json``,
            ``tries.json``), to be kept between runs; ``.measurand/gate/NAME`` in the root without.
        progress: a callback, ``"stderr"``, or None for silence.

    Raises:
        InputError: the results cannot be read, or code ``out_unwritable``.

    >>> import measurand, pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = pathlib.Path(folder, "gates.yaml")
    ...     _ = file.write_text("version: 1\nresults: .\ngates: []\n")
    ...     measurand.gate(file, root=folder).state
    'error'
    """
    from measurand.gates.logs import verdict_of
    from measurand.gates.telling.outputs import write_files

    file, root = Path(file), Path(root)
    folder = Path(out) if out else root / ".measurand" / "gate" / (file.stem or "gate")
    with reporting(progress):
        found = verdict_of(file, root, None if results is None else Path(results), folder)
    write_files(found, folder)
    return GateOutcome(found, folder)
