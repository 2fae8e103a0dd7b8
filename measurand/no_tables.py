"""Files that are no text: packed ones, and those of programs with forms of their own."""

from __future__ import annotations

from measurand.errors import InputError

_GZIP = b"\x1f\x8b"
_PROGRAMS = {
    **{b"$FL2": "SPSS", b"$FL3": "SPSS", b"<stata_dta>": "Stata", b"r\x02\x01\x00": "Stata"},
    **{b"ARROW1": "Arrow (Feather)", b"FEA1": "Feather", b"SQLite format 3": "SQLite"},
    **{b"%PDF": "PDF", b"\x93NUMPY": "NumPy", b"Obj\x01": "Avro", b"ORC": "ORC"},
}
"""First bytes of files that hold tables, or look like it."""


def refuse(data: bytes, name: str) -> None:
    """Refuse what is no text, by what it is.

    Args:
        data: the beginning of a file, or all of it.
        name: of the file, for messages.

    Raises:
        InputError: code ``not_text``.
    """
    if data.startswith(_GZIP):
        hint = "give it with the ending .gz"
        raise InputError(f"{name} is packed by gzip", hint=hint, code="not_text")
    if program := next((p for mark, p in _PROGRAMS.items() if data.startswith(mark)), None):
        hint = "save it as CSV or Parquet"
        raise InputError(f"{name} is a file of {program}", hint=hint, code="not_text")
    if (nul := data.find(b"\0")) >= 0:
        line = data.count(b"\n", 0, nul) + 1
        hint = "save it as UTF-8, or name its --encoding (UTF-16 has such bytes)"
        raise InputError(f"{name}: NUL byte in line {line}", hint=hint, code="not_text")
