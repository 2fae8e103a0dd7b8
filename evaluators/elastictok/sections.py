"""Report sections on what was found: errors, savings, searches."""

from __future__ import annotations

from collections.abc import Callable

from evaluators.elastictok.context import HEADLINE, Findings, View
from evaluators.elastictok.opening import falls
from evaluators.elastictok.pictures import error_figure, saving_figure
from evaluators.elastictok.quality_sections import near_words
from measurand.reporting.document import Block, Cell, Section, Table, Text
from measurand.reporting.evidence import size
from measurand.reporting.grid import Line, grid, stack
from measurand.reporting.learned import learned
from measurand.reporting.lookup import Figures
from measurand.results import slice_parts
from schemas.elastictok.params import CODECS


def summary_section(view: View) -> Section:
    """One row a threshold."""
    found, figures = view.found, view.figures
    table = grid(
        figures,
        f"What {found.model} with binary search gives on unseen clips",
        "threshold",
        [
            Line(
                {"text": threshold, "detail": f"error {limit:.4f}"},
                found.model,
                {"threshold": threshold, "split": HEADLINE},
            )
            for threshold, limit in found.limits.items()
        ],
        {
            "share of blocks under it": "feasible",
            "tokens a block": "tokens",
            "share of K": "token_share",
            **{
                name: column
                for fixed, n in found.fixed.items()
                for name, column in (
                    (f"share by {fixed}", _reached(figures, fixed, n)),
                    (f"saving against {fixed}", ("token_saving", {"against": fixed, "n": str(n)})),
                )
            },
        },
        ["A saving is the fixed model's tokens over the tokens of the search at the same share of "
         "blocks under the threshold, which is the share that the fixed model reaches; above 1 the "
         "search needs fewer. Intervals are 95%, over clips.", *_missing(found)],
    )  # fmt: skip
    return Section("Every threshold", (table,), "How many tokens does a piece of video deserve?")


def _reached(figures: Figures, fixed: str, n: int) -> Callable[[Line], Cell]:
    return lambda line: figures.cell(fixed, "budget_feasible", **line.parts, n=str(n))


def _missing(found: Findings) -> list[str]:
    """What is not in the figures: near copies, and codecs that were not measured."""
    words = near_words(found.tables["near"]) if "near" in found.tables else ""
    codecs = [name for name in CODECS if name not in found.codecs]
    return [*([words] if words else []), *([f"Not measured: {', '.join(codecs)}."] * bool(codecs))]


def error_section(view: View) -> Section:
    """Error against tokens, and elastic against fixed models."""
    found, figures = view.found, view.figures
    table = grid(
        figures,
        "Error and quality at every budget",
        "model",
        [
            Line({"text": model, "detail": f"{n} tokens"}, model, {"n": str(n), "split": HEADLINE})
            for model in found.models
            for n in found.budgets(model)
        ],
        {
            "error, unseen clips": "mse",
            "error, later in training clips": ("mse", {"split": "test_time"}),
            "PSNR, dB": "psnr",
            "SSIM": "ssim",
        },
        ["SSIM after Wang et al. 2004, Gaussian window."],
    )
    against = _against(found, figures)
    return Section(
        "Error against tokens",
        (error_figure(found, figures), *([against] if against.rows else []), table),
        "Every block gets the same number of tokens; no search.",
    )


def _against(found: Findings, figures: Figures) -> Table:
    elastic = [
        Line(f"{model} against {fixed}", model, {"fixed": fixed, "split": HEADLINE}, [n])
        for fixed, n in found.fixed.items()
        for model in found.models
        if model not in found.fixed
    ]
    largest = list(found.fixed)[-1] if found.fixed else ""
    words = f"{largest}, cut without training, against {found.model}"
    cut = [
        Line(words, largest, {"n": str(n), "split": HEADLINE}, [n])
        for n in (found.budgets(found.model) if found.model in found.models else ())
    ]
    tables = [
        grid(
            figures,
            "Ratio of mean errors on the same blocks",
            ("models", "tokens"),
            lines,
            {"first over second": metric},
            [
                "Above 1 the first model is worse. A model cut to fewer tokens than it was "
                "trained with shows that elasticity comes from training, not from the network."
            ],
            made=metric,
        )
        for lines, metric in ((elastic, "against_fixed"), (cut, "cut_against_elastic"))
    ]
    return stack(tables)


def saving_section(view: View) -> Section:
    """Figure 4 of the paper, and every saving."""
    found, figures = view.found, view.figures
    places = [(m, s, t) for m in found.models for s in found.splits for t in found.limits]
    made = {
        model: [slice_parts(row["slice"]) for row in figures.metrics(model, "token_saving")]
        for model in found.models
    }
    table = grid(
        figures,
        "Tokens of a fixed budget over tokens of the search, at an equal share of blocks",
        ("model and threshold", "against"),
        [
            Line(
                {"text": f"{model}, {threshold}", "detail": split},
                model,
                parts,
                [f"{parts['against']}, {parts['n']} tokens"],
            )
            for model, split, threshold in places
            for parts in made[model]
            if (parts["split"], parts["threshold"]) == (split, threshold)
        ],
        {"ratio": "token_saving"},
        ["Uniform is the same model with one budget for all blocks. Where the reference reaches "
         "no block, or more blocks than the search, there is no ratio."],
    )  # fmt: skip
    return Section(
        "Tokens saved",
        (saving_figure(found, figures), table),
        "What adaptive lengths save where as many blocks stay under the threshold. Thresholds are "
        "fixed beforehand, or quantiles of errors on the validation split.",
    )


def search_section(view: View) -> Section | None:
    """Every search beside the full one."""
    found, figures = view.found, view.figures
    model = found.model
    if model not in found.models:
        return None

    def each(line: Line) -> Cell:
        spent = found.tables["search_costs"].filter(**line.parts)
        value = 1000 * float(spent["seconds"][0]) / spent["blocks"][0] if len(spent) else None
        return {"value": value, "reason": "not timed"}

    table = grid(
        figures,
        f"Searches of {model}",
        "search",
        [
            Line(
                {"text": search, "detail": threshold},
                model,
                {"search": search, "threshold": threshold},
            )
            for threshold in found.limits
            for search in found.params.evaluate.searches
        ],
        {
            "reconstructions a block": "evaluations",
            "tokens a block": "search_tokens",
            "tokens above full search": "excess_tokens",
            "thresholds missed": "missed",
            "milliseconds a block": each,
        },
        ["Tokens above full search are taken over blocks where both are under the threshold; the "
         "past of later blocks may differ between searches, so they may fall below 0. Missed "
         "are blocks that full search brings under the threshold and this one does not. Times are "
         "of this machine, on 16 sequences."],
    )  # fmt: skip
    dishonest = sum(row["estimate"] or 0 for row in figures.metrics(model, "dishonest"))
    words = [f"Blocks called under the threshold that are not: {int(dishonest)}."]
    words += [falls(model, figures), _wide(found, figures)]
    return Section(
        "Searches",
        (Text(" ".join(filter(None, words))), table, *_regression(found, figures)),
        "How the number of tokens of a block is found, and what each way costs.",
    )


def _regression(found: Findings, figures: Figures) -> list[Block]:
    """What the regression learned of the blocks that it was trained on."""
    own = found.table("regression").to_dicts()
    if not own:
        return []
    rows: list[list[Cell]] = [
        [
            {"text": r["model"], "detail": f"error {r['limit']:.4f}"}, r["blocks"],
            r["true_tokens"], r["predicted_tokens"], r["loss"], r["constant_loss"],
            figures.cell(r["model"], "regression_learned", level=str(r["level"])),
        ]
        for r in own
    ]  # fmt: skip
    parts = {
        f"{r['model']} at error {r['limit']:.4f}": (r["loss"], r["constant_loss"]) for r in own
    }
    said = learned("Pinball loss of the regression on its training blocks", "a constant", parts)
    table = Table(
        "The regression on the blocks that it learned from",
        ["model and threshold", "blocks", "true tokens", "predicted tokens", "loss",
         "loss of a constant", "share saved"],
        rows,
        ["Thresholds are percentiles of these blocks' errors. The constant is the best for each "
         "threshold, so a share above 0 has learned what tells blocks apart. A high quantile is "
         "predicted, which lies above the mean."],
    )  # fmt: skip
    unseen = grid(
        figures,
        "The regression on unseen blocks",
        "threshold",
        [Line(name, found.model, {"threshold": name}) for name in found.limits],
        {"loss over that of a constant": "regression_loss_ratio"},
        [
            "Below 1 it is better than one number of tokens for all blocks, the best there is for "
            "these very blocks; above 1 that constant is better. Blocks that full search brings "
            "under the threshold."
        ],
    )
    return [Text(said), table, unseen]


def _wide(found: Findings, figures: Figures) -> str:
    """How much of the error curve falls between budgets."""
    row = figures.get(found.model, "monotone_share", steps="budgets")
    if row is None or row["estimate"] is None:
        return ""
    budgets = ", ".join(str(n) for n in found.budgets(found.model))
    return f"Between the budgets {budgets} it is {size(row, form='.0%')} of the steps."
