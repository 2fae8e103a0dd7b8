"""Report sections on where tokens go, and on what else could explain it."""

from __future__ import annotations

from collections.abc import Callable

from evaluators.elastictok.allocation import ABOUT
from evaluators.elastictok.context import Findings, View
from evaluators.elastictok.pictures import rate_figure, strip_figures
from measurand.reporting.document import Cell, Section, Table
from measurand.reporting.grid import Line, grid
from measurand.reporting.lookup import Figures
from measurand.results import slice_parts
from schemas.elastictok.params import UNTRAINED


def allocation_section(view: View) -> Section | None:
    """Tokens by motion, source, objects; the past; the frame traces."""
    found, figures = view.found, view.figures
    if found.model not in found.models:
        return None
    table = grid(
        figures,
        f"What the tokens of {found.model} go with",
        "threshold",
        _by_threshold(found),
        {
            **{f"rank correlation with {name}": ("rho", {"with": name}) for name in ABOUT},
            "tokens more where a scene begins": "cut_tokens",
            "tokens saved by the past": "conditioning_gain",
        },
        [
            "Spearman correlations over blocks, intervals over clips; objects and speed are "
            "known for synthetic clips only. A new scene is compared with other blocks of its "
            "source. The past saves what a block needs more as the first of a sequence."
        ],
    )
    return Section(
        "Where tokens go",
        (*strip_figures(found), table, _means(found, figures)),
        "Binary search, unseen clips. A block should need more tokens the more there is in it that "
        "the past does not tell.",
    )


def _means(found: Findings, figures: Figures) -> Table:
    lines, metrics = list[Line](), {"motion": "tokens_by_motion", "source": "tokens_by_source"}
    for key, metric in metrics.items():
        slices = [slice_parts(row["slice"]) for row in figures.metrics(found.model, metric)]
        for name in dict.fromkeys(parts[key] for parts in slices):
            lines.append(Line(f"{key}: {name}", found.model, {key: name}))

    def tokens(threshold: str) -> Callable[[Line], Cell]:
        def cell(line: Line) -> Cell:
            (key,) = line.parts
            return figures.cell(line.model, metrics[key], **line.parts, threshold=threshold)

        return cell

    return grid(
        figures,
        "Tokens a block, by motion and source",
        "blocks",
        lines,
        {threshold: tokens(threshold) for threshold in found.limits},
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
    controls = grid(
        figures,
        f"Controls of {model}",
        "threshold",
        _by_threshold(found),
        {
            "white noise that gets all tokens": "noise_at_k",
            "frozen block needs no more tokens": "frozen_fewer",
            "tokens that freezing saves": "frozen_saved",
        },
        ["A frozen block shows its first frame throughout, after blocks frozen likewise; pairs are "
         "blocks that move."],
    )  # fmt: skip
    others = [m for m in found.models if m != model and m not in found.fixed]
    return Section(
        "Controls and ablations",
        (controls, *([_others(found, figures, [model, *others])] if others else [])),
        "What must come out as expected if the rest is to mean anything, and what an ingredient is "
        "worth.",
    )


def _by_threshold(found: Findings) -> list[Line]:
    return [Line(name, found.model, {"threshold": name}) for name in found.limits]


def _others(found: Findings, figures: Figures, models: list[str]) -> Table:
    split = found.splits[0]

    def saving(line: Line) -> Cell:
        uniform = {"against": "uniform", "n": str(found.budgets(line.model)[-1])}
        return figures.cell(line.model, "token_saving", **line.parts, **uniform)

    def gain(line: Line) -> Cell:
        return figures.cell(line.model, "gain", split=split)

    return grid(
        figures,
        "Models that are searched, at the same thresholds",
        "model",
        [
            Line(
                {"text": model, "detail": threshold},
                model,
                {"threshold": threshold, "split": split},
            )
            for model in models
            for threshold in found.limits
        ],
        {
            "error with fewest tokens over error with K": gain,
            "share of blocks under threshold": "feasible",
            "share of K used": "token_share",
            "tokens K over tokens used, at an equal share": saving,
        },
        _notes(found, models),
    )


def _notes(found: Findings, models: list[str]) -> list[str]:
    """What sets a model apart."""
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
    return notes


def rate_section(view: View) -> Section | None:
    """Tokenizers beside JPEG and H.264."""
    found, figures = view.found, view.figures
    if not found.codecs:
        return None
    table = grid(
        figures,
        "Error of a tokenizer over that of a codec at equal bits",
        "model",
        [
            Line({"text": model, "detail": f"{n} tokens"}, model, {"n": str(n)})
            for model in found.models
            if model != UNTRAINED
            for n in found.budgets(model)
            if n == found.fixed.get(model, n)
        ],
        {codec: ("against_codec", {"codec": codec}) for codec in found.codecs},
        ["Above 1 the codec is better. Small pictures suit no codec: even without headers their "
         "coarsest setting may cost more bits than all tokens. H.264 codes the whole sequence, "
         "the first frame alone and the others from it; JPEG codes frames one by one."],
    )  # fmt: skip
    return Section(
        "Beside codecs that learned nothing",
        (rate_figure(found, figures), table),
        "The same blocks through JPEG and H.264.",
    )
