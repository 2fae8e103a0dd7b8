from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from schemas.elastictok.sources import Folder, SourceSpec

SOURCE: TypeAdapter[SourceSpec] = TypeAdapter(SourceSpec)


def test_a_folder_needs_no_kind() -> None:
    source = SOURCE.validate_python({"folder": "clips"})
    assert isinstance(source, Folder)
    assert source.folder == "clips"


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValidationError, match="kind"):
        SOURCE.validate_python({"kind": "tape"})
