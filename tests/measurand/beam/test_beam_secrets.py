"""Keys in the environment reach no job, no log and no file."""

from __future__ import annotations

import os
import secrets
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import dealt_loop
import prism_runner
import pytest
from beam_services import free_port, importable, server
from canned_model import Canned

from measurand import beam, dealing, runs
from measurand.beam import running as beam_running
from measurand.beam import sameness
from measurand.beam.dealt import ask_units
from measurand.calls import generate_batches
from measurand.dealing import running
from measurand.journal import Journal
from measurand.models import load
from measurand.models.protocol import Sampling

__all__ = ["importable"]
pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]
NAMES = ("OPENAI_API_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


def evaluate(out: Path, journal: Path, spec: str) -> None:
    """Let a server's model write a few texts."""
    model = dealing.opened(spec, load)
    batches = [[dealt_loop.request(i) for i in range(at, at + 4)] for at in range(0, 40, 4)]
    with Journal(journal / f"{runs.slug(spec)}.jsonl") as calls:
        found = generate_batches(model, batches, calls, Sampling(max_tokens=4))
        texts = [one.completion.text for batch in found for one in batch]
    out.mkdir(parents=True, exist_ok=True)
    (out / "texts").write_text(repr(texts))


def test_no_key_is_in_a_jobs_graph_options_logs_or_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    marked = {name: f"sk-marked-{secrets.token_hex(12)}" for name in NAMES}
    for name, key in marked.items():
        monkeypatch.setenv(name, key)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    monkeypatch.setenv("TMPDIR", str(scratch))
    jobs: list[bytes] = []
    ask = sameness.ask_workers

    def asks(built: Any) -> None:
        ask(built)
        graph = built.to_runner_api().SerializeToString()
        jobs.append(graph + repr(built.options.get_all_options()).encode())

    monkeypatch.setattr(beam_running, "ask_workers", asks)
    binary, port, log = prism_runner.binary(), free_port(), tmp_path / "prism.log"
    canned = Canned("four")
    with (
        server(binary, f"--job_port={port}", "--serve_http=false", port=port, log=log),
        beam.recorded() as facts,
    ):
        runner = (
            f"PortableRunner:job_endpoint=localhost:{port},environment_type=LOOPBACK,timeout_s=200"
        )
        journal = tmp_path / "journal"
        running.run(
            lambda out: evaluate(out, journal, canned.model),
            tmp_path / "out", journal, partial(ask_units, runner, []),
        )  # fmt: skip
    assert "four" in (tmp_path / "out" / "texts").read_text()
    assert len(canned.asked) >= 40
    assert jobs
    told = capfd.readouterr()
    places = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    everything = [*places, *jobs, repr(facts).encode(), told.out.encode(), told.err.encode()]
    assert os.environ["OPENAI_API_KEY"] == marked["OPENAI_API_KEY"]
    for name, key in marked.items():
        assert not any(key.encode() in one for one in everything), name
