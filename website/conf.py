"""Settings of Sphinx."""

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
pygments_style, pygments_dark_style = "friendly", "monokai"
"""Both keep the contrast of WCAG 2.1 on the theme's grounds better than its own choice."""
