"""Reading a log of Inspect into item rows, beside Inspect's own readers, in one run.

The log is written by Inspect itself with its mock model (``pip install inspect-ai``). Prints
processor time of each way and its ratio to ours.

    python benchmarks/read_logs.py [SAMPLES]
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from measurand.interop.read import read
from measurand.interop.rows import Wish


def write_log(folder: Path, samples: int) -> Path:
    """A log of ``samples`` questions that the mock model answers."""
    from inspect_ai import Task, eval
    from inspect_ai.dataset import Sample
    from inspect_ai.model import ModelOutput, ModelUsage, get_model
    from inspect_ai.scorer import match
    from inspect_ai.solver import generate

    def answer(input: Any, tools: Any, choice: Any, config: Any) -> ModelOutput:
        number = int(input[-1].text.split()[1])
        output = ModelOutput.from_content("mockllm/model", "yes" if number % 3 else "no")
        output.usage = ModelUsage(input_tokens=3, output_tokens=1, total_tokens=4)
        return output

    dataset = [
        Sample(
            id=f"s{i}",
            input=f"Is {i} odd?",
            target="yes" if i % 2 else "no",
            metadata={"passage": f"p{i // 10}"},
        )
        for i in range(samples)
    ]
    task = Task(dataset=dataset, solver=generate(), scorer=match(), name="toy")
    model = get_model("mockllm/model", custom_outputs=answer)
    [log] = eval(task, model=model, log_dir=str(folder), display="none")
    return Path(log.location)


def seconds(work: Callable[[], Any]) -> float:
    """Processor time of one call."""
    start = time.process_time()
    work()
    return time.process_time() - start


def main(samples: int = 1000) -> None:
    """Write the log, read it in every way, print a table."""
    from inspect_ai.analysis import samples_df
    from inspect_ai.log import read_eval_log, read_eval_log_sample_summaries

    with tempfile.TemporaryDirectory() as scratch:
        log = write_log(Path(scratch), samples)
        ways: dict[str, Callable[[], Any]] = {
            "measurand, item rows": lambda: read([log], Wish(cluster="passage")),
            "inspect, sample summaries": lambda: read_eval_log_sample_summaries(str(log)),
            "inspect, samples_df": lambda: samples_df(str(log), quiet=True),
            "inspect, read_eval_log": lambda: read_eval_log(str(log)),
        }
        seconds(ways["measurand, item rows"])  # imports
        found = {name: seconds(work) for name, work in ways.items()}
    ours = found["measurand, item rows"]
    print(f"{samples:,} samples; processor seconds, ratio to ours")
    for name, spent in found.items():
        print(f"{name:<28} {spent:8.3f} {spent / ours:8.1f}x")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
