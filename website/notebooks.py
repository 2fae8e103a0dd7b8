"""Notebooks: run in a kernel of their own, and told as a page."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs/notebooks"
SECONDS = 240


def read(path: Path) -> Any:
    """A notebook without outputs."""
    import jupytext

    return jupytext.read(path)


def run(path: Path, place: Path, project: Path, *, start: str = "") -> Any:
    """A notebook with its outputs, from a kernel that knows nothing of this process.

    Args:
        path: the notebook.
        place: an empty folder to work in.
        project: folder of a project, for the notebook that runs a system.
        start: code that the kernel's interpreter runs first of all.

    Raises:
        nbclient.exceptions.CellExecutionError: a cell raised.
    """
    import nbclient
    from jupyter_client.manager import KernelManager

    trial = place / "trial"
    for folder in ("jupyter", "trial", "site"):
        (place / folder).mkdir(parents=True)
    (place / "site/sitecustomize.py").write_text(start, encoding="utf-8")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(place),
        "PYTHONPATH": os.pathsep.join([str(place / "site"), *filter(None, sys.path), str(ROOT)]),
        "JUPYTER_RUNTIME_DIR": str(place / "jupyter"),
        "IPYTHONDIR": str(place / "jupyter"),
        "OMP_NUM_THREADS": "1",
        "HF_HUB_OFFLINE": "1",
        "MEASURAND_PROJECT": str(project),
        "MEASURAND_TRIAL": str(trial),
    }
    notebook = read(path)
    # Sockets in a folder of one's own: nobody else on the machine can speak to the kernel.
    manager = KernelManager(kernel_name="python3", transport="ipc", ip=str(place / "k"))
    client = nbclient.NotebookClient(
        notebook, km=manager, timeout=SECONDS, resources={"metadata": {"path": str(trial)}}
    )
    try:
        client.execute(env=environment)
    finally:
        manager.shutdown_kernel(now=True)
    return notebook


def page(notebook: Any, name: str) -> str:
    """The notebook as a page of Markdown; pictures and tables as they stood below the cells."""
    parts = []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            parts.append(re.sub(r"\]\((\w+)\.py\)", r"](\1.md)", cell.source))
        elif cell.source.strip():
            parts.append(f"```python\n{cell.source}\n```")
            parts += [_output(out) for out in cell.get("outputs", ())]
    text = "\n\n".join(filter(None, parts))
    title, _, rest = text.partition("\n")
    return f"{title}\n\nThe notebook itself is `docs/notebooks/{name}.py`.\n{rest}\n"


def _output(out: Any) -> str:
    data = out.get("data", {})
    for kind in ("text/html", "image/svg+xml"):
        if kind in data:
            inner = f'<div class="notebook-output">{data[kind]}</div>'
            return f"`````{{raw}} html\n{inner}\n`````"
    text = (out.get("text") or data.get("text/plain") or "").rstrip()
    return f"`````{{code-block}} text\n:class: notebook-text\n\n{text}\n`````" if text else ""
