"""Our metrics inside a real run of Inspect on its mock model, read from its own log."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("inspect_ai")

from measurand.analysis.figures import mean_of
from measurand.errors import InputError
from measurand.plugins.inspect_metrics import interval, paired, repeats
from measurand.stats.means import paired_difference
from measurand.stats.passes import passes
from measurand.stats.unbalanced import one_way

ITEMS, EPOCHS = 24, 3


def run(folder: Path, metrics: list[Any], *, seed: int = 0, epochs: int = EPOCHS) -> Any:
    """The log of a task whose answers are known: (item, epoch) is right where ``right`` says so."""
    from inspect_ai import Epochs, Task, eval
    from inspect_ai.dataset import Sample
    from inspect_ai.model import ModelOutput, ModelUsage, get_model
    from inspect_ai.scorer import Score, scorer

    asked: dict[str, int] = {}

    def answer(input: Any, tools: Any, tool_choice: Any, config: Any) -> ModelOutput:
        text = input[-1].text
        asked[text] = asked.get(text, -1) + 1
        said = right(int(text), asked[text], seed)
        output = ModelOutput.from_content("mockllm/model", "yes" if said else "no")
        # Without counts Inspect would fetch a tokenizer.
        output.usage = ModelUsage(input_tokens=3, output_tokens=1, total_tokens=4)
        return output

    @scorer(metrics=metrics)
    def correct() -> Any:
        async def score(state: Any, target: Any) -> Score:
            return Score(value=float(state.output.completion == "yes"))

        return score

    samples = [
        Sample(id=f"s{i}", input=str(i), target="", metadata={"passage": f"p{i // 4}"})
        for i in range(ITEMS)
    ]
    task = Task(
        dataset=samples, scorer=correct(), epochs=Epochs(epochs, "mean"), name="toy",
        fail_on_error=True,
    )  # fmt: skip
    [log] = eval(
        task,
        model=get_model("mockllm/model", custom_outputs=answer),
        log_dir=str(folder),
        display="none",
    )
    assert log.status == "success", log.error
    return log


def right(item: int, epoch: int, seed: int) -> bool:
    return (item * 7 + epoch * 5 + seed) % 4 > 0 and item % 6 > 0


def table(seed: int = 0, epochs: int = EPOCHS) -> np.ndarray:
    return np.array([[float(right(i, e, seed)) for e in range(epochs)] for i in range(ITEMS)])


def figures(log: Any) -> dict[str, float]:
    return {name: m.value for s in log.results.scores for name, m in s.metrics.items()}


@pytest.mark.integration
def test_the_log_holds_clustered_intervals_and_agreement(tmp_path: Path) -> None:
    log = run(tmp_path, [interval(cluster="passage"), repeats()])
    found = figures(log)
    values = table()
    clusters = np.arange(ITEMS) // 4
    expected = mean_of(values.mean(axis=1), clusters, single=False, binary=True)
    assert found["mean"] == pytest.approx(expected.value)
    assert (found["low"], found["high"]) != (0, 0)
    assert found["clusters"] == 6
    assert found["samples"] == ITEMS
    assert found["agreement"] == pytest.approx(one_way(values).value)
    k = passes(values.sum(axis=1), np.full(ITEMS, 3.0), 3)
    assert found["pass_at_k"] == pytest.approx(k.value)


@pytest.mark.integration
def test_a_run_is_compared_with_an_earlier_log_on_the_same_samples(tmp_path: Path) -> None:
    before = run(tmp_path / "before", [interval()])
    log = run(tmp_path / "after", [paired(before.location, cluster="passage")], seed=1)
    found = figures(log)
    expected = paired_difference(
        table(1).mean(axis=1), table(0).mean(axis=1), np.arange(ITEMS) // 4
    )
    assert found["difference"] == pytest.approx(expected.value)
    assert found["low"] == pytest.approx(expected.ci_lo)
    assert found["high"] == pytest.approx(expected.ci_hi)
    assert found["samples"] == ITEMS


def test_what_is_undefined_is_nan_and_what_is_missing_is_named() -> None:
    from inspect_ai.scorer import SampleScore, Score

    scores = [
        SampleScore(score=Score(value=float(i % 2)), sample_id=f"s{i}", sample_metadata={})
        for i in range(6)
    ]
    assert math.isnan(repeats()(scores)["agreement"])
    with pytest.raises(InputError, match="no 'passage' in its metadata"):
        interval(cluster="passage")(scores)
    with pytest.raises(InputError, match="no such file"):
        paired("nowhere.eval")(scores)
