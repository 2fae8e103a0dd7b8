from __future__ import annotations

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_no_file_above_one_megabyte() -> None:
    assert not [p for p in tracked() if p.stat().st_size > 1_000_000]


def test_marks_stand_where_the_makefile_looks_for_them() -> None:
    """It reads test modules that hold a word: a mark from elsewhere would leave its tests out."""
    others = [p for p in (ROOT / "tests").rglob("*.py") if not p.name.startswith("test_")]
    texts = [path.read_text(encoding="utf-8") for path in others]
    for mark in ("integration", "vllm", "flink"):
        assert not [text for text in texts if f"mark.{mark}" in text], mark
    holding = [text for text in texts if "mark.browser" in text]
    assert holding
    for text in holding:
        assert "IN_A_BROWSER = [\n    pytest.mark.browser,\n" in text
        assert text.count("mark.browser") == 1


def test_no_absolute_path_of_a_machine_in_code_or_configuration() -> None:
    pattern = re.compile(r"(?<![\w:/.])/(home|root|Users|work|opt)/\w")
    texts = [p for p in tracked() if p.suffix in {".py", ".toml", ".yaml", ".lock", ".in", ".sh"}]
    assert len(texts) > 50
    assert not [
        (p.relative_to(ROOT), line)
        for p in texts
        for line in p.read_text(encoding="utf-8").splitlines()
        if pattern.search(line)
    ]


def test_links_in_the_documents_lead_somewhere() -> None:
    broken = []
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8")):
            if "://" not in target and not (page.parent / target).exists():
                broken.append(f"{page.relative_to(ROOT)}: {target}")
    assert not broken
