from __future__ import annotations

from pathlib import Path

import pytest

from measurand.scales.command import main


def test_a_page_is_written_and_never_over_another(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, out = tmp_path / "t.csv", tmp_path / "page.md"
    file.write_text("a,b,c\n1,2,2\n2,3,2\n4,4,5\n5,5,4\n")
    argv = [str(file), "--resamples", "0", "--format", "md", "--out", str(out)]
    assert main(argv) == 0
    assert out.read_text().startswith("#")
    assert "written" in capsys.readouterr().err
    with pytest.raises(Exception, match="exists"):
        main(argv)
