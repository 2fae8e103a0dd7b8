"""Report sections on what was found: errors, savings, searches."""

from __future__ import annotations

from evaluators.elastictok.context import HEADLINE, Findings, View
from evaluators.elastictok.pictures import error_figure, saving_figure
from evaluators.elastictok.quality_sections import near_words
from measurand.report.document import Block, Cell, Section, Table, Text
from measurand.report.evidence import say, size
from measurand.report.grid import Line, grid, stack
from measurand.report.learned import learned
from measurand.report.lookup import Figures
from measurand.results import StatisticRow, slice_parts


def summary_section(view: View) -> Section:
    """Sentences and one row a threshold."""
    found, figures = view.found, view.figures
    lines = [f"- {line}" for line in _sentences(found, figures)]
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
                f"saving against {name}": ("token_saving", {"against": name, "n": str(n)})
                for name, n in found.fixed.items()
            },
        },
        ["A saving is the fixed model's tokens over the tokens of the search at the same share of "
         "blocks under the threshold; above 1 the search needs fewer. Intervals are 95%, over "
         "clips."],
    )  # fmt: skip
    blocks: list[Block] = [Text("\n".join(lines))] if lines else []
    return Section("In short", (*blocks, table), "How many tokens does a piece of video deserve?")


def _sentences(found: Findings, figures: Figures) -> list[str]:
    model, lines = found.model, []
    gain = figures.get(model, "gain", split=HEADLINE)
    if gain is not None and gain["estimate"] is not None:
        lowest, most = found.budgets(model)[0], found.budgets(model)[-1]
        lines.append(
            f"{most} tokens instead of {lowest} make the error "
            f"{size(gain, form='.1f')} times smaller."
        )
    for threshold in found.limits:
        for fixed, n in found.fixed.items():
            row = figures.get(model, "token_saving", threshold=threshold, split=HEADLINE,
                              against=fixed, n=str(n))  # fmt: skip
            # Where some trainings or resamples have nothing to divide by, it is no sentence.
            if row is not None and row["ci_lo"] is not None:
                lines.append(_saving(found, figures, threshold, fixed, row))
    if words := near_words(found.tables["near"]) if "near" in found.tables else "":
        lines.append(words)
    missing = [name for name in ("jpeg", "h264") if name not in found.codecs]
    if missing:
        lines.append(f"Not measured: {', '.join(missing)}.")
    return lines


def _saving(
    found: Findings, figures: Figures, threshold: str, fixed: str, row: StatisticRow
) -> str:
    """A saving with its condition: the share of blocks at which it holds."""
    where = {"n": str(found.fixed[fixed]), "threshold": threshold, "split": HEADLINE}
    share = figures.value(fixed, "budget_feasible", **where)
    words = say(
        row,
        against=1.0,
        above="fewer tokens by a factor of {size}",
        below="more tokens, the factor is {size}",
        unsure="tokens by a factor of {size}",
        scope="method",
    )
    at = "" if share is None else f", both with {share:.0%} of blocks under it"
    return f"Threshold {threshold}, against {fixed}{at}: {words}."


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
    words += _falls(found, figures)
    return Section(
        "Searches",
        (Text(" ".join(words)), table, *_regression(found, figures)),
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
        ["Thresholds are the quartiles of these blocks' errors. The constant is the best for each "
         "threshold, so a share above 0 has learned what tells blocks apart. A high quantile is "
         "predicted, which lies above the mean."],
    )  # fmt: skip
    return [Text(said), table]


def _falls(found: Findings, figures: Figures) -> list[str]:
    """How much of the error curve falls, in steps of one token and between budgets."""
    model = found.model
    one = figures.get(model, "monotone_share")
    if one is None or one["estimate"] is None:
        return []
    lines = [
        f"{size(one, form='.0%')} of the steps of one token along a block's whole error curve fall."
    ]
    wide = figures.get(model, "monotone_share", steps="budgets")
    if wide is not None and wide["estimate"] is not None:
        budgets = ", ".join(str(n) for n in found.budgets(model))
        lines.append(f"Between the budgets {budgets} it is {size(wide, form='.0%')} of the steps.")
    lines.append(
        "Halving takes wide steps first and ends with steps of one token: where these rise, it "
        "may pass over a smaller number of tokens."
    )
    return lines
