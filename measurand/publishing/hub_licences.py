"""The Hub's words for licences, to SPDX and back."""

from __future__ import annotations

import re

_SAME = (
    *("apache-2.0", "mit", "afl-3.0", "artistic-2.0", "bsl-1.0", "bsd-2-clause", "bsd-3-clause"),
    *("bsd-3-clause-clear", "cc0-1.0", "cc-by-2.0", "cc-by-2.5", "cc-by-3.0"),
    *("cc-by-4.0", "cc-by-sa-3.0", "cc-by-sa-4.0", "cc-by-nc-2.0", "cc-by-nc-3.0", "cc-by-nc-4.0"),
    *("cc-by-nd-4.0", "cc-by-nc-nd-3.0", "cc-by-nc-nd-4.0", "cc-by-nc-sa-2.0", "cc-by-nc-sa-3.0"),
    *("cc-by-nc-sa-4.0", "cdla-sharing-1.0", "cdla-permissive-1.0", "cdla-permissive-2.0", "wtfpl"),
    *("ecl-2.0", "epl-1.0", "epl-2.0", "etalab-2.0", "eupl-1.1", "eupl-1.2", "agpl-3.0"),
    *("gpl-2.0", "gpl-3.0", "lgpl-2.1", "lgpl-3.0", "isc", "lppl-1.3c", "ms-pl", "mpl-2.0"),
    *("osl-3.0", "postgresql", "ofl-1.1", "ncsa", "unlicense", "zlib"),
)
_SPDX = {
    "c-uda": "C-UDA-1.0",
    "odbl": "ODbL-1.0",
    "odc-by": "ODC-By-1.0",
    "pddl": "PDDL-1.0",
    "cc0": "CC0-1.0",
    "gpl-2.0": "GPL-2.0-only",
    "gpl-3.0": "GPL-3.0-only",
    "lgpl-2.1": "LGPL-2.1-only",
    "lgpl-3.0": "LGPL-3.0-only",
    "agpl-3.0": "AGPL-3.0-only",
}
_OWN = (
    *("openrail", "openrail++", "bigscience-openrail-m", "creativeml-openrail-m"),
    *("bigscience-bloom-rail-1.0", "bigcode-openrail-m", "h-research", "intel-research", "gemma"),
    *("apple-ascl", "apple-amlr", "openmdw-1.0", "lgpl-lr", "deepfloyd-if-license", "llama2"),
    *("fair-noncommercial-research-license", "llama3", "llama3.1", "llama3.2", "llama3.3"),
    *("llama4", "grok2-community"),
)
"""Licences with terms of their own, which SPDX does not list."""
_WORDS = {
    **{name: name for name in _SAME},
    **{name.lower(): word for word, name in _SPDX.items() if word != "cc0"},
}


def spdx(word: str) -> str:
    """The SPDX expression that a word of the Hub's stands for; any other text as it is.

    Words that leave the version open (``gpl``, ``cc``, ``bsd``) stand for nothing.
    """
    low = word.casefold()
    if low in _OWN:
        return f"LicenseRef-{low.replace('+', '-plus')}"
    return _SPDX.get(low, word)


def hub_word(identifier: str) -> str | None:
    """The Hub's own word for an SPDX identifier; None where it has none."""
    low = identifier.casefold()
    own = {spdx(word).casefold(): word for word in _OWN}
    return own.get(low) or _WORDS.get(re.sub("-(only|or-later)$", "", low))
