from __future__ import annotations

import sys
import threading

import pytest

from measurand.api.silence import collected


def test_what_is_printed_inside_is_kept_and_nothing_else(
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = sys.stdout
    with collected(None) as said:
        print("inside")
        other = threading.Thread(target=print, args=("another thread",))
        other.start()
        other.join()
        with collected(None) as inner:
            print("deeper")
        assert sys.stdout.isatty() is before.isatty()
    print("after")
    assert "".join(said) == "inside\n"
    assert "".join(inner) == "deeper\n"
    assert capsys.readouterr().out == "another thread\nafter\n"
    assert sys.stdout is before


def test_on_the_command_line_lines_are_printed_as_they_come(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with collected("stderr") as said:
        print("at once")
        assert capsys.readouterr().out == "at once\n"
    assert said == []


def test_an_error_gives_the_screen_back() -> None:
    before = sys.stdout
    with pytest.raises(ZeroDivisionError), collected(None):
        1 / 0  # noqa: B018
    assert sys.stdout is before
