"""The level card: placements of anybody's results, as JSON, HTML, Markdown and a table."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from evaluators.agi_levels import card_sections, card_tables, sections
from evaluators.agi_levels.context import Standing
from evaluators.agi_levels.gather import calibrations, horizons, placements
from evaluators.agi_levels.levels import LEVELS
from evaluators.agi_levels.placing import Placement, Result
from evaluators.agi_levels.profile import Profile, profile
from measurand import shards
from measurand.manifest import write_text
from measurand.reporting.document import Document
from measurand.reporting.render import to_html, to_markdown
from measurand.stats.estimate import Estimate
from schemas.agi_levels.card import FORMAT, Card, General, Horizon, OutOfLine, Placed
from schemas.agi_levels.norms import Declared, Norm, Task
from schemas.agi_levels.params import Rules
from schemas.agi_levels.taxonomy import PAPER, VERSION

ALPHA = 0.05
RESAMPLES = 2000
Horizons = dict[tuple[str, str, float], Estimate]


@dataclass(frozen=True)
class Given:
    """What a card is made from.

    Attributes:
        results: what models did.
        norms: what people did.
        tasks: what is known of the tasks.
        autonomy: declarations.
        origin: whose logs were read.
        notes: what is to be known of the reading.
    """

    results: Sequence[Result]
    norms: Sequence[Norm]
    tasks: dict[str, Task]
    autonomy: Sequence[Declared]
    origin: str
    notes: Sequence[str]


def write(given: Given, rules: Rules, out: Path, workers: int = 1) -> Card:
    """Write ``card.json``, ``card.html``, ``card.md`` and the tables; returns the card.

    Tables: ``tasks``, ``norms``, ``runs``, ``placements``, ``profile``, ``general``, and
    ``autonomy`` where any is declared.

    Args:
        given: results and norms.
        rules: when a level is claimed.
        out: folder to write to.
        workers: processes that place.
    """
    standing, lengths = stand(given, rules, workers)
    card = as_json(given, standing, lengths)
    document = as_document(given, standing, lengths)
    write_text(out / "card.json", text(card))
    write_text(out / "card.html", to_html(document))
    write_text(out / "card.md", to_markdown(document))
    for name, (spec, rows) in card_tables.tables(given.results, standing).items():
        shards.write_dataset(out / name, spec, rows)
    return card


def stand(given: Given, rules: Rules, workers: int = 1) -> tuple[Standing, Horizons]:
    """Placements, profiles and horizons."""
    found = placements(given.results, given.norms, rules, RESAMPLES, ("card",), workers)
    tasks = {result.task.id: result.task for result in given.results} | given.tasks
    models = dict.fromkeys(result.model for result in given.results)
    profiles = [profile(model, found, tasks, rules) for model in models]
    bias = calibrations(given.norms, given.results)
    lengths = horizons(given.results, given.norms, RESAMPLES, ("card",))
    return Standing(rules, given.norms, found, profiles, bias, tasks, given.autonomy), lengths


def text(card: Card) -> str:
    """Canonical JSON of a card."""
    return (
        json.dumps(card.model_dump(mode="json"), indent=1, sort_keys=True, allow_nan=False) + "\n"
    )


def as_json(given: Given, standing: Standing, lengths: Horizons) -> Card:
    """The card as data."""
    return Card(
        format=FORMAT,
        paper=PAPER,
        taxonomy=VERSION,
        rules=standing.rules,
        origin=given.origin,
        notes=tuple(given.notes),
        placements=tuple(_placed(p, standing.tasks.get(p.task)) for p in standing.placements),
        general=tuple(_general(found) for found in standing.profiles),
        horizons=tuple(
            Horizon(
                model=model,
                norm=norm,
                share=share,
                minutes=e.value,
                interval=None if e.ci_lo is None or e.ci_hi is None else (e.ci_lo, e.ci_hi),
                reason=e.reason,
            )
            for (model, norm, share), e in lengths.items()
        ),
        out_of_line=tuple(_out_of_line(standing)),
        autonomy=tuple(given.autonomy) or None,
    )


def _placed(p: Placement, task: Task | None) -> Placed:
    place = p.place
    both = place.ci_lo is not None and place.ci_hi is not None
    return Placed(
        model=None if p.model == "-" else p.model,
        task=p.task,
        norm=None if p.norm == "-" else p.norm,
        group=p.group,
        kind=p.kind,
        people=p.n,
        score=p.score,
        percentile=place.value,
        interval=(place.ci_lo or 0.0, place.ci_hi or 0.0) if both else None,
        percentile_true=None if p.among_true is None else p.among_true.value,
        reaches={str(level): chance for level, chance in zip(LEVELS, p.p, strict=False)},
        level=p.level,
        possible_level=p.possible,
        superhuman_basis=task.superhuman_basis if task is not None and p.level == 5 else None,
        flags=p.flags,
        method=place.method,
        statement=p.words,
        next_level_needs=p.needs,
    )


def _general(found: Profile) -> General:
    return General(
        model=found.model,
        tasks=tuple(p.task for p in found.counted),
        uncounted=dict(found.uncounted),
        families={
            family.name: {str(level): share for level, share in family.shares.items()}
            for family in found.families
        },
        breadth={str(level): share for level, share in found.breadth.items()},
        held=_by_coverage(found.held),
        held_sharing=None if found.held_sharing is None else _by_coverage(found.held_sharing),
        level={f"{q:g}": level for q, level in found.general.items()},
        reason=found.reason,
    )


def _by_coverage(held: Mapping[float, Mapping[int, float]]) -> dict[str, dict[str, float]]:
    return {
        f"{q:g}": {str(level): chance for level, chance in chances.items()}
        for q, chances in held.items()
    }


def _out_of_line(standing: Standing) -> list[OutOfLine]:
    found = []
    for one in standing.calibrations:
        if one.bias is None:
            continue
        for j, item in enumerate(one.norm.items):
            p = one.bias.adjusted[j]
            if p is not None and p < ALPHA:
                found.append(
                    OutOfLine(
                        norm=one.norm.id,
                        item=item,
                        expected=float(one.bias.expected[j]),
                        observed=float(one.bias.observed[j]),
                        answered=int(one.bias.answered[j]),
                        p_adjusted=p,
                    )
                )
    return found


def as_document(given: Given, standing: Standing, lengths: Horizons) -> Document:
    """The card as a page."""
    models = ", ".join(found.model for found in standing.profiles) or "no model"
    made = (
        sections.placement_section(standing),
        sections.strip_section(standing),
        card_sections.horizon_section(lengths),
        card_sections.bias_section(standing),
        sections.norm_section(standing),
        sections.profile_section(standing),
        sections.principle_section(standing),
        sections.autonomy_section(standing),
        card_sections.input_section(given.origin, given.notes, given.results),
        card_sections.limit_section(),
    )
    return Document(
        "Level card",
        f"Models: {models}",
        None,
        tuple(part for part in made if part is not None),
        opening=card_sections.opening(standing),
    )
