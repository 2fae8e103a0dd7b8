"""Report sections on reliability and construct validity."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from evaluators.personality.alike import cautions
from evaluators.personality.evaluate.context import Subject, View
from evaluators.personality.evaluate.scores import SUFFIX, Kind
from evaluators.personality.figures import NAMES, WORDS, kinds_of
from measurand.reporting.document import Block, Cell, Figure, Section, Table, Text
from measurand.reporting.evidence import units
from measurand.reporting.grid import Line, grid, stack
from measurand.reporting.lookup import Figures
from measurand.results import StatisticRow, slice_parts
from measurand.stats.bands import Bands, band
from schemas.personality.params import DOMAINS

PUBLISHED = (
    ("PaLM 62B", 0.05, -0.24),
    ("Flan-PaLM 8B", 0.69, 0.23),
    ("Flan-PaLM 62B", 0.87, 0.41),
    ("Flan-PaLM 540B", 0.90, 0.51),
    ("Llama-2 7B", -0.01, -0.03),
    ("Llama-2-chat 7B", 0.59, 0.15),
    ("Mistral 7B Instruct", 0.28, 0.09),
    ("Mixtral 8x7B Instruct", 0.80, 0.40),
    ("GPT-3.5 Turbo", 0.84, 0.28),
    ("GPT-4o", 0.90, 0.48),
)
"""Mean convergent r and gap of IPIP-NEO-300 with BFI; Serapio-García et al. (2025), Table 1."""

ANCHORS = {
    ("EXT", "spi_27.WellBeing"): {"people, PANAS": 0.58, "GPT-4o, PANAS": 0.76},
    ("EXT", "spi_27.Anxiety"): {"people, PANAS": -0.20, "GPT-4o, PANAS": -0.45},
    ("NEU", "spi_27.WellBeing"): {"people, PANAS": -0.29, "GPT-4o, PANAS": -0.74},
    ("NEU", "spi_27.Anxiety"): {"people, PANAS": 0.58, "GPT-4o, PANAS": 0.85},
    ("EXT", "panas.PA"): {"people, PANAS": 0.58, "GPT-4o, PANAS": 0.76},
    ("EXT", "panas.NA"): {"people, PANAS": -0.20, "GPT-4o, PANAS": -0.45},
    ("NEU", "panas.PA"): {"people, PANAS": -0.29, "GPT-4o, PANAS": -0.74},
    ("NEU", "panas.NA"): {"people, PANAS": 0.58, "GPT-4o, PANAS": 0.85},
}
"""People: Watson and Clark (1992); GPT-4o: Serapio-García et al. (2025). PANAS scales, for which
the public-domain scales stand in."""

VALIDITY = {"experiment": "validity"}

_COEFFICIENTS = {
    "alpha": "alpha",
    "alpha, expected answers": "alpha_expected",
    "lambda-6": "lambda6",
    "omega, 1 factor": "omega_m1",
    "omega, 3 factors": "omega_m3",
    "items flipped": "n_flipped",
}


def bands_of(table: Sequence[tuple[float, str]]) -> Bands:
    """A band table of the parameters; its first band is open downwards."""
    (_, lowest), *rest = table
    return ((float("-inf"), lowest), *rest)


def summary_section(view: View) -> Section:
    """One row a model: may its scores be read at all?"""
    everyone, figures = view.found, view.figures
    rows: list[list[Cell]] = []
    for subject in everyone:
        model = subject.model
        for kind, end in SUFFIX.items():
            again: list[Cell] = ["", ""]
            if kind == "value":
                again = [
                    figures.cell(model, "keyed_pair_agreement", **VALIDITY, form="first"),
                    figures.cell(model, "mass_mean", **VALIDITY),
                ]
            rows.append(
                [
                    {"text": model, "detail": WORDS[kind]},
                    _lowest_alpha(figures, model, f"alpha{end}"),
                    figures.cell(model, f"convergent_mean{end}", **VALIDITY),
                    figures.cell(model, f"discriminant_gap{end}", **VALIDITY),
                    *again,
                ]
            )
    table = Table(
        "The five figures that decide whether domain scores can be read",
        ["model", "lowest alpha of the five domains", "mean convergent r", "discriminant gap",
         "opposite-keyed items agree", "probability on the choices"],
        rows,
        [
            "Intervals are 95%, over biographies. Alpha is that of the first form, keyed. "
            "Opposite-keyed items: .5 is chance, near 0 a respondent that agrees with everything. "
            "Expected answers weigh every choice by its probability; gates read likeliest answers."
        ],
    )  # fmt: skip
    return Section(
        "Whether scores can be read",
        (
            table,
            Text(
                "Scores describe a model together with a prompt frame (biography, instruction, "
                "answer scale, chat template, precision). They are no statement about a person."
            ),
        ),
    )


def _lowest_alpha(figures: Figures, model: str, metric: str) -> Cell:
    rows = [figures.get(model, metric, **VALIDITY, form="first", scale=d) for d in DOMAINS]
    found = [row for row in rows if row is not None]
    known = [row["estimate"] for row in found if row["estimate"] is not None]
    if len(known) == len(found):
        return {"value": min(known, default=None), "reason": "not asked"}
    why = next(row["reason"] for row in found if row["estimate"] is None)
    return {"value": None, "reason": why}


def reliability_section(view: View) -> Section:
    """Alpha and its relatives, scale by scale."""
    everyone, figures = view.found, view.figures
    return Section(
        "Reliability",
        (
            _alpha_figure(everyone, figures),
            *(_reliability_table(subject, figures) for subject in everyone),
        ),
        "Do the items of a scale go together? Clusters are biographies: participants that share "
        "one answer alike, so intervals over participants would be too narrow.",
    )


def _alpha_figure(everyone: Sequence[Subject], figures: Figures) -> Figure:
    dots = [
        {
            **figures.dot(NAMES[d], s.model, f"alpha{end}", **VALIDITY, form="first", scale=d),
            "series": f"{s.model}, {WORDS[kind]}",
        }
        for d in DOMAINS
        for s in everyone
        for kind, end in SUFFIX.items()
        if figures.get(s.model, f"alpha{end}", **VALIDITY, form="first", scale=d)
    ]
    known = everyone[0].params.report.reliability_bands[1:]
    edges = [*(bound for bound, _ in known), 1.0]
    bands = [
        {"low": low, "high": high, "label": word}
        for (_, word), low, high in zip(known, edges[:-1], edges[1:], strict=True)
    ]
    return Figure(
        "forest",
        "Cronbach's alpha of the five domains",
        "Dots are alpha of the keyed answers, lines its 95% interval over biographies; the "
        "dashed line is the gate's limit. Below zero, items keyed in opposite directions were "
        "answered alike; what is below -1 is an arrow with its figure.",
        {
            **{"rows": dots, "axis": "alpha", "minimum": -1.0, "maximum": 1.0, "bands": bands},
            **{"limit": 0.7, "limit_label": "gate"},
        },
    )


def _reliability_table(subject: Subject, figures: Figures) -> Table:
    table = bands_of(subject.params.report.reliability_bands)

    def word(line: Line) -> Cell:
        return band(figures.value(line.model, "alpha", **line.parts), table)

    return grid(
        figures,
        f"Reliability of {subject.model}",
        ("scale", "items"),
        [
            Line(
                {"text": scale["name"], "detail": scale["scale_id"]},
                subject.model,
                {**VALIDITY, **subject.name(scale["scale_id"])},
                [scale["n_items"]],
            )
            for scale in subject.scales
        ],
        {**_COEFFICIENTS, "band": word},
        [
            "Items flipped: how many items psych::omega would silently turn round. Above 0 the "
            "items do not measure one thing in the keyed direction. Bands are conventions.",
            *cautions(subject, figures),
        ],
        made="alpha",
    )


def score_section(view: View) -> Section:
    """Mean domain scores with what is needed to read them."""
    everyone, figures = view.found, view.figures

    def also(key: Literal["reliability", "mde"], reason: str) -> Callable[[Line], Cell]:
        def cell(line: Line) -> Cell:
            row = figures.get(line.model, "score_mean", **line.parts)
            return {"value": None if row is None else row[key], "reason": reason}

        return cell

    table = grid(
        figures,
        "Domain scores without shaping, on the scale of the answers",
        "domain",
        [
            Line(
                {"text": NAMES[domain], "detail": subject.model},
                subject.model,
                {**VALIDITY, "form": "first", "scale": domain},
            )
            for subject in everyone
            for domain in DOMAINS
        ],
        {
            "mean score": "score_mean",
            "mean of expected answers": "score_mean_expected",
            "reliability (alpha)": also("reliability", "alpha is undefined"),
            "smallest detectable difference": also("mde", "no standard error"),
            "ICC over wordings": "icc_wording",
        },
        [
            "Expected answers weigh every choice by its probability. The smallest detectable "
            "difference is what this sample would show with 80% power. The ICC says how much of a "
            "score belongs to the biography instead of the wording; it needs two wordings."
        ],
        made="score_mean",
    )
    return Section("Scores", (table,), "Read a score only where its reliability allows it.")


def construct_section(view: View) -> Section:
    """Two forms of the Big Five against each other."""
    everyone, figures = view.found, view.figures
    kinds = [(s.model, kind, end) for s in everyone for kind, end in SUFFIX.items()]
    tables = [
        grid(
            figures,
            "Convergent and discriminant validity",
            "model",
            [Line({"text": model, "detail": WORDS[kind]}, model, VALIDITY)],
            {
                "mean diagonal r": f"convergent_mean{end}",
                "mean absolute r off the diagonal": f"discriminant_mean{end}",
                "gap": f"discriminant_gap{end}",
                "items dropped": "items_dropped_as_shared",
            },
            [
                "Items that both forms share verbatim were dropped from the first form: a "
                "correlation must not be one of a thing with itself."
            ],
            made=f"discriminant_gap{end}",
        )
        for model, kind, end in kinds
    ]
    published = Table(
        "Published for other models, with IPIP-NEO-300 and BFI (other prompts and forms)",
        ["model", "mean convergent r", "gap"],
        [list(line) for line in PUBLISHED],
        ["Serapio-García et al., Nature Machine Intelligence 7 (2025), Table 1."],
    )
    return Section(
        "Convergent and discriminant validity",
        (
            stack(tables),
            *(_matrix(figures, m, k) for m, k, _ in kinds if k in kinds_of(figures, m, "mtmm_r")),
            published,
        ),
        "Does a second questionnaire of the same traits give the same order of participants, and "
        "one of other traits another?",
    )


def _matrix(figures: Figures, model: str, kind: Kind) -> Figure:
    metric = f"mtmm_r{SUFFIX[kind]}"
    found = [
        [figures.get(model, metric, **VALIDITY, first=a, second=b) for b in DOMAINS]
        for a in DOMAINS
    ]
    return Figure(
        "heatmap",
        f"{model}, {WORDS[kind]}: first form (rows) by second form (columns)",
        "Pearson correlations over participants. The framed diagonal should be high, everything "
        "else near zero.",
        {
            "labels": list(NAMES.values()),
            "values": [[cell and cell["estimate"] for cell in line] for line in found],
            "reasons": [[cell and cell["reason"] for cell in line] for line in found],
            "outlined": [[i, i] for i in range(5)],
            "axis": "Pearson r",
        },
    )


def criterion_section(view: View) -> Section | None:
    """Correlations that theory predicts."""
    everyone, figures = view.found, view.figures
    names = {s["scale_id"]: s["name"].split(" (")[0] for s in everyone[0].scales}
    blocks: list[Block] = []
    for subject in everyone:
        model = subject.model
        kinds = kinds_of(figures, model, "criterion_r")
        for kind in kinds:
            found = figures.metrics(model, f"criterion_r{SUFFIX[kind]}")
            rows = [_criterion(row, names) for row in found]
            rows.sort(key=lambda r: list(NAMES.values()).index(str(r["group"])))
            blocks.append(
                Figure(
                    "bars",
                    f"{model}, {WORDS[kind]}: domain scores and criterion scales",
                    "Bars are Pearson correlations with their 95% interval over biographies, signs "
                    "what theory expects, marks the same figure elsewhere.",
                    {"rows": rows, "axis": "Pearson r"},
                )
            )
        if figures.metrics(model, "criterion_r") and "value" not in kinds:
            blocks.append(
                Text(f"{model}: the likeliest answers do not vary, so nothing goes with them.")
            )
    if not blocks:
        return None
    return Section(
        "Criterion validity",
        tuple(blocks),
        "Do scores go with what they should go with? Public-domain scales stand in for the "
        "copyrighted ones of the original study.",
    )


def _criterion(found: StatisticRow, names: Mapping[str, str]) -> dict[str, Any]:
    parts = slice_parts(found["slice"])
    return {
        "label": names[parts["criterion"]],
        "group": NAMES[parts["domain"]],
        "estimate": found["estimate"],
        "lower": found["ci_lo"],
        "upper": found["ci_hi"],
        "n": units(found),
        "reason": found["reason"],
        "expected": 1 if parts["expected"] == "+" else -1,
        "anchors": ANCHORS.get((parts["domain"], parts["criterion"]), {}),
    }
