"""Method prose: a Markdown file beside a system's report, filled from its parameters."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from measurand.reporting.document import Text
from measurand.reporting.worth import RATES


def methods(file: str | Path, params: Any, **more: object) -> Text:
    """The text of ``methods.md`` in the folder of a module, with its lines joined to paragraphs.

    ``{params.report.resamples}`` stands for that parameter; a paragraph or a list item may run over
    several lines. What intervals of rates are worth is said of every system, in a last paragraph.

    Args:
        file: ``__file__`` of the module.
        params: parameters.
        more: further names that the text has.
    """
    text = Path(file).with_name("methods.md").read_text(encoding="utf-8").strip()
    joined = re.sub(r"(?<!\n)\n(?!\n|- )", " ", text)
    filled = re.sub(r" {2,}", " ", joined).format(params=params, **more)
    return Text(f"{filled}\n\n{RATES}")
