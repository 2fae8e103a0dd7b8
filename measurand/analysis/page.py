"""The analysis record as a document: findings first, methods last."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from measurand.analysis import findings, people_page, pictures
from measurand.analysis.cells import interval, value
from measurand.interop.account import lines as account_lines
from measurand.reporting.document import Block, Document, Figure, Section, Table, Text

Record = Mapping[str, Any]
ALPHA = 0.05
MIN_CLUSTERS = 10
"""With fewer, coverage of the cluster-robust interval falls below its level."""


def document(record: Record) -> Document:
    """Scores, comparisons, items, how it was done."""
    found = record["scores"]
    sections = [
        Section(
            "Scores",
            (
                _score_table(found),
                *_denominators(found),
                *_unread(found),
                *(pictures.forest(s) for s in found),
                *(block for s in found for block in pictures.against_cost(s)),
                *_cost_table(found),
                *_pass_tables(found),
                *_slice_tables(found),
            ),
            "Each model's mean with its 95% interval, and the smallest difference from a fixed "
            "value that this sample finds in four of five tries.",
        ),
        Section("Models compared", tuple(_pairs(found)), _PAIRED),
        Section("Items", tuple(_items(found)), _ITEMS),
        Section("Method", (Text(_method(record)),)),
    ]
    if said := list(findings.sentences(found)):
        sections.insert(0, Section("In short", (Text("\n".join(f"- {one}" for one in said)),)))
    if record["people"] is not None:
        sections.insert(0, people_page.section(record["people"]))
    sections.insert(-1, Section("What was read", tuple(_read(record["account"]))))
    if before := [*record["findings"], *record["notes"], *_lost(record["account"])]:
        notes = Text("\n".join(f"- {note}" for note in before))
        sections.insert(0, Section("Before you read on", (notes,)))
    models = sorted({m["model"] for s in found for m in s["models"]})
    return Document(
        title="Analysis of item results",
        subtitle=f"{record['origin']}; scores: {len(found)}, models: {len(models)}, item rows: "
        f"{record['rows']:,}",
        verdict=record["verdict"],
        sections=tuple(sections),
        provenance={k: record[k] for k in ("version", "origin", "sources", "cluster", "rows")},
    )


_PAIRED = (
    "Differences on the same items. The correlation says how much pairing gains; p is adjusted "
    "over the pairs of a score (Holm). A difference below the smallest detectable one could have "
    "been there without being seen."
)
_ITEMS = (
    "A dead item has the same score from every model at every repeat: it costs calls and tells "
    "nothing. A negative item-rest correlation means that better models do worse on it: look at "
    "its key first."
)


def _lost(account: Record) -> list[str]:
    """One line where something was left out; which, stands under "What was read"."""
    kinds = Counter(entry["kind"] for entry in account["left_out"])
    if not kinds:
        return []
    what = ", ".join(f"{n} {kind}{'s' if n > 1 else ''}" for kind, n in sorted(kinds.items()))
    return [f'Left out: {what}; each with its reason under "What was read".']


def _read(account: Record) -> Iterator[Block]:
    """Every file, every state of samples, everything left out."""
    rows = tuple((entry["file"], entry["rows"]) for entry in account["read"])
    yield Table("Files read", ("file", "item rows"), rows)
    if samples := [s for s in account["samples"] if set(s["states"]) - {"scored"} or _short(s)]:
        yield Table(
            "Samples of each log",
            ("log", "planned", "in the log", "scored", "states"),
            tuple(
                (s["log"], s["planned"], s["seen"], s["scored"],
                 ", ".join(f"{n:,} {state}" for state, n in s["states"].items()))
                for s in samples
            ),
            ("Logs whose samples were all planned and scored are not listed.",),
        )  # fmt: skip
    if lines := [*account_lines(account), *account["one_sided"]]:
        yield Text("\n".join(f"- {line}" for line in lines))


def _short(samples: Record) -> bool:
    return samples["planned"] is not None and samples["planned"] != samples["seen"]


def _score_table(found: list[Record]) -> Table:
    rows = []
    for score in found:
        for m in score["models"]:
            lost = ", ".join(f"{n:,} {name}" for name, n in m["lost"].items()) or "0"
            reliability = m["repeat_reliability"]
            rows.append(
                (
                    _title(score, m),
                    m["model"],
                    interval(m["figure"] or m["mean"]),
                    m["mean"]["n"],
                    score["clusters"] if score["clusters"] is not None else "items",
                    m["repeats"],
                    lost,
                    value(None, "an error of nats, not of the figure")
                    if m["figure"]
                    else value(m["smallest_detectable"], "no standard error"),
                    value(reliability["value"], reliability["reason"]),
                    reliability["n"] if reliability["value"] is not None else None,
                )
            )
    columns = ("score", "model", "mean", "items", "clusters", "repeats", "rows without a score",
               "smallest detectable", "agreement of repeats", "over items")  # fmt: skip
    few = [s["name"] for s in found if s["clusters"] is not None and s["clusters"] < MIN_CLUSTERS]
    note = f"Fewer than {MIN_CLUSTERS} clusters: intervals of {', '.join(few)} are too narrow."
    return Table("Every score", columns, tuple(rows), (note,) if few else ())


def _title(score: Record, model: Record) -> str:
    """Name of the figure; where it is no mean, or less is better, it says so."""
    name = score["name"]
    if model["figure"] is not None:
        task = f"{score['task']}, " if score["task"] else ""
        name = f"{task}{model['figure']['name']} (exp of the mean)"
    return name if score["higher_is_better"] in (None, True) else f"{name}, lower is better"


def _denominators(found: list[Record]) -> Iterator[Table]:
    """Rates with rows lost to infrastructure left out, and counted as failures."""
    rows = tuple(
        (score["name"], m["model"], interval(m["mean"]), interval(m["lost_as_failures"]),
         m["lost"].get("infra_error", 0), m["rows"])
        for score in found
        for m in score["models"]
        if m["lost_as_failures"] is not None
    )  # fmt: skip
    if rows:
        columns = ("score", "model", "lost rows left out", "lost rows as failures", "lost", "rows")
        yield Table("Rows lost to infrastructure, both ways", columns, rows)


def _unread(found: list[Record]) -> Iterator[Table]:
    """Answers that no score could be read from."""
    rows = tuple(
        (score["name"], m["model"], interval(m["unread"]), m["lost"].get("model_error", 0))
        for score in found
        for m in score["models"]
        if m["unread"] is not None
    )
    if rows:
        columns = ("score", "model", "share not read", "answers")
        yield Table("Answers that no score could be read from", columns, rows)


def _cost_table(found: list[Record]) -> Iterator[Table]:
    rows = tuple(
        (score["name"], m["model"], m["tokens"], interval(m["tokens_per_success"]))
        for score in found
        for m in score["models"]
        if m["tokens_per_success"] is not None
    )
    if rows:
        columns = ("score", "model", "tokens of a try", "tokens for a success")
        yield Table("Prompt tokens, failed tries included", columns, rows)


def _pass_tables(found: list[Record]) -> Iterator[Table]:
    rows = tuple(
        (score["name"], m["model"], one["k"], interval(one["any"]), interval(one["all"]),
         one["any"]["n"])
        for score in found
        for m in score["models"]
        for one in m["passes"]
    )  # fmt: skip
    if rows:
        columns = ("score", "model", "k", "pass@k: one of k", "pass^k: all k", "items")
        yield Table("Several tries at an item", columns, rows)


def _slice_tables(found: list[Record]) -> Iterator[Table]:
    for score in found:
        rows = tuple(
            (part["slice"], m["model"], interval(part["mean"]), part["mean"]["n"])
            for m in score["models"]
            for part in m["slices"]
        )
        if rows:
            columns = ("slice", "model", "mean", "items")
            yield Table(f"{score['name']}: slices", columns, rows)


def _pairs(found: list[Record]) -> Iterator[Block]:
    rows = []
    for score in found:
        for pair in score["pairs"]:
            difference = pair["difference"]
            rows.append(
                (
                    score["name"],
                    f"{pair['a']} - {pair['b']}",
                    interval(difference),
                    difference["n"],
                    value(pair["correlation"], "no variation"),
                    value(pair["p_holm"], pair["p_reason"]),
                    value(pair["smallest_detectable"], "no standard error"),
                    finding(pair),
                )
            )
    if not rows:
        yield Text("One model: there is nothing to compare.")
        return
    for score in found:
        yield from pictures.ranks(score)
    columns = ("score", "models", "difference", "items", "correlation", "p (Holm)",
               "smallest detectable", "finding")  # fmt: skip
    left = tuple(
        f"{s['name']}: {s['pairs_left_out']:,} more pairs of models are left out, the last ones; "
        f"p is adjusted over the {len(s['pairs']):,} that stand here."
        for s in found
        if s["pairs_left_out"]
    )
    yield Table("Paired differences", columns, tuple(rows), left)


def finding(pair: Record) -> str:
    """What a pair shows, in words."""
    value, p = pair["difference"]["value"], pair.get("p_holm", pair["p"])
    if value is None or p is None:
        return "no difference to test"
    if p <= ALPHA:
        return f"{pair['a'] if value > 0 else pair['b']} is higher"
    return "not shown"


def _items(found: list[Record]) -> Iterator[Block]:
    rows = []
    for score in found:
        s = score["item_statistics"]
        rows.append(
            (
                score["name"],
                s["items"],
                s["left_out"],
                value(s["dead"], s["dead_reason"]),
                value(s["dead_at_top"], s["dead_reason"]),
                value(s["dead_at_bottom"], s["dead_reason"]),
                value(s["item_rest_median"], s["item_rest_reason"] or "items do not vary"),
                s["negative_item_rest"],
                interval(s["alpha"]),
            )
        )
    columns = ("score", "items", "not answered by all", "dead", "of them at the top",
               "at the bottom", "median item-rest r", "negative", "alpha over models")  # fmt: skip
    yield Table("Items of each score", columns, tuple(rows))
    for score in found:
        yield from _worst(score)
        yield from pictures.item_map(score)


def _worst(score: Record) -> Iterator[Block]:
    s = score["item_statistics"]
    if s["negative_shown"]:
        rows = tuple((i["item"], i["difficulty"], i["item_rest"]) for i in s["negative_shown"])
        columns = ("item", "mean score", "item-rest r")
        yield Table(f"{score['name']}: items against the others", columns, rows)
    if s["dead_shown"]:
        more = s["dead"] - len(s["dead_shown"])
        tail = f", and {more:,} more" if more else ""
        yield Text(f"{score['name']}, dead items: {', '.join(map(str, s['dead_shown']))}{tail}.")
    counts, edges = s["difficulty"]["counts"], s["difficulty"]["edges"]
    yield Figure(
        "histogram",
        f"{score['name']}: difficulty of the items",
        "How many items have which mean score over models and repeats.",
        {"counts": counts, "edges": edges, "axis": "mean score"},
    )


def _method(record: Record) -> str:
    cluster = record["cluster"]
    unit = "items, taken as independent" if cluster is None else f"clusters named by {cluster!r}"
    return (
        f"Unit of independent sampling: {unit}. Repeats (epochs) are averaged within the item "
        "first, so they make a score surer and never count as more items.\n\n"
        "Means: Wilson's interval for single 0/1 answers to independent items; else "
        "cluster-robust errors (CR1) with Student's t on G - 1 degrees, for shares on the logit "
        "scale; where no answer differs, clusters count as trials of a rate. Differences are "
        "paired. Pairs are tested by McNemar's mid-p where scores are single 0/1 answers to "
        "independent items, else by t; p values are adjusted within a score by Holm's method.\n\n"
        "Agreement of repeats: the share of variance that lies between items: ICC(A,1) where every "
        "item has every repeat, else ICC(1) over all items. Alpha over models: Cronbach's, with "
        "Feldt's interval; models are the respondents. Rows without a score (errors of "
        "infrastructure, samples not scored) are counted and left out; they are "
        "never taken as wrong answers."
    )
