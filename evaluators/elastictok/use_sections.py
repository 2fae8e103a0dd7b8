"""Report sections on where tokens go, and on what else could explain it."""

from __future__ import annotations

from evaluators.elastictok.allocation import ABOUT
from evaluators.elastictok.context import Findings, View
from evaluators.elastictok.pictures import rate_figure, strip_figures
from measurand.report.document import Block, Cell, Section, Table
from measurand.report.lookup import Figures
from schemas.elastictok.params import UNTRAINED


def allocation_section(view: View) -> Section | None:
    """Tokens by motion, source, objects; the past; the frame traces."""
    found, figures = view.found, view.figures
    model = found.model
    if model not in found.models:
        return None
    blocks: list[Block] = list(strip_figures(found))
    rows: list[list[Cell]] = [
        [
            threshold,
            *(figures.cell(model, "rho", threshold=threshold, **{"with": name}) for name in ABOUT),
            figures.cell(model, "cut_tokens", threshold=threshold),
            figures.cell(model, "conditioning_gain", threshold=threshold),
        ]
        for threshold in found.limits
    ]
    blocks.append(
        Table(
            f"What the tokens of {model} go with",
            [
                "threshold",
                *(f"rank correlation with {name}" for name in ABOUT),
                "tokens more where a scene begins",
                "tokens saved by the past",
            ],
            rows,
            [
                "Spearman correlations over blocks, intervals over clips; objects and speed are "
                "known for synthetic clips only. A new scene is compared with other blocks of its "
                "source. The past saves what a block needs more as the first of a sequence."
            ],
        )
    )
    blocks.append(_means(found, figures))
    return Section(
        "Where tokens go",
        blocks,
        "Binary search, unseen clips. A block should need more tokens the more there is in it that "
        "the past does not tell.",
    )


def _means(found: Findings, figures: Figures) -> Table:
    rows: list[list[Cell]] = []
    model = found.model
    for metric, key in (("tokens_by_motion", "motion"), ("tokens_by_source", "source")):
        names: list[str] = []
        for row in figures.metrics(model, metric):
            parts = dict(p.split("=", 1) for p in row["slice"].split(","))
            names += [parts[key]] if parts[key] not in names else []
        for name in names:
            cells = [figures.cell(model, metric, threshold=t, **{key: name}) for t in found.limits]
            rows.append([f"{key}: {name}", *cells])
    return Table(
        "Tokens a block, by motion and source",
        ["blocks", *found.limits],
        rows,
        [
            "Motion by terciles of blocks that move at all; none are still pictures and scenes. "
            f"Intervals are cut to the possible {found.params.train.min_tokens} to {found.slots}; "
            "one that holds all of them comes from a few clips and says nothing."
        ],
    )


def control_section(view: View) -> Section | None:
    """Noise, frozen frames, a model without training, codes that are beginnings."""
    found, figures = view.found, view.figures
    model = found.model
    if model not in found.models:
        return None
    rows: list[list[Cell]] = [
        [
            threshold,
            figures.cell(model, "noise_at_k", threshold=threshold),
            figures.cell(model, "frozen_fewer", threshold=threshold),
            figures.cell(model, "frozen_saved", threshold=threshold),
        ]
        for threshold in found.limits
    ]
    controls = Table(
        f"Controls of {model}",
        ["threshold", "white noise that gets all tokens", "frozen block needs no more tokens",
         "tokens that freezing saves"],
        rows,
        ["A frozen block shows its first frame throughout, after blocks frozen likewise; pairs are "
         "blocks that move."],
    )  # fmt: skip
    blocks: list[Block] = [controls]
    others = [m for m in found.models if m != model and m not in found.fixed]
    if others:
        blocks.append(_others(found, figures, [model, *others]))
    return Section(
        "Controls and ablations",
        blocks,
        "What must come out as expected if the rest is to mean anything, and what an ingredient is "
        "worth.",
    )


def _others(found: Findings, figures: Figures, models: list[str]) -> Table:
    rows: list[list[Cell]] = []
    for model in models:
        budgets = found.budgets(model)
        for threshold in found.limits:
            parts = {"threshold": threshold, "split": found.splits[0]}
            uniform = {**parts, "against": "uniform", "n": str(budgets[-1])}
            rows.append([
                {"text": model, "detail": threshold},
                figures.cell(model, "gain", split=found.splits[0]),
                figures.cell(model, "feasible", **parts),
                figures.cell(model, "token_share", **parts),
                figures.cell(model, "token_saving", **uniform),
            ])  # fmt: skip
    names = {m.name: m for m in found.params.train.models}
    notes = []
    for model in models:
        spec = names.get(model)
        if model == UNTRAINED:
            notes.append(f"{model} has the weights that training starts from.")
        elif spec is not None and not spec.mask_shown:
            notes.append(
                f"{model}: the encoder is not told which slots are kept, so the code of n "
                "tokens is the beginning of the code of more."
            )
        elif spec is not None and not spec.past:
            notes.append(f"{model}: a block does not see the blocks before it.")
    return Table(
        "Models that are searched, at the same thresholds",
        ["model", "error with fewest tokens over error with K", "share of blocks under threshold",
         "share of K used", "tokens K over tokens used, at an equal share"],
        rows,
        notes,
    )  # fmt: skip


def rate_section(view: View) -> Section | None:
    """Tokenizers beside JPEG and H.264."""
    found, figures = view.found, view.figures
    if not found.codecs:
        return None
    rows: list[list[Cell]] = []
    for model in (m for m in found.models if m != UNTRAINED):
        for n in found.budgets(model):
            if model in found.fixed and n != found.fixed[model]:
                continue
            cells = [
                figures.cell(model, "against_codec", codec=codec, n=str(n))
                for codec in found.codecs
            ]
            rows.append([{"text": model, "detail": f"{n} tokens"}, *cells])
    table = Table(
        "Error of a tokenizer over that of a codec at equal bits",
        ["model", *found.codecs],
        rows,
        ["Above 1 the codec is better. Small pictures suit no codec: even without headers their "
         "coarsest setting may cost more bits than all tokens. H.264 codes the whole sequence, "
         "the first frame alone and the others from it; JPEG codes frames one by one."],
    )  # fmt: skip
    return Section(
        "Beside codecs that learned nothing",
        (rate_figure(found, figures), table),
        "The same blocks through JPEG and H.264.",
    )
