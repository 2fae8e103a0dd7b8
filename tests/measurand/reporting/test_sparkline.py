from __future__ import annotations

from xml.etree import ElementTree

from measurand.reporting.sparkline import HEIGHT, PAD, WIDTH, Point, draw, in_words

SVG = "{http://www.w3.org/2000/svg}"


def parsed(points: list[Point], words: str = "w") -> ElementTree.Element:
    return ElementTree.fromstring(draw(points, words))


def classes(points: list[Point]) -> list[str]:
    return [part.attrib.get("class", "") for part in parsed(points)][1:]


def test_higher_is_up_oldest_is_left_and_the_last_has_the_dot() -> None:
    drawn = parsed([(1.0, None, None), (3.0, None, None), (2.0, None, None)])
    path, dot = drawn[1], drawn[2]
    steps = [tuple(map(float, s.split())) for s in path.attrib["d"][1:].split("L")]
    assert [x for x, _ in steps] == [PAD, WIDTH / 2, WIDTH - PAD]
    assert [y for _, y in steps] == [HEIGHT - PAD, PAD, HEIGHT / 2]
    assert (float(dot.attrib["cx"]), float(dot.attrib["cy"])) == steps[-1]


def test_intervals_are_a_band_where_all_states_have_one() -> None:
    assert classes([(1.0, 0.5, 1.5), (2.0, 1.5, 2.5)]) == ["spread", "curve c0", "s0 circle"]
    assert classes([(1.0, 0.5, 1.5), (2.0, None, None)]) == ["curve c0", "s0 circle"]


def test_a_gap_stays_a_gap_and_a_figure_alone_is_a_dot() -> None:
    found = classes([(1.0, None, None), (2.0, None, None), None, (1.0, None, None)])
    assert found == ["curve c0", "s0 circle", "s0 circle"]
    # The last state has no figure: no dot for it.
    assert classes([(1.0, None, None), (2.0, None, None), None]) == ["curve c0"]


def test_a_figure_that_never_moves_is_a_line_in_the_middle() -> None:
    path = parsed([(0.0, 0.0, 0.0), (0.0, 0.0, 0.0)])[2]
    assert {s.split()[1] for s in path.attrib["d"][1:].split("L")} == {f"{HEIGHT / 2:g}"}


def test_the_same_in_words_and_words_are_no_markup() -> None:
    words = in_words([(0.5, 0.4, 0.6), None, (0.7234, 0.7, 0.8)])
    assert words == "0.500\u00a0→\u00a00.723 (3\u00a0revisions)"
    assert in_words([None, (2.0, None, None)]).replace("\u00a0", " ") == "— → 2 (2 revisions)"
    assert "<script>" not in draw([(1.0, None, None)], "<script>")
