"""What is to be made of the parameters: a game, an episode, a table at a time, each by its name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from measurand.manifest import Source as Origin
from pipelines.value_functions import boards, openings, own_table, players, worlds
from pipelines.value_functions.splits import splits_of
from pipelines.value_functions.states import packer
from schemas.value_functions.params import (
    Arcades,
    Chain,
    Chess,
    Digits,
    File,
    Params,
    Source,
    Wordle,
)

Row = dict[str, Any]
Rejected = tuple[str, str, str]
Example = tuple[str, str, list[float], float | None]
"""Identity, cluster, features, target."""


class Game(NamedTuple):
    """A game of chess to be played.

    Attributes:
        source: its source.
        name: its name.
        split: of all its positions.
        words: of its seed.
        positions: to keep.
        best: share of best moves.
        named: share of named openings.
        nodes: of every search.
    """

    source: str
    name: str
    split: str
    words: tuple[str | int, ...]
    positions: int
    best: float
    named: float
    nodes: int


class Position(NamedTuple):
    """A position of a game; they sort by what comes first.

    Attributes:
        rank: of the split: trained on first.
        name: of the game.
        key: identity.
        fen: the position.
        game: the game.
    """

    rank: int
    name: str
    key: str
    fen: str
    game: Game


class Episode(NamedTuple):
    """An episode to be played.

    Attributes:
        source: its source.
        name: its name.
        split: what it is used for.
        player: name of the player.
        level: how often the player does what it does.
        about: the word to be guessed, or the game; empty where there is none.
        actions: names of the actions.
        seed: of the build.
    """

    source: Chain | Arcades | Wordle
    name: str
    split: str
    player: str
    level: float
    about: str
    actions: tuple[str, ...]
    seed: int


def about(source: Source, seed: int) -> Row:
    """Inputs, actions, discount of a source.

    Raises:
        CapabilityError: what it needs is not installed.
        InputError: a user's table cannot be read.
    """
    found: Row = {"inputs": 0, "actions": [], "discount": None, "engine": None}
    if isinstance(source, Digits):
        return found | {"inputs": 64}
    if isinstance(source, File):
        return found | {"inputs": len(own_table.read(source).features)}
    if isinstance(source, Chess):
        if source.named:
            openings.lines()
        return found | {"inputs": boards.PLANES}
    actions = list(worlds.actions_of(source, seed))
    return found | {
        "inputs": worlds.inputs_of(source),
        "actions": actions,
        "discount": source.discount,
    }


def examples(
    params: Params, tables: Mapping[str, own_table.Found]
) -> tuple[list[Row], list[Rejected], list[Origin]]:
    """Rows of ``EXAMPLES``, rows left out, and where they come from.

    Raises:
        ParamsError: too few clusters for the splits.
    """
    rows: list[Row] = []
    rejected: list[Rejected] = []
    origins: list[Origin] = []
    found: Sequence[Example]
    for source in params.build.sources:
        if isinstance(source, Digits):
            found = _digits()[: source.pictures]
            origins.append(_DIGITS)
        elif isinstance(source, File):
            own = tables[source.id]
            found = own.examples
            rejected += own.rejected
            origins.append(own.origin)
        else:
            continue
        clusters = [cluster for _, cluster, _, _ in found]
        split = splits_of(params.build.seed, source.id, clusters, params.build.shares)
        rows += [
            {
                "source": source.id,
                "example_id": key,
                "split": split[cluster],
                "cluster": cluster,
                "features": features,
                "target": target,
            }
            for key, cluster, features, target in found
        ]
    return rows, rejected, origins


_DIGITS = Origin(
    "optical recognition of handwritten digits, 8 x 8 (scikit-learn's copy)",
    "https://archive.ics.uci.edu/dataset/80",
    "CC-BY-4.0",
)


def _digits() -> list[Example]:
    from sklearn.datasets import load_digits

    pictures = load_digits().data / 16
    return [(f"d{at:04d}", f"d{at:04d}", list(map(float, one)), None)
            for at, one in enumerate(pictures)]  # fmt: skip


def games(params: Params) -> list[Game]:
    """Every game of every chess source."""
    seed, found = params.build.seed, []
    for source in params.build.sources:
        if not isinstance(source, Chess):
            continue
        names = [f"g{at:05d}" for at in range(source.games)]
        split = splits_of(seed, source.id, names, params.build.shares)
        found += [
            Game(source.id, name, split[name], ("chess", seed, source.id, name),
                 source.positions, source.best, source.named, source.nodes)
            for name in names
        ]  # fmt: skip
    return found


def episodes(params: Params) -> list[Episode]:
    """Every episode of every source that is played.

    All are trained on. Networks are measured in games of their own; of Wordle in games with the
    same secrets, since a word that never won in training has the value of one that cannot win.
    """
    seed, found = params.build.seed, []
    for source in params.build.sources:
        if isinstance(source, Chain):
            names = players.single_steps(source)
            found += [Episode(source, name, "train", "each", 0.0, "", (), seed) for name in names]
        elif isinstance(source, Arcades):
            actions = worlds.actions_of(source, seed)
            several = len(source.games) > 1
            found += [
                Episode(source, f"{game}-" * several + f"e{level:g}-{at:04d}", "train",
                        f"epsilon {level:g}", level, game, actions, seed)
                for game in source.games
                for level in source.epsilons
                for at in range(source.episodes)
            ]  # fmt: skip
        elif isinstance(source, Wordle):
            secrets = worlds.vocabulary(source, seed)
            found += [
                Episode(source, f"{secret}-{level:g}-{at}", "train", f"consistent {level:g}",
                        level, secret, secrets, seed)
                for secret in secrets
                for level in source.consistent
                for at in range(source.games)
            ]  # fmt: skip
    return found


def play(job: Episode) -> list[Row]:
    """Rows of ``TRANSITIONS`` of one episode."""
    source, words = job.source, ("value_functions", job.seed, job.source.id, job.name)
    if isinstance(source, Chain):
        steps = players.single_steps(source)[job.name]
    elif isinstance(source, Arcades):
        player = players.scripted(source, job.actions, job.level, *words, "player")
        world = worlds.game(source, job.about, *words)
        turns, pack = worlds.turns_of(source), packer(source)
        steps = players.episode(world, player, source.cap, source.discount, turns=turns, pack=pack)
    else:
        player = players.guesser(source, job.level, *words)
        guessing = worlds.Guessing(job.actions, job.about)
        steps = players.episode(guessing, player, worlds.TURNS, source.discount)
    about = {"source": source.id, "episode": job.name, "split": job.split, "player": job.player}
    return [{**about, **step} for step in steps]
