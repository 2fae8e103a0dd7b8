"""Report sections on what was found: errors, savings, searches."""

from __future__ import annotations

from evaluators.elastictok.context import HEADLINE, Findings, View
from evaluators.elastictok.pictures import error_figure, saving_figure
from measurand.report.document import Block, Cell, Section, Table, Text
from measurand.report.evidence import say, size
from measurand.report.lookup import Figures
from measurand.results import StatisticRow


def summary_section(view: View) -> Section:
    """Sentences and one row a threshold."""
    found, figures = view.found, view.figures
    model = found.model
    lines = [f"- {line}" for line in _sentences(found, figures)]
    rows: list[list[Cell]] = []
    for threshold, limit in found.limits.items():
        parts = {"threshold": threshold, "split": HEADLINE}
        cells = [
            figures.cell(model, metric, **parts) for metric in ("feasible", "tokens", "token_share")
        ]
        savings = [
            figures.cell(model, "token_saving", **parts, against=fixed, n=str(n))
            for fixed, n in found.fixed.items()
        ]
        rows.append([{"text": threshold, "detail": f"error {limit:.4f}"}, *cells, *savings])
    table = Table(
        f"What {model} with binary search gives on unseen clips",
        ["threshold", "share of blocks under it", "tokens a block", "share of K",
         *(f"saving against {name}" for name in found.fixed)],
        rows,
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
            if row is not None and row["estimate"] is not None:
                lines.append(_saving(found, figures, threshold, fixed, row))
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
    )
    at = "" if share is None else f", both with {share:.0%} of blocks under it"
    return f"Threshold {threshold}, against {fixed}{at}: {words}."


def error_section(view: View) -> Section:
    """Error against tokens, and elastic against fixed models."""
    found, figures = view.found, view.figures
    rows: list[list[Cell]] = []
    for model in found.models:
        for n in found.budgets(model):
            parts = {"n": str(n), "split": HEADLINE}
            later = {"n": str(n), "split": "test_time"}
            rows.append([
                {"text": model, "detail": f"{n} tokens"},
                figures.cell(model, "mse", **parts),
                figures.cell(model, "mse", **later),
                figures.cell(model, "psnr", **parts),
                figures.cell(model, "ssim", **parts),
            ])  # fmt: skip
    table = Table(
        "Error and quality at every budget",
        ["model", "error, unseen clips", "error, later in training clips", "PSNR, dB", "SSIM"],
        rows,
        ["SSIM after Wang et al. 2004, Gaussian window."],
    )
    against: list[list[Cell]] = []
    for fixed, n in found.fixed.items():
        for model in found.models:
            cell = figures.cell(model, "against_fixed", fixed=fixed, split=HEADLINE)
            if model not in found.fixed and figures.get(
                model, "against_fixed", fixed=fixed, split=HEADLINE
            ):
                against.append([f"{model} against {fixed}", n, cell])
    largest = list(found.fixed)[-1] if found.fixed else ""
    for n in found.budgets(found.model) if found.model in found.models else ():
        row = figures.get(largest, "cut_against_elastic", n=str(n), split=HEADLINE)
        if row is not None:
            cell = figures.cell(largest, "cut_against_elastic", n=str(n), split=HEADLINE)
            against.append([f"{largest}, cut without training, against {found.model}", n, cell])
    blocks: list[Block] = [error_figure(found, figures)]
    if against:
        blocks.append(
            Table(
                "Ratio of mean errors on the same blocks",
                ["models", "tokens", "first over second"],
                against,
                [
                    "Above 1 the first model is worse. A model cut to fewer tokens than it was "
                    "trained with shows that elasticity comes from training, not from the network."
                ],
            )
        )
    return Section(
        "Error against tokens",
        (*blocks, table),
        "Every block gets the same number of tokens; no search.",
    )


def saving_section(view: View) -> Section:
    """Figure 4 of the paper, and every saving."""
    found, figures = view.found, view.figures
    rows: list[list[Cell]] = []
    for model in found.models:
        for split in found.splits:
            for threshold in found.limits:
                own = [
                    row for row in figures.metrics(model, "token_saving")
                    if f"split={split}" in row["slice"] and f"threshold={threshold}" in row["slice"]
                ]  # fmt: skip
                for row in own:
                    parts = dict(p.split("=", 1) for p in row["slice"].split(","))
                    rows.append([
                        {"text": f"{model}, {threshold}", "detail": split},
                        f"{parts['against']}, {parts['n']} tokens",
                        figures.cell(model, "token_saving", **parts),
                    ])  # fmt: skip
    table = Table(
        "Tokens of a fixed budget over tokens of the search, at an equal share of blocks",
        ["model and threshold", "against", "ratio"],
        rows,
        ["Uniform is the same model with one budget for all blocks. Where the reference reaches "
         "no block, or more blocks than the search, there is no ratio."],
    )  # fmt: skip
    return Section(
        "Tokens saved",
        (saving_figure(found, figures), table),
        "What adaptive lengths save where as many blocks stay under the threshold. Thresholds are "
        "quantiles of errors on the validation split.",
    )


def search_section(view: View) -> Section | None:
    """Every search beside the full one."""
    found, figures = view.found, view.figures
    model = found.model
    if model not in found.models:
        return None
    costs = found.tables["search_costs"]
    rows: list[list[Cell]] = []
    for threshold in found.limits:
        for search in found.params.evaluate.searches:
            parts = {"search": search, "threshold": threshold}
            cells = [
                figures.cell(model, metric, **parts)
                for metric in ("evaluations", "search_tokens", "excess_tokens", "missed")
            ]
            spent = costs.filter(search=search, threshold=threshold)
            each = 1000 * float(spent["seconds"][0]) / spent["blocks"][0] if len(spent) else None
            rows.append([
                {"text": search, "detail": threshold}, *cells,
                {"value": each, "reason": None if each is not None else "not timed"},
            ])  # fmt: skip
    table = Table(
        f"Searches of {model}",
        ["search", "reconstructions a block", "tokens a block", "tokens above full search",
         "thresholds missed", "milliseconds a block"],
        rows,
        ["Tokens above full search are taken over blocks where both are under the threshold; the "
         "past of later blocks may differ between searches, so they may fall below 0. Missed "
         "are blocks that full search brings under the threshold and this one does not. Times are "
         "of this machine, on 16 sequences."],
    )  # fmt: skip
    words = []
    dishonest = sum(
        row["estimate"] for row in figures.metrics(model, "dishonest") if row["estimate"]
    )
    words.append(f"Blocks called under the threshold that are not: {int(dishonest)}.")
    words += _falls(found, figures)
    return Section(
        "Searches",
        (Text(" ".join(words)), table),
        "How the number of tokens of a block is found, and what each way costs.",
    )


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
