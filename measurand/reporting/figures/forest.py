"""Dots with intervals, one line per row, against a limit and bands.

``data``: ``rows``: list of ``{label, estimate, lower, upper}`` and, where they apply, ``series``
(rows with the same label stand on one line), ``reason`` (of a null) and ``group`` (a heading above
the first row of the group); ``axis``: title of the axis; optional ``limit`` with ``limit_label``,
``bands``: list of ``{low, high, label}``, ``minimum``, ``maximum``; ``around``: the value that the
axis must hold, where it is not 0 to 1.

What lies off the axis is an arrow at its end, its figure beside it. Where labels are too long for a
phone they stand above their dots.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from measurand.reporting import svg
from measurand.reporting.text import common_decimals, interval, number

LINE, DODGE, HEADING, ABOVE = 24.0, 15.0, 26.0, 16.0
NARROW = 480.0
FEW = 4
"""Rows from which on one that is far from all others may leave the axis."""


def draw(data: Mapping[str, Any], width: float) -> tuple[tuple[float, float], Markup]:
    """Picture and its size."""
    rows = data["rows"]
    narrow = width < NARROW
    labels = [str(row["label"]) for row in rows]
    columns = svg.columns_apart(labels, 17 if narrow else 30)
    above = narrow and columns > 17
    series = list(dict.fromkeys(str(row.get("series") or "") for row in rows))
    left = 14.0 if above else svg.label_width(labels, columns) + 14
    scale = svg.Scale(*reach(data), left, width - (12 if narrow else 150))
    keys, top = svg.series_keys(series, width)
    top += 26
    body, y = _rows(rows, series, scale, top, width, 0 if above else columns)
    y += 14 if data.get("bands") else 0
    back = _bands(data, scale, top - 8, y) + svg.x_axis(
        scale, top - 8, y, str(data.get("axis", "")), 4 if narrow else 6
    )
    back += limit(data, scale, top - 8, y)
    return (width, y + 44), keys + back + body


def _rows(
    rows: list[dict[str, Any]],
    series: list[str],
    scale: svg.Scale,
    top: float,
    width: float,
    columns: int,
) -> tuple[Markup, float]:
    """Labels, dots and figures of all rows, and the pixel below the last; no columns: above."""
    parts: list[Markup] = []
    places = common_decimals(rows)
    y, group, label = top - 4, "", None
    for row in rows:
        if row.get("group") and row["group"] != group:
            group, label = row["group"], None
            y += HEADING
            parts.append(svg.text(0, y - 6, group, class_="head", columns=40))
        new_line = row["label"] != label
        label = row["label"]
        y += LINE if new_line else DODGE
        if new_line and columns:
            parts.append(svg.text(scale.start - 12, y - 4, label, at="end", columns=columns))
        elif new_line:
            parts.append(svg.text(0, y - 4, label, columns=int(width / 7.2)))
            y += ABOVE
        s = series.index(str(row.get("series") or ""))
        parts.append(dot(row, scale, y - 8, s))
        if row.get("estimate") is None or width >= NARROW:
            parts.append(_figure(row, scale, y - 4, width, places))
        elif not columns:
            y += DODGE
            parts.append(_figure(row, scale, y - 4, width, places))
    return Markup("").join(parts), y + 8


def _figure(
    row: Mapping[str, Any], scale: svg.Scale, y: float, width: float, places: int | None
) -> Markup:
    if row.get("estimate") is None:
        words = "— " + str(row.get("reason") or "undefined")
        columns = int((scale.end - scale.start) / 7)
        return svg.text(scale.start + 6, y, words, class_="tick reason", columns=columns)
    return svg.text(width, y, interval(row, places), at="end", class_="num")


def dot(row: Mapping[str, Any], scale: svg.Scale, y: float, series: int) -> Markup:
    """An estimate's mark and interval; an arrow head where it leaves the axis."""
    value = row.get("estimate")
    if value is None:
        return Markup("")
    class_ = f"s{series % len(svg.SERIES)}"
    lower, upper = row.get("lower"), row.get("upper")
    low, high = (value if lower is None else lower), (value if upper is None else upper)
    parts = [svg.line(scale(low), y, scale(high), y, f"whisker {class_}")] if high > low else []
    if low < scale.low:
        parts.append(svg.mark(scale.start, y, "left", class_))
    if high > scale.high:
        parts.append(svg.mark(scale.end, y, "right", class_))
    if scale.low <= value <= scale.high:
        parts.append(svg.mark(scale(value), y, svg.SERIES[series % len(svg.SERIES)], class_))
    return Markup("").join(parts)


def reach(data: Mapping[str, Any]) -> tuple[float, float]:
    """Range of the axis: 0 to 1, wider where the figures need it, or as the data state it.

    A very wide interval widens it by a quarter at most, so that the estimates stay apart; so do few
    estimates far from all others, which :func:`_near` leaves out.
    """
    rows = [row for row in data["rows"] if row.get("estimate") is not None]
    tight = data.get("around") is not None
    held = [float(data["around"])] if tight else [0.0, 1.0]
    held += [data["limit"]] if data.get("limit") is not None else []
    values = [row["estimate"] for row in rows]
    # Differences may lie together at 0, where two spans of their middle are next to nothing.
    values = held + _near(values, held, 20 if tight else 2)
    low, high = min(values), max(values)
    span = (high - low) or 1.0
    ends = [row[key] for row in rows for key in ("lower", "upper") if row.get(key) is not None]
    low = max(min([low, *ends]), low - 0.25 * span)
    high = min(max([high, *ends]), high + 0.25 * span)
    pad = 0.03 * span
    stated = data.get("minimum"), data.get("maximum")
    low = stated[0] if stated[0] is not None else (low - pad if low < 0 or tight else 0.0)
    high = stated[1] if stated[1] is not None else (high + pad if high > 1 or tight else 1.0)
    return float(low), float(high)


def _near(values: list[float], held: list[float], spans: int) -> list[float]:
    """Values without those farther than some spans from where the middle half of all lies."""
    if len(values) < FEW:
        return values
    kept = sorted(values)
    quarter = len(kept) // 4
    core = [*held, *kept[quarter : len(kept) - quarter]]
    low, high = min(core), max(core)
    span = (high - low) or 1.0
    return [v for v in values if low - spans * span <= v <= high + spans * span]


def limit(data: Mapping[str, Any], scale: svg.Scale, top: float, bottom: float) -> Markup:
    """The line that a gate reads, with its name above the plot."""
    if data.get("limit") is None:
        return Markup("")
    x = scale(data["limit"])
    name = str(data.get("limit_label") or f"limit {number(float(data['limit']), 2)}")
    at = "end" if x > (scale.start + scale.end) / 2 else "start"
    return svg.line(x, top - 2, x, bottom, "limit") + svg.text(
        x + (4 if at == "end" else -4), top - 6, name, at=at, class_="limit-name"
    )


def _bands(data: Mapping[str, Any], scale: svg.Scale, top: float, bottom: float) -> Markup:
    """Quiet stripes behind the plot, every other one filled, named at the foot."""
    parts = []
    for i, band in enumerate(data.get("bands") or ()):
        a = scale(scale.low if band.get("low") is None else band["low"])
        b = scale(scale.high if band.get("high") is None else band["high"])
        if b <= a:
            continue
        parts.append(
            svg.element("rect", x=a, y=top, width=b - a, height=bottom - top, class_=f"band{i % 2}")
        )
        name = str(band.get("label", ""))
        if svg.label_width([name]) * 0.75 < b - a:
            parts.append(svg.text((a + b) / 2, bottom - 3, name, at="middle", class_="band-name"))
    return Markup("").join(parts)


def twin(data: Mapping[str, Any]) -> tuple[list[str], list[list[Any]], list[str]]:
    """One line per row."""
    with_group = any(row.get("group") for row in data["rows"])
    with_series = any(row.get("series") for row in data["rows"])
    columns = ["row", *(["group"] if with_group else []), *(["series"] if with_series else [])]
    rows: list[list[Any]] = []
    for row in data["rows"]:
        words = [row["label"]]
        words += [row.get("group") or ""] if with_group else []
        words += [row.get("series") or ""] if with_series else []
        rows.append([*words, figure_cell(row)])
    notes = []
    if data.get("limit") is not None:
        notes.append(f"{data.get('limit_label') or 'Limit'}: {number(float(data['limit']))}.")
    if data.get("bands"):
        notes.append("Bands: " + "; ".join(_band_words(band) for band in data["bands"]) + ".")
    return [*columns, str(data.get("axis") or "estimate")], rows, notes


def figure_cell(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row's figure as a table cell."""
    return {
        "estimate": row.get("estimate"),
        "lower": row.get("lower"),
        "upper": row.get("upper"),
        "reason": row.get("reason") or "undefined",
    }


def _band_words(band: Mapping[str, Any]) -> str:
    low, high = band.get("low"), band.get("high")
    name = str(band.get("label", ""))
    if low is None:
        return f"{name} below {number(high, 2)}"
    if high is None:
        return f"{name} from {number(low, 2)}"
    return f"{name} {number(low, 2)} to {number(high, 2)}"
