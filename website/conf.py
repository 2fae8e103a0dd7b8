"""Settings of Sphinx."""

from typing import Any

from measurand.version import __version__

project = "Measurand"
release = version = __version__
copyright = "the Measurand authors, Apache-2.0"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_heading_anchors = 4
myst_links_external_new_tab = False
root_doc = "index"
html_theme = "furo"
html_title = f"Measurand {__version__}"
html_show_sourcelink = html_show_sphinx = False
html_copy_source = html_use_index = False
html_static_path = ["static"]
html_css_files = ["wide.css"]
html_extra_path = ["extra"]
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
napoleon_google_docstring = True
_STATISTICS = ":doc:`statistics </docs/statistics>`"
pygments_style, pygments_dark_style = "friendly", "monokai"
"""Both keep the contrast of WCAG 2.1 on the theme's grounds better than its own choice."""


def setup(app: Any) -> None:
    """Docstrings name pages as files of the repository; here they are links."""

    def linked(app: Any, kind: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
        lines[:] = [line.replace("docs/statistics.md", _STATISTICS) for line in lines]

    app.connect("autodoc-process-docstring", linked)
