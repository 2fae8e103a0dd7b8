from __future__ import annotations

import io

import pyarrow as pa
import pyarrow.feather as feather
import pytest

from measurand.errors import InputError
from measurand.responses import read


def arrow() -> bytes:
    sink = io.BytesIO()
    feather.write_feather(pa.table({"id": ["a"], "v": [1]}), sink)
    return sink.getvalue()


@pytest.mark.parametrize(
    ("content", "program"),
    [
        (b"$FL2@(#) SPSS DATA FILE MS Windows" + bytes(60), "SPSS"),
        (b"<stata_dta><header><release>118</release>" + bytes(60), "Stata"),
        (arrow(), r"Arrow \(Feather\)"),
        (b"%PDF-1.7\n1 0 obj\n", "PDF"),
    ],
)
def test_files_of_programs_are_named(content: bytes, program: str) -> None:
    with pytest.raises(InputError, match=rf"^t is a file of {program} \(save it as CSV") as caught:
        read(io.BytesIO(content), "t")
    assert caught.value.code == "not_text"


def test_a_nul_byte_and_a_packed_file_are_named() -> None:
    for content, what in ((b"a,b\n1,\0\n", "NUL byte in line 2"), (b"\x1f\x8b\x08", "gzip")):
        with pytest.raises(InputError, match=what):
            read(io.BytesIO(content), "t.csv")
