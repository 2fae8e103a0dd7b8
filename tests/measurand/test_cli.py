from __future__ import annotations

import errno
import importlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from measurand import __version__
from measurand.cli import EXIT_ERROR, VERBS, main, usage

ROOT = Path(__file__).parents[2]


def test_help_names_every_verb(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    assert all(f"  {verb} " in shown for verb in VERBS)
    assert shown.strip() == usage().strip()


def test_no_verb_is_an_error_that_shows_the_verbs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == EXIT_ERROR
    assert "usage" in capsys.readouterr().out


def test_an_unknown_verb_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["measure"]) == EXIT_ERROR
    assert "'measure'" in capsys.readouterr().err


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.strip() == __version__


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_a_module_and_its_own_help(
    verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert callable(importlib.import_module(VERBS[verb][0]).main)
    assert main([verb, "--help"]) == 0
    assert f"measurand {verb}" in capsys.readouterr().out


def test_a_named_error_is_one_line_and_exit_3(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "astrology"]) == EXIT_ERROR
    shown = capsys.readouterr().err
    assert shown.count("\n") == 1
    assert "bad_input" in shown
    assert "personality" in shown


@pytest.mark.parametrize("verb", VERBS)
def test_wrong_usage_is_3_since_2_reads_as_undecided(
    verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([verb, "--no-such-option"]) == EXIT_ERROR
    assert f"usage: measurand {verb}" in capsys.readouterr().err


def test_what_the_file_system_refuses_is_one_line_with_the_path(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("item_id,value\nq1,1\nq2,0\nq3,1\n")
    a, b = str(tmp_path / "a.csv"), str(tmp_path / "b.csv")
    for out in (tmp_path / "none" / "out.md", Path(a) / "out.md"):
        assert main(["compare", a, b, "--out", str(out)]) == EXIT_ERROR
        shown = capsys.readouterr().err.splitlines()
        assert shown[-1].startswith(f"measurand compare: no_file: {out}: ")
        assert not any(line.startswith("Traceback") for line in shown)


def _raising(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> int:
    def fail(argv: list[str]) -> int:
        raise error

    module = SimpleNamespace(__name__="m", main=fail)
    monkeypatch.setattr(importlib, "import_module", lambda path: module)
    return main(["verify", "x"])


def test_a_full_disk_and_an_interrupt_say_run_it_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in (errno.ENOSPC, errno.EFBIG, errno.EMFILE, errno.EIO):
        full = OSError(number, os.strerror(number), "f")
        assert _raising(monkeypatch, full) == EXIT_ERROR
    assert _raising(monkeypatch, KeyboardInterrupt()) == 130
    shown = capsys.readouterr().err.splitlines()
    assert len(shown) == 5
    assert all("run it again" in line for line in shown)


def test_a_fault_of_ours_is_no_finding_and_keeps_its_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _raising(monkeypatch, ZeroDivisionError("division by zero")) == EXIT_ERROR
    shown = capsys.readouterr().err
    assert "Traceback" in shown
    assert "internal_error" in shown


def test_a_reader_who_leaves_gets_no_false_success() -> None:
    code = "import sys; from measurand.cli import main; sys.exit(main(['list']))"
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        said = process.stderr.read()
        assert process.wait() == 141
    assert said == b""


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "cp437", "latin-1"])
def test_a_stream_that_cannot_show_a_sign_changes_no_code(encoding: str) -> None:
    code = (
        "import sys, types, measurand.cli as c\n"
        "def main(argv):\n"
        "    print('\\u2265 \\u03b1 \\u2014 \\u4e2d \\U0001f600')\n"
        "    print('\\u2265', file=sys.stderr)\n"
        "    return 2\n"
        "sys.modules['said'] = types.SimpleNamespace(main=main, __name__='said')\n"
        "c.VERBS['say'] = ('said', 'x')\n"
        "sys.exit(c.main(['say']))\n"
    )
    env = {**os.environ, "PYTHONIOENCODING": encoding}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, check=False)
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr
    assert done.stdout.count(b"?") >= 2


_WAITS = """
import sys, time, types, measurand.cli as c
def main(argv):
    print('ready', flush=True)
    {body}
sys.modules['said'] = types.SimpleNamespace(main=main, __name__='said')
c.VERBS['wait'] = ('said', 'x')
sys.argv = ['measurand', 'wait']
sys.exit(c.main())
"""
_PLAIN = "time.sleep(60)"
_WRAPPED = """
    try: time.sleep(60)
    except BaseException as error: raise RuntimeError(f'{error!r} [while running x]') from error"""
_NAMED = """
    from measurand.errors import RunnerError
    try: time.sleep(60)
    except BaseException as error: raise RunnerError('a step failed') from None"""
_SWALLOWED = """
    try: time.sleep(60)
    except BaseException: return 0"""
_CLEANING = """
    try: time.sleep(60)
    finally: time.sleep(0.3)"""


@pytest.mark.parametrize("body", [_PLAIN, _WRAPPED, _NAMED, _SWALLOWED, _CLEANING])
def test_an_interrupt_is_130_whatever_becomes_of_it(body: str) -> None:
    code = _WAITS.replace("{body}", body.strip() if body is _PLAIN else body)
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 130
    assert said.strip().splitlines()[-1].endswith("interrupted; run it again to go on")
    assert "Traceback" not in said


_DROPPED = """
    import os, signal, weakref
    class Lock: pass
    lock = Lock()
    def over(_):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.2)
    kept = weakref.ref(lock, over)
    del lock
    time.sleep(60)"""


def test_an_interrupt_that_a_callback_drops_comes_again() -> None:
    """Python's import lock ends in such a callback; what it drops, it prints and forgets."""
    code = _WAITS.replace("{body}", _DROPPED)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 130
    assert done.stderr == "measurand wait: interrupted; run it again to go on\n"


_FAULT = """
    class Odd:
        def __del__(self): raise ValueError('mine')
    Odd()
    return 0"""


def test_other_dropped_errors_are_still_printed() -> None:
    code = _WAITS.replace("{body}", _FAULT)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, "ValueError: mine" in done.stderr) == (0, True)


_LATE = """
    import os
    class Late:
        def __del__(self, write=os.write, sleep=time.sleep):
            write(1, b'late\\n')
            sleep(1)
    globals()['late'] = Late()
    return 0"""


def test_an_interrupt_after_the_end_changes_nothing() -> None:
    code = _WAITS.replace("{body}", _LATE)
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert [process.stdout.readline() for _ in range(2)] == ["ready\n", "late\n"]
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 0
    assert "Traceback" not in said


_DONE = """
    class Slow:
        def __del__(self, write=os.write, sleep=time.sleep):
            write(1, b'late\\n')
            sleep(1)
    import atexit
    atexit.register(lambda slow=Slow(): slow.__del__())
    return 2"""


def test_an_interrupt_of_what_is_torn_down_keeps_the_code_of_what_was_done() -> None:
    code = _WAITS.replace("{body}", _DONE).replace("import sys,", "import os, sys,")
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert [process.stdout.readline() for _ in range(2)] == ["ready\n", "late\n"]
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 2
    assert "Traceback" not in said
