"""Items of runs on given targets: errors of rows, choices among moves, and what knows less."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from evaluators.value_functions.evaluate import choices
from measurand.stats.calibration import calibration_error, reliability_curve
from pipelines.value_functions.layers import Weights
from pipelines.value_functions.regression import Regression
from schemas.value_functions.params import Run

Found = tuple[str, str, str, int, str, float | None, str | None]
FloatArray = npt.NDArray[np.float64]
NO_ORDER = "all alternatives are valued alike: no order"


def items(run: Run, trial: Regression, weights: list[Weights]) -> Iterator[Found]:
    """Rows of every seed; see :mod:`evaluators.value_functions.evaluate`.

    ``score`` is 1 for perfect predictions and 0 for a constant one: of rows, 1 - squared error over
    the variance of the targets, mean over phases; of moves, 1 - regret over that of a random move.
    """
    yield from _of(run, trial, trial.errors(weights, "test"))


def heads(run: Run, trial: Regression, weights: Weights) -> list[dict[str, float | None]]:
    """Per seed: how often the head's central 90% holds the truth, and how calibrated moves are.

    ``calibration`` is the expected calibration error of said and true win probabilities, over ten
    bins of as many moves.
    """
    held = trial.head_covers(weights, run.shifts[-1] if run.shifts else 0.0)
    found: list[dict[str, float | None]] = [{"covered": x, "calibration": None} for x in held]
    if trial.given.choice:
        rows = trial.rows("test")
        for own, said, true in zip(
            found, trial.predict(weights, rows), trial.truth[:, rows], strict=True
        ):
            error = calibration_error(said.clip(0, 1), true, resamples=0)
            own["calibration"] = error.value
    return found


def reliability(trial: Regression, weights: Weights) -> Iterator[dict[str, float | int]]:
    """Said and true win probability of moves, by seed and bin; nothing where there are no moves.

    The bins are those of ``calibration``.
    """
    if not trial.given.choice:
        return
    rows = trial.rows("test")
    pairs = zip(trial.predict(weights, rows), trial.truth[:, rows], strict=True)
    for seed, (said, true) in enumerate(pairs):
        for at, own in enumerate(reliability_curve(said.clip(0, 1), true)):
            mean = own.label.value
            assert mean is not None, "a bin has rows"
            yield {"seed": seed, "bin": at, "said": own.predicted, "true": mean, "moves": own.n}


def controls(run: Run, trial: Regression) -> Iterator[tuple[str, Iterator[Found]]]:
    """What is known without learning: the training mean, and of chess a count of pieces."""
    rows = trial.rows("test")
    wanted = trial.truth[:1, rows]
    mean = trial.truth[:1, trial.rows("train")].mean()
    phases = len(trial.phases)
    yield "constant", _of(run, trial, np.broadcast_to(mean - wanted, (phases, *wanted.shape)))
    if trial.given.choice:
        # Pawns as log-odds, with the slope that fits the training moves best.
        pieces = trial.given.material
        slope = _slope(pieces[trial.rows("train")], trial.given.y[trial.rows("train")])
        said = 1 / (1 + np.exp(-slope * pieces[rows]))
        yield "material", _of(run, trial, (said - wanted)[None])


def _slope(pieces: FloatArray, y: FloatArray) -> float:
    grid = np.linspace(0.01, 2, 200)
    errors = [float(np.square(1 / (1 + np.exp(-g * pieces)) - y).mean()) for g in grid]
    return float(grid[int(np.argmin(errors))])


def _of(run: Run, trial: Regression, errors: FloatArray) -> Iterator[Found]:
    """Items from (phases, S, n) errors on the rows of test."""
    rows, found = trial.rows("test"), trial.given
    item, cluster = found.item[rows], found.cluster[rows]
    if found.choice:
        yield from _choices(errors[-1], trial.truth[0, rows], item, cluster, found.puzzle[rows])
        return
    variance = trial.truth[:, rows].var(1)
    for seed in range(errors.shape[1]):
        squares = np.square(errors[:, seed])
        for at, (name, own) in enumerate(zip(item, cluster, strict=True)):
            score = 1 - float(squares[:, at].mean() / variance[seed])
            yield "score", name, own, seed, "", score, None
            yield "squared_error", name, own, seed, "", float(squares[:, at].mean()), None
            for phase in range(len(run.shifts)):
                yield "squared_error", name, own, seed, str(phase), float(squares[phase, at]), None


def _choices(
    errors: FloatArray,
    true: FloatArray,
    item: npt.NDArray[np.str_],
    cluster: npt.NDArray[np.str_],
    puzzle: npt.NDArray[np.bool_],
) -> Iterator[Found]:
    groups = list(choices.places(item))
    random = float(np.mean([true[at].max() - true[at].mean() for _, at in groups]))
    for name, at in groups:
        own = str(cluster[at[0]])
        for seed, error in enumerate(errors[:, at]):
            said = error + true[at]
            lost = choices.regret(said, true[at])
            order = choices.tau(said, true[at])
            yield "score", name, own, seed, "", 1 - lost / random, None
            yield "regret", name, own, seed, "", lost, None
            yield "top_1", name, own, seed, "", choices.top(said, true[at]), None
            yield "tau", name, own, seed, "", order, NO_ORDER if order is None else None
            yield "absolute_error", name, own, seed, "", float(np.abs(error).mean()), None
            yield "log_loss", name, own, seed, "", choices.log_loss(said, true[at]), None
            if puzzle[at[0]]:
                yield "puzzle", name, own, seed, "", choices.top(said, true[at]), None
