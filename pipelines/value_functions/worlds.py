"""Small worlds that are played: a state as bits, actions, rewards, an end.

A *world* is made for one episode from words of its seed; ``state`` is what the learner sees,
``act`` takes a 0-based action. Players and trained networks meet the same worlds.
"""

from __future__ import annotations

import functools
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from measurand.errors import CapabilityError
from measurand.stats.resample import rng_for, seed_for
from pipelines.value_functions import atari, control
from schemas.value_functions.params import Arcades, Atari, Chain, Control, Game, MinAtar, Wordle

Bits = npt.NDArray[np.uint8]
LETTERS, LENGTH, TURNS = 26, 5, 6
WORDS = "/usr/share/dict/american-english"


class World(Protocol):
    """One episode."""

    def state(self) -> npt.NDArray[Any]:
        """(D,) of 0 and 1, of bytes, or of float32."""

    def act(self, action: int) -> tuple[float, bool]:
        """Reward, and whether the episode ended."""


class Corridor:
    """States in a row; action 1 goes right, 0 left, and 1 at the right end brings 1 and the end."""

    def __init__(self, states: int, at: int = 0) -> None:
        self._states, self._at = states, at

    def state(self) -> Bits:
        """One bit a state."""
        found: Bits = np.eye(self._states, dtype=np.uint8)[self._at]
        return found

    def act(self, action: int) -> tuple[float, bool]:
        """Left of the left end is the left end."""
        if action == 1 and self._at == self._states - 1:
            return 1.0, True
        self._at = max(0, self._at + (1 if action else -1))
        return 0.0, False


def chain_values(source: Chain) -> npt.NDArray[np.float64]:
    """(states, 2) optimal values: going right from state i earns discount^(states - 1 - i)."""
    best = source.discount ** np.arange(source.states - 1, -1, -1.0)
    left = source.discount * best[np.maximum(np.arange(source.states) - 1, 0)]
    return np.stack([left, best], 1)


PLANES, SIDE, ALL = 10, 10, "nlurdf"
"""Most planes of a game, points a side, and names of all actions."""


class Arcade:
    """A game of MinAtar with its smallest set of actions.

    Where one network learns several games, all have the same planes and actions, and planes that
    say which game it is; an action that a game has not does nothing.
    """

    def __init__(self, source: MinAtar, *words: str | int, game: Game | None = None) -> None:
        try:
            from minatar import Environment
        except ModuleNotFoundError as error:
            raise CapabilityError(
                "MinAtar needs the package minatar, which is not installed",
                hint="pip install 'measurand[games]'",
                code="missing_extra",
            ) from error
        self.game = game or source.games[0]
        self._env = Environment(self.game, sticky_action_prob=source.sticky)
        self._env.seed(seed_for(*words) % 2**32)
        self._env.reset()
        own: list[int] = self._env.minimal_action_set()
        several = len(source.games) > 1
        self._actions = [at if at in own else 0 for at in range(len(ALL))] if several else own
        self.names = tuple(ALL) if several else tuple(ALL[at] for at in own)
        self._about = np.zeros((0, SIDE, SIDE), np.uint8)
        if several:
            here = np.array([name == self.game for name in source.games], np.uint8)
            self._about = np.repeat(here, SIDE * SIDE).reshape(-1, SIDE, SIDE)
        self._spare = PLANES if several else 0

    def planes(self) -> Bits:
        """(C, 10, 10) of the game alone."""
        found: Bits = np.ascontiguousarray(self._env.state().transpose(2, 0, 1)).astype(np.uint8)
        return found

    def state(self) -> Bits:
        """Planes of 10 x 10, one after the other."""
        own = self.planes()
        spare = np.zeros((max(0, self._spare - len(own)), SIDE, SIDE), np.uint8)
        found: Bits = np.concatenate([own, spare, self._about]).ravel()
        return found

    def act(self, action: int) -> tuple[float, bool]:
        """A step of the game."""
        reward, ended = self._env.act(self._actions[action])
        return float(reward), bool(ended)


def marks(guess: str, secret: str) -> tuple[int, ...]:
    """2 right place, 1 elsewhere, 0 nowhere; a letter is marked as often as the secret has it."""
    found = [2 if a == b else 0 for a, b in zip(guess, secret, strict=True)]
    left = [b for a, b in zip(guess, secret, strict=True) if a != b]
    for at, letter in enumerate(guess):
        if found[at] == 0 and letter in left:
            found[at] = 1
            left.remove(letter)
    return tuple(found)


def _code(found: tuple[int, ...]) -> int:
    return sum(mark * 3**at for at, mark in enumerate(found))


@functools.cache
def patterns(words: tuple[str, ...]) -> npt.NDArray[np.int16]:
    """(V, V) marks of every guess against every secret, each as one number."""
    found = [[_code(marks(guess, secret)) for secret in words] for guess in words]
    return np.array(found, np.int16)


class Guessing:
    """Six guesses at a secret word; success brings 1.

    The state says for each place which letters are still possible (130 bits), which letters are
    known to occur (26), and the turn (6).
    """

    def __init__(self, words: tuple[str, ...], secret: str) -> None:
        self.words, self.secret = words, secret
        self._fits = np.ones(len(words), np.bool_)
        self._possible = np.ones((LENGTH, LETTERS), np.uint8)
        self._occurs = np.zeros(LETTERS, np.uint8)
        self._seen = 0

    def state(self) -> Bits:
        """Knowledge and turn."""
        turn = np.eye(TURNS, dtype=np.uint8)[min(self._seen, TURNS - 1)]
        return np.concatenate([self._possible.ravel(), self._occurs, turn])

    def act(self, action: int) -> tuple[float, bool]:
        """A guess."""
        guess = self.words[action]
        found = marks(guess, self.secret)
        self._seen += 1
        self._fits &= patterns(self.words)[action] == _code(found)
        for at, (letter, mark) in enumerate(zip(guess, found, strict=True)):
            code = ord(letter) - ord("a")
            if mark == 2:
                self._possible[at] = 0
                self._possible[at, code] = 1
            else:
                self._possible[at, code] = 0
            if mark:
                self._occurs[code] = 1
            elif all(m == 0 for g, m in zip(guess, found, strict=True) if g == letter):
                self._possible[:, code] = 0
        solved = guess == self.secret
        return float(solved), solved or self._seen == TURNS

    def fitting(self) -> list[int]:
        """Words that every mark so far allows."""
        return [int(at) for at in np.flatnonzero(self._fits)]


def vocabulary(source: Wordle, seed: int) -> tuple[str, ...]:
    """Words of five small letters, drawn from the system's list, sorted.

    Raises:
        CapabilityError: the list is not installed, or holds too few; code ``no_words``.
    """
    try:
        with open(WORDS, encoding="utf-8") as file:
            lines = {line.strip() for line in file}
    except FileNotFoundError as error:
        raise CapabilityError(
            f"Wordle needs a list of words: {WORDS} is not there",
            hint="apt-get install wamerican, or leave the Wordle source out",
            code="no_words",
        ) from error
    known = sorted(
        w for w in lines if len(w) == LENGTH and w.isascii() and w.isalpha() and w.islower()
    )
    if len(known) < source.words:
        raise CapabilityError(
            f"{WORDS} holds {len(known)} words of five letters, not {source.words}",
            hint="ask for fewer words",
            code="no_words",
        )
    picked = rng_for("value_functions", "words", seed).choice(len(known), source.words, False)
    return tuple(sorted(known[at] for at in picked))


def spelled(words: tuple[str, ...]) -> npt.NDArray[np.int64]:
    """(V, 5) letters of each word, as places among the 130 letters in their places."""
    letters = [[ord(letter) - ord("a") for letter in word] for word in words]
    return np.array(letters, np.int64) + LETTERS * np.arange(LENGTH)


def game(source: Arcades, name: str, *words: str | int) -> World:
    """A world that is played for a return.

    Args:
        source: where it is from.
        name: the game, of several.
        words: of its seed.
    """
    if isinstance(source, Atari):
        return atari.Console(source, *words)
    if isinstance(source, Control):
        return control.Joints(source, *words)
    return Arcade(source, *words, game=next(one for one in source.games if one == name))


def turns_of(source: Chain | Arcades | Wordle) -> int:
    """Choices that make one step of the world."""
    return control.MOTORS[source.task] if isinstance(source, Control) else 1


def inputs_of(source: Chain | Arcades | Wordle) -> int:
    """Numbers of a state."""
    if isinstance(source, Chain):
        return source.states
    if isinstance(source, Wordle):
        return LENGTH * LETTERS + LETTERS + TURNS
    if isinstance(source, Control):
        return control.SEEN[source.task] + turns_of(source) * (source.cuts + 1)
    return int(game(source, source.games[0], "inputs").state().size)


def actions_of(source: Chain | Arcades | Wordle, seed: int) -> tuple[str, ...]:
    """Names of the actions."""
    if isinstance(source, Chain):
        return ("left", "right")
    if isinstance(source, Wordle):
        return vocabulary(source, seed)
    if isinstance(source, Control):
        return tuple(f"{level:g}" for level in np.linspace(-1, 1, source.cuts))
    if isinstance(source, Atari):
        return atari.Console(source, "actions").names()
    return Arcade(source, "actions").names
