"""A report with numbers such as a personality run gives, for the tests that render one."""

from __future__ import annotations

from functools import cache

import numpy as np

from measurand.reporting.document import Document, Figure, Opening, Section, Table, Text

TRAITS = ("Extraversion", "Agreeableness", "Conscientiousness", "Neuroticism", "Openness")
HOSTILE = "<script>alert(1)</script>"
BANDS = [
    {"low": None, "high": 0.5, "label": "unacceptable"},
    {"low": 0.5, "high": 0.6, "label": "poor"},
    {"low": 0.6, "high": 0.7, "label": "questionable"},
    {"low": 0.7, "high": 0.8, "label": "acceptable"},
    {"low": 0.8, "high": 0.9, "label": "good"},
    {"low": 0.9, "high": None, "label": "excellent"},
]
ALPHAS = {
    "Extraversion": (0.715849, 0.6942, 0.7361),
    "Agreeableness": (0.737295, 0.7142, 0.7581),
    "Conscientiousness": (0.765122, 0.7449, 0.7836),
    "Neuroticism": (0.816947, 0.8037, 0.8289),
    "Openness": (0.607802, 0.5771, 0.6366),
}


def gate(name: str, state: str, **more: object) -> dict[str, object]:
    return {"id": name, "metric": "alpha", "slice": "", "state": state, "severity": "block", **more}


def verdict() -> dict[str, object]:
    gates = [
        gate(
            f"alpha-{trait.lower()}",
            "fail" if upper < 0.7 else "pass" if lower >= 0.7 else "inconclusive",
            reason_code="threshold",
            sentence={
                "Openness": "Alpha is below the limit of .70 even at its upper bound.",
                "Extraversion": "The bounds hold the limit between them: more biographies would "
                "decide.",
            }.get(trait, "Alpha keeps the limit of .70."),
            estimate=value,
            lower=lower,
            upper=upper,
            limit=0.7,
            n=1250,
            clusters=50,
            mde=0.031,
            n_needed=2140 if trait == "Extraversion" else None,
        )
        for trait, (value, lower, upper) in ALPHAS.items()
    ]
    gates += [
        gate(
            "mass",
            "pass",
            metric="mean_mass",
            sentence="The model puts its answer on the five choices.",
            estimate=0.8831,
            lower=0.8802,
            upper=0.886,
            limit=0.5,
            n=375000,
            clusters=50,
            mde=0.0041,
        ),
        gate("gap", "fail", metric="gap", sentence="The gap's lower bound is not above 0.",
             estimate=-0.0312, lower=-0.0712, upper=-0.0051, limit=0.0, n=1250, clusters=50),
        gate("second-form", "pass", severity="warn", estimate=0.995, lower=0.991, upper=None,
             limit=0.95, n=375000),
    ]  # fmt: skip
    return {
        "state": "fail",
        "sentence": "Two of eight gates fail: Openness is not measured reliably, and the traits "
        "cannot be told apart from each other. One gate is undecided.",
        "gates": gates,
    }


def scores(rng: np.random.Generator, middle: float, spread: float, n: int) -> list[float]:
    return np.clip(rng.normal(middle, spread, n), 1, 5).round(4).tolist()


def reliability() -> Section:
    rng = np.random.default_rng(7)
    rows = []
    for trait, (value, lower, upper) in ALPHAS.items():
        for series, shift in (("alpha", 0.0), ("lambda-6", -0.025), ("omega, m = 1", 0.012)):
            jitter = shift + float(rng.normal(0, 0.006))
            rows.append({"label": trait, "series": series, "estimate": value + jitter,
                         "lower": lower + jitter, "upper": upper + jitter})  # fmt: skip
    rows.append({"label": "Orderliness facet", "series": "alpha", "estimate": None,
                 "lower": None, "upper": None, "reason": "all items constant"})  # fmt: skip
    table = Table(
        "Reliability of the five scales (IPIP-NEO-300, 1250 prompt frames, 50 biographies)",
        ("Scale", "Items", "Alpha [95% interval]", "Lambda-6", "Omega (m = 1)", "Omega (m = 3)",
         "Band", "Flipped"),
        [
            *(
                [trait, 60, {"estimate": v, "lower": lo, "upper": hi}, v - 0.02, v + 0.019,
                 v + 0.031, next(b["label"] for b in BANDS if v < (b["high"] or 9)), 0]
                for trait, (v, lo, hi) in ALPHAS.items()
            ),
            ["Orderliness facet", 10,
             {"estimate": None, "reason": "all items have zero variance"},
             {"value": None, "reason": "all items have zero variance"},
             {"value": None, "reason": "all items have zero variance"},
             {"value": None, "reason": "fewer than 7 items with variance: m = 3 not identified"},
             None, None],
        ],
        ("Intervals: percentile bootstrap over biographies, B = 2000.",),
    )  # fmt: skip
    forest = Figure(
        "forest",
        "Reliability with 95% intervals",
        "Each mark is one coefficient of one scale; the line through it is its 95% interval over "
        "biographies. The dashed line is the limit that the gate reads.",
        {"rows": rows, "axis": "reliability", "limit": 0.7, "limit_label": "gate: 0.70",
         "bands": BANDS, "minimum": 0.4, "maximum": 1.0},
    )  # fmt: skip
    return Section(
        "Reliability",
        (table, forest),
        "Four of five scales answer consistently enough to be read; Openness does not.",
    )


def opening() -> Opening:
    forest = reliability().blocks[1]
    assert isinstance(forest, Figure)
    return Opening(
        (
            "Four of five scales answer consistently enough to be read; Openness, at 0.608 "
            "[0.577, 0.637], does not.",
            f"The two forms agree on every trait, whatever {HOSTILE} they hold.",
            "Scores follow the prompt, most for Extraversion.",
        ),
        forest,
        {"label": "alpha of Openness", "model": "m", "metric": "alpha", "slice": "scale=OPE"},
    )


def validity() -> Section:
    rng = np.random.default_rng(11)
    names = [*TRAITS, *TRAITS]
    base = np.array([[1, .3, .25, -.35, .2], [.3, 1, .35, -.3, .15], [.25, .35, 1, -.4, .05],
                     [-.35, -.3, -.4, 1, -.1], [.2, .15, .05, -.1, 1]])  # fmt: skip
    matrix = np.block([[base, base * 0.72], [base * 0.72, base]]) + rng.normal(0, 0.04, (10, 10))
    matrix = np.clip((matrix + matrix.T) / 2, -1, 1)
    np.fill_diagonal(matrix, 1.0)
    values = matrix.round(6).tolist()
    values[9][2] = values[2][9] = None
    heat = Figure(
        "heatmap",
        "Multitrait-multimethod matrix",
        "Pearson correlations between the scales of two Big Five forms. Framed: the same trait in "
        "both forms, which should be high; everything else should be near zero.",
        {"labels": names, "values": values, "axis": "Pearson r",
         "groups": [{"label": "IPIP-NEO-300", "size": 5}, {"label": "IPIP-50 markers", "size": 5}],
         "outlined": [[i, i + 5] for i in range(5)] + [[i + 5, i] for i in range(5)]},
    )  # fmt: skip
    criteria = [
        ("Extraversion", "positive affect", 0.41, 0.09, 1, 0.58),
        ("Extraversion", "negative affect", -0.12, 0.15, -1, -0.20),
        ("Neuroticism", "negative affect", 0.52, 0.08, 1, 0.58),
        ("Neuroticism", "positive affect", 0.14, 0.10, -1, -0.29),
        ("Agreeableness", "physical aggression", -0.38, 0.09, -1, None),
        ("Agreeableness", "hostility " + HOSTILE, -0.22, 0.11, -1, None),
        ("Openness", "creativity", 0.31, 0.10, 1, None),
    ]
    rows = [
        {"group": trait, "label": label, "estimate": r, "lower": r - h, "upper": r + h,
         "expected": sign, "anchors": {"people (Watson & Clark 1992)": anchor}}
        for trait, label, r, h, sign, anchor in criteria
    ]  # fmt: skip
    rows.append({"group": "Conscientiousness", "label": "achievement", "estimate": None,
                 "lower": None, "upper": None, "expected": 1, "anchors": {},
                 "reason": "instrument not administered"})  # fmt: skip
    bars = Figure(
        "bars",
        "Criterion correlations",
        "Correlation of each trait with an outside scale. The sign at the left is what theory "
        "expects.",
        {"rows": rows, "axis": "Pearson r with 95% interval"},
    )
    return Section(
        "Validity",
        (heat, bars),
        "The two forms agree on every trait, yet the traits are hard to tell apart.",
    )


def shaping() -> Section:
    rng = np.random.default_rng(13)
    cells, medians = [], []
    for p, prompted in enumerate(TRAITS):
        for m, measured in enumerate(TRAITS):
            for level in range(1, 10):
                pull = 0.38 if p == m else float(base_pull(p, m))
                values = scores(rng, 3 + pull * (level - 5), 0.28, 50)
                cells.append({"prompted": prompted, "measured": measured, "level": level,
                              "values": values})  # fmt: skip
                low, mid, high = np.quantile(values, [0.25, 0.5, 0.75]).tolist()
                medians.append({"panel": prompted, "series": measured, "level": level,
                                "estimate": mid, "lower": low, "upper": high})  # fmt: skip
    concurrent = [
        {"label": trait, "values": {"low (level 1)": scores(rng, 3 - g / 2, 0.45, 800),
                                    "high (level 9)": scores(rng, 3 + g / 2, 0.4, 800)}}
        for trait, g in zip(TRAITS, (1.9, 1.2, 0.8, 1.6, 0.15), strict=True)
    ]  # fmt: skip
    ends = {"minimum": 1, "maximum": 5}
    return Section(
        "Shaping",
        (
            Figure("ridges", "Scores by prompted level",
                   "One row per prompted trait, one column per measured trait, one ridge per "
                   "level. A ridge that leans to the right as it climbs has followed the prompt.",
                   {"cells": cells, "axis": "scale score (1 to 5)", **ends}),
            Figure("levels", "Median score by level",
                   "The prompted trait is drawn strongly, with its quartiles; the letters name "
                   "the other traits.",
                   {"rows": medians, "axis": "median scale score", **ends}),
            Figure("densities", "Low against high, all traits prompted at once",
                   "Densities of scale scores over 1600 concurrent prompts.",
                   {"rows": concurrent, "groups": ["low (level 1)", "high (level 9)"],
                    "axis": "scale score (1 to 5)", **ends}),
        ),
        "Scores follow the prompt, most for Extraversion and least for Openness.",
    )  # fmt: skip


def base_pull(p: int, m: int) -> float:
    return ((p * 3 + m * 5) % 7 - 3) * 0.04


def instrument() -> Section:
    rng = np.random.default_rng(17)
    counts, edges = np.histogram(rng.beta(9, 1.4, 375000), bins=25, range=(0, 1))
    mass = Figure(
        "histogram",
        "Probability on the offered choices",
        "Total probability that the model gives to the five digits before renormalising. Answers "
        "below the limit are flagged.",
        {"edges": edges.tolist(), "counts": counts.tolist(), "axis": "mass", "limit": 0.1,
         "limit_label": "flagged below 0.10", "missing": 3,
         "marks": [{"label": "mean", "value": 0.8655}]},
    )  # fmt: skip
    nothing = Figure(
        "forest",
        "Option-order reversal",
        "Agreement between an item and the same item with its choices in reverse.",
        {"reason": "not run at the tiny preset"},
    )
    cost = Table(
        "Cost of the run",
        ("Experiment", "Calls", "Prompt tokens", "Items per second"),
        [
            ["Construct validity", 375000, 45500000, 9.83],
            ["Single-trait shaping", 675000, 106000000, 14.1],
            ["Concurrent shaping", 480000, 146000000, 17.62],
        ],
    )
    return Section(
        "Instrument",
        (
            mass,
            nothing,
            cost,
            Text("An answer that the model gave in free text, exactly as it came:"),
            Text(f"I am {HOSTILE} <img src=http://127.0.0.1:9/x.png>\n**very** accurate", True),
        ),
        "How the answers were read off the model, and what they cost.",
    )


def methods() -> Section:
    return Section(
        "Methods",
        (
            Text(
                "A simulated participant is one prompt frame: biography, item instruction and "
                "answer scale. Every item is asked in its own context.\n\n"
                "- Intervals: percentile bootstrap over biographies, B = 2000, seed by name.\n"
                "- Answers: arg max of log-probabilities in float32; ties go to the lowest.\n\n"
                "Scores describe a model together with its prompt frame, not a person. Not "
                "administered: BFI-44, PANAS, BPAQ, SSCS, PVQ-RR."
            ),
        ),
    )


@cache
def extremes() -> Document:
    """Figures at their edges: long names, one row, thirty rows, nothing but one value."""
    rng = np.random.default_rng(19)
    long = "Positive and Negative Affect Schedule, a scale with a long name"
    facets = [
        {"group": f"Domain {i // 6}", "label": f"Facet {i}" + " of considerable length" * (i % 3),
         "estimate": (v := float(rng.uniform(-0.9, 0.95))), "lower": v - 0.1, "upper": v + 0.1}
        for i in range(30)
    ]  # fmt: skip
    series = [
        {"label": t, "series": s, "estimate": (v := float(rng.uniform(0.5, 0.9))),
         "lower": v - 0.05, "upper": v + 0.05}
        for t in "EAC"
        for s in ("alpha", "standardised alpha", "lambda-6", "omega m1", "omega m3")
    ]  # fmt: skip
    single = {"label": long, "estimate": 0.5, "lower": -3.0, "upper": None}
    rates = [{"label": "a", "estimate": 1250.5, "lower": 1100.0, "upper": 1400.0}]
    matrix = np.clip(rng.normal(0, 0.4, (15, 15)), -1, 1).tolist()
    names = [f"{form}-{trait}" for form in ("IPIP", "BFAS", "SPI") for trait in TRAITS]
    groups = [{"label": form, "size": 5} for form in ("IPIP-NEO-300", "BFAS-100", "SPI-27")]
    anchors = {"people (Watson & Clark 1992)": 0.58, "Flan-PaLM 540B": 0.83, "GPT-4o": 0.76}
    flat = [
        {"panel": p, "series": s, "level": level, "estimate": 3.0, "lower": 2.9, "upper": 3.1}
        for p in TRAITS for s in TRAITS for level in (1, 9)
    ]  # fmt: skip
    constant = [
        {"prompted": "E", "measured": m, "level": level, "values": [3.0] * 10}
        for m in "EA" for level in (1, 5, 9)
    ]  # fmt: skip
    data: list[tuple[str, dict[str, object]]] = [
        ("forest", {"rows": facets, "limit": 0.7, "bands": BANDS, "axis": "alpha"}),
        ("forest", {"rows": [single], "limit": 0.98, "limit_label": "a rather long limit label"}),
        ("forest", {"rows": series}),
        ("forest", {"rows": rates, "axis": "tokens/s"}),
        ("heatmap", {"labels": names, "values": matrix, "groups": groups, "axis": "Pearson r"}),
        ("heatmap", {"labels": TRAITS, "values": [row[:5] for row in matrix[:5]]}),
        ("heatmap", {"labels": ["E"], "values": [[-0.99]], "axis": "Pearson r"}),
        ("histogram", {"edges": np.linspace(0, 1, 51).tolist(), "counts": [0] * 49 + [523750],
                       "limit": 0.1, "limit_label": "flagged below 0.10", "axis": "mass",
                       "marks": [{"label": "median", "value": 0.999},
                                 {"label": "mean", "value": 0.98}]}),
        ("histogram", {"edges": [0, 0.5, 1], "counts": [3, 1], "limit": 0.1, "axis": "mass",
                       "limit_label": "flagged below",
                       "marks": [{"label": "mean", "value": 0.139}]}),
        ("levels", {"rows": flat, "minimum": 1, "maximum": 5, "axis": "median"}),
        ("ridges", {"cells": constant, "minimum": 1, "maximum": 5, "axis": "score"}),
        ("densities", {"groups": ["low", "high"], "minimum": 1, "maximum": 5,
                       "rows": [{"label": long, "values": {"low": [1, 1.1], "high": [5.0] * 9}}]}),
        ("bars", {"rows": [{"label": "positive affect", "estimate": 0.2, "lower": 0.1,
                            "upper": 0.3, "expected": 1, "anchors": anchors}]}),
    ]  # fmt: skip
    figures = tuple(Figure(kind, f"{kind} {i}", "At its edge.", d) for i, (kind, d) in
                    enumerate(data))  # fmt: skip
    return Document(long * 2, "", None, (Section(long, figures),))


@cache
def example() -> Document:
    return Document(
        title="Personality of SmolLM2-135M-Instruct",
        subtitle="Serapio-García et al. protocol, IPIP-NEO-300, chat template, float32",
        verdict=verdict(),
        sections=(reliability(), validity(), shaping(), instrument(), methods()),
        provenance={
            "git": {"commit": "4ecb6bb0a0d4e6b0c1f4b6a54b0a7d1c2f3e4d5c", "dirty": False},
            "dataset": {"logical_hash": "b1946ac92492d2347c6235b4d2611184f0a8e9d1"},
            "packages": {"numpy": "2.3.5", "pyarrow": "25.0.1", "torch": None},
            "python": "3.11.2",
            "seed": 42,
            "parameters": {"build": {"tasks": {"deep": {"deeper": {"still": {"name_of_it": 1}}}}}},
        },
        opening=opening(),
    )
