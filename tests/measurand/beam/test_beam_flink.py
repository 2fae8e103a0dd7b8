"""A real Flink: job manager, task managers and Beam's job server, started here.

Needs Java, the jars of the wheel ``apache-flink-libraries`` (its folder ``pyflink/lib``, named in
``MEASURAND_FLINK_LIB`` where it is not installed) and the job server's jar, named in
``MEASURAND_FLINK_JOB_SERVER``.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import toy_build
from beam_services import POOL, free_port, importable, server
from slow_build import SLOW, started

from measurand.beam.services import cluster
from measurand.errors import RunnerError
from measurand.manifest import file_sha256
from measurand.verification import verify

__all__ = ["importable"]
pytestmark = [pytest.mark.integration, pytest.mark.flink, pytest.mark.timeout(900)]

OLD, NEW = {"rows": 400, "shards": 2}, {"rows": 900, "shards": 3}
JOB_MANAGER = "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint"
TASK_MANAGER = "org.apache.flink.runtime.taskexecutor.TaskManagerRunner"
OPENED = (
    "--add-exports=java.base/sun.net.util=ALL-UNNAMED",
    "--add-exports=java.rmi/sun.rmi.registry=ALL-UNNAMED",
    "--add-exports=java.security.jgss/sun.security.krb5=ALL-UNNAMED",
    *(
        f"--add-opens=java.base/{name}=ALL-UNNAMED"
        for name in (
            "java.lang", "java.net", "java.io", "java.nio", "sun.nio.ch", "java.lang.reflect",
            "java.text", "java.time", "java.util", "java.util.concurrent",
            "java.util.concurrent.atomic", "java.util.concurrent.locks",
        )
    ),
)  # fmt: skip
"""What Flink's own start scripts open of Java 17."""
LEFT_OUT = ("flink-table-planner-loader", "flink-scala")
SLOTS = 2


def needed() -> tuple[Path, Path]:
    """The jar of the job server and the folder of Flink's jars; skips with what is missing."""
    jar = os.environ.get("MEASURAND_FLINK_JOB_SERVER")
    if shutil.which("java") is None:
        pytest.skip("no Flink: there is no program `java`")
    if not jar or not Path(jar).is_file():
        pytest.skip("no Flink: name the jar of Beam's job server in MEASURAND_FLINK_JOB_SERVER")
    spec = importlib.util.find_spec("pyflink")
    places = [os.environ.get("MEASURAND_FLINK_LIB")]
    places += (
        [str(Path(p) / "lib") for p in (spec.submodule_search_locations or ())] if spec else []
    )
    for place in places:
        if place and list(Path(place).glob("flink-dist-*.jar")):
            return Path(jar), Path(place)
    pytest.skip("no Flink: install apache-flink-libraries, or name its lib in MEASURAND_FLINK_LIB")


@dataclass
class Flink:
    """A cluster on this machine.

    Attributes:
        home: its configuration, logs and files.
        lib: Flink's jars.
        rest: port of its REST interface.
        managers: its task managers.
    """

    home: Path
    lib: Path
    rest: int
    managers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def java(self, main: str, heap: str) -> subprocess.Popen[bytes]:
        """Start one of Flink's processes."""
        jars = [str(p) for p in sorted(self.lib.glob("*.jar")) if not p.name.startswith(LEFT_OUT)]
        words = ["java", f"-Xmx{heap}", *OPENED, "-cp", os.pathsep.join(jars), main]
        with (self.home / f"{main.rpartition('.')[2]}.log").open("ab") as log:
            return subprocess.Popen(
                [*words, "--configDir", str(self.home)], stdout=log, stderr=log,
                start_new_session=True, cwd=self.home,
            )  # fmt: skip

    def add_manager(self) -> None:
        """Start a task manager."""
        self.managers.append(self.java(TASK_MANAGER, "768m"))

    def await_slots(self, n: int) -> None:
        """Wait until so many slots are there."""
        deadline, said = time.monotonic() + 120, None
        while time.monotonic() < deadline:
            with suppress(RunnerError):
                said = cluster(f"localhost:{self.rest}")
                if said is not None and said["slots-total"] == n:
                    return
            if any(process.poll() is not None for process in self.managers):
                break
            time.sleep(0.5)
        logs = "".join(p.read_text()[-1500:] for p in self.home.glob("*.log"))
        pytest.fail(f"Flink has no {n} slots: {said}; {logs}")

    def jobs(self) -> list[str]:
        """States of its jobs."""
        with urllib.request.urlopen(f"http://localhost:{self.rest}/jobs", timeout=10) as answer:
            found: dict[str, Any] = json.load(answer)
        return [job["status"] for job in found["jobs"]]


@contextmanager
def running(home: Path, lib: Path) -> Iterator[Flink]:
    """A job manager and two task managers."""
    rest, rpc = free_port(), free_port()
    settings = {
        "jobmanager.rpc.address": "localhost", "jobmanager.rpc.port": rpc,
        "jobmanager.bind-host": "localhost", "rest.address": "localhost",
        "rest.bind-address": "localhost", "rest.port": rest, "taskmanager.host": "localhost",
        "taskmanager.bind-host": "localhost", "taskmanager.numberOfTaskSlots": SLOTS,
        "taskmanager.cpu.cores": 1, "taskmanager.memory.task.heap.size": "256m",
        "taskmanager.memory.task.off-heap.size": "64m", "taskmanager.memory.network.min": "64m",
        "taskmanager.memory.network.max": "64m", "taskmanager.memory.managed.size": "128m",
        "taskmanager.memory.framework.heap.size": "128m",
        "taskmanager.memory.framework.off-heap.size": "128m",
        "taskmanager.memory.jvm-metaspace.size": "256m",
        "taskmanager.memory.jvm-overhead.min": "192m",
        "taskmanager.memory.jvm-overhead.max": "192m",
        "heartbeat.interval": 1000, "heartbeat.timeout": 6000,
        "restart-strategy.type": "fixed-delay", "restart-strategy.fixed-delay.attempts": 3,
        "restart-strategy.fixed-delay.delay": "2 s", "io.tmp.dirs": str(home / "tmp"),
    }  # fmt: skip
    (home / "tmp").mkdir(parents=True)
    (home / "config.yaml").write_text("".join(f"{k}: {v}\n" for k, v in settings.items()))
    found = Flink(home, lib, rest)
    started = [found.java(JOB_MANAGER, "512m")]
    try:
        found.add_manager()
        found.add_manager()
        found.await_slots(2 * SLOTS)
        yield found
    finally:
        for process in (*started, *found.managers):
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture(scope="module")
def flink(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flink]:
    _, lib = needed()
    with running(tmp_path_factory.mktemp("flink"), lib) as found:
        yield found


@pytest.fixture(scope="module")
def runner(flink: Flink) -> Iterator[str]:
    """The cluster, through a job server that is started for each build, with a worker pool."""
    jar, _ = needed()
    pool = free_port()
    with server(*POOL, f"--service_port={pool}", port=pool):
        yield (
            f"FlinkRunner:flink_master=localhost:{flink.rest},flink_job_server_jar={jar},"
            f"environment_type=EXTERNAL,environment_config=localhost:{pool}"
        )


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A folder with a published dataset."""
    toy_build.build(OLD, tmp_path / "d", "FnApiRunner")
    return tmp_path / "d"


def digests(folder: Path) -> dict[str, str]:
    return {p.name: file_sha256(p) for p in sorted(folder.iterdir())}


def test_builds_are_equal(out: Path, runner: str) -> None:
    toy_build.build(OLD, out.parent / "e", f"{runner},parallelism=2,timeout_s=300")
    assert digests(out.parent / "e") == digests(out)
    toy_build.build(NEW, out, f"{runner},parallelism={2 * SLOTS},timeout_s=300")
    toy_build.build(NEW, out.parent / "f", "FnApiRunner")
    assert digests(out) == digests(out.parent / "f")


def test_a_task_manager_that_is_killed_costs_a_restart(
    out: Path, runner: str, flink: Flink
) -> None:
    process = started(out, f"{runner},parallelism=2,timeout_s=400")
    os.killpg(flink.managers[0].pid, signal.SIGKILL)
    flink.managers.pop(0).wait()
    flink.add_manager()
    _, said = process.communicate(timeout=500)
    assert process.returncode == 0, said
    toy_build.build(SLOW | {"pause_s": 0}, out.parent / "e", "FnApiRunner")
    assert digests(out) == digests(out.parent / "e")
    assert verify(out) == []
    flink.await_slots(2 * SLOTS)


def test_a_driver_that_is_interrupted_cancels_its_job(out: Path, runner: str, flink: Flink) -> None:
    before = digests(out)
    process = started(out, f"{runner},parallelism=2")
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "has ended: CANCELLED" in said
    assert digests(out) == before
    assert not {"RUNNING", "CREATED", "RESTARTING"} & {*flink.jobs()}


def test_too_few_slots_are_told_while_a_job_waits(out: Path, runner: str) -> None:
    before = digests(out)
    process = started(out, f"{runner},parallelism={2 * SLOTS + 4},timeout_s=40")
    _, said = process.communicate(timeout=200)
    assert process.returncode == 3, said
    assert "waits for slots: " in said
    assert "timeout" in said
    assert digests(out) == before


def test_what_is_missing_is_one_plain_line() -> None:
    """Of this very file: it is skipped, not failed, where Flink is not at hand."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MEASURAND_FLINK_JOB_SERVER", "")
        with pytest.raises(pytest.skip.Exception, match=r"^no Flink: [^\n]+$"):
            needed()
