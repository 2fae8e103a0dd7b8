"""What a sentence asks for in plain words: press this, choose that, write so into the field.

Looser than the grammar of the published pages: buttons have any name, clauses share one button, and
any of the usual verbs and joints may stand. It knows words, no page.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

VERB = (
    r"(?:(?:double-)?click|press|hitt?|push|tapp?|select|choos|pick|check|tick|mark|uncheck|untick"
    r"|deselect|unselect|enter|typ|writ|fill|putt?|input|sett?|submitt?|open|follow|log(?:ging)? in"
    r"|sign(?:ing)? in)(?:e|ed|ing)?\b"
)
"""Verbs that begin a request, as imperatives and gerunds."""
_LINK = (
    r"(?:and|then|next|finally|lastly|also|please|afterwards|after that|after this"
    r"|first|second|third)(?:ly)?\b,?"
)
JOINT = rf"(?:\s*[,;.]\s+(?:{_LINK}\s+)*|\s+(?:and|then)\b,?\s+(?:{_LINK}\s+)*)"
"""What stands between two requests."""
_THING = r"the\s+(?:link|button|option|radio button|check ?box)\b"
_CUT = re.compile(rf"{JOINT}(?={VERB}\s*\S|submit\b|{_THING})", re.I)
_HEAD = re.compile(rf"(?:{_LINK}\s+)*(?P<verb>{VERB})\s*(?P<rest>.*)$", re.I | re.S)
LEADING = re.compile(rf"(?:{_LINK}\s+)+", re.I)
"""What may stand before the first request."""
_SINGLE = r"(?<!\w)['‘’][^'‘’\"]+['‘’](?!\w)"
_QUOTED = re.compile(rf'["“”„«»][^"“”„«»]*["“”„«»]|{_SINGLE}')
_MASK = re.compile(r"\ue000(\d+)\ue001")
_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip
_MONTH = r"(?P<month>[a-z]{3,9})\.?"
_DATES = (
    re.compile(r"\b(?P<m>\d{1,2})/(?P<d>\d{1,2})/(?P<y>\d{4})\b"),
    re.compile(r"\b(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})\b"),
    re.compile(rf"\b{_MONTH}\s+(?P<d>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<y>\d{{4}})\b", re.I),
    re.compile(rf"\b(?P<d>\d{{1,2}})(?:st|nd|rd|th)?\s+{_MONTH},?\s+(?P<y>\d{{4}})\b", re.I),
)
_KINDS = r"(?:radio buttons?|check ?box(?:es)?|options?|items?|values?|choices?|box(?:es)?|labels?)"
# A noun of a kind makes a choice where it names the thing: before its name, or after it with an
# article or quotation marks; "Clear values" is a name.
_CHOICE = re.compile(
    rf"(?:on\s+)?(?:(?:the|a|an|all|both|two|three|four)\s+)*{_KINDS}\b"
    rf"|(?:on\s+)?(?:(?:the|a|an|all|both)\b|\ue000).*\b{_KINDS}"
    rf"(?=\s*$|\s+(?:in|on|of|for|from|under|as|next|beside|label+ed|named|called|\ue000))"
    rf"|.*\b(?:radio buttons?|check ?box(?:es)?)\b",
    re.I,
)
_PRESSED = re.compile(r"(?<!radio )\b(?:buttons?|links?|tabs?|menus?|icons?)\b|\bdialog\b", re.I)
"""Things that are pressed, whatever their names are made of."""
_FIELD = r"\b(?:text|input|field|fields|box|boxes|textbox|textboxes|area|textarea|line|entry)\b"
_SMALL = re.compile(
    r"\b(?:the|a|an|your|of|on|in|into|to|for|with|both|two|its|and|as|value|word|words|form|one)\b",
    re.I,
)


@dataclass(frozen=True)
class Ask:
    """One thing to do.

    Attributes:
        kind: ``press``, ``key``, ``choose``, ``clear`` (the opposite) or ``write``.
        texts: label of what is pressed, names of what is chosen, the text to write.
        place: words for the field, list or sort of element.
        every: whether the text goes into more than one field.
        date: the text as year, month, day, where it is a date.
        similar: whether words of like meaning are asked for.
    """

    kind: str
    texts: tuple[str, ...]
    place: str = ""
    every: bool = False
    date: str = ""
    similar: bool = False


def asks(text: str) -> list[Ask] | None:
    """Everything that a text asks for, as its words go; None where a part is not known."""
    hidden, marked = hide(text.strip().rstrip("."))
    quotes = [said[1:-1] for said in marked]
    found: list[Ask] = []
    stem = ""
    for chunk in _CUT.split(hidden):
        match = _HEAD.match(chunk)
        # A thing without a verb shares the one before it.
        stem = _stem(match["verb"]) if match else stem
        some = _read(stem, (match["rest"] if match else chunk).strip(" .,")) if stem else []
        if not some:
            return None
        found += [_shown(one, quotes) for one in some]
    return found


def hide(text: str) -> tuple[str, list[str]]:
    """A text whose quoted parts are marks, and these parts with their quotation marks.

    What is quoted is a name: words in it ask for nothing.
    """
    quotes: list[str] = []

    def mask(match: re.Match[str]) -> str:
        quotes.append(match[0])
        return f"\ue000{len(quotes) - 1}\ue001"

    return _QUOTED.sub(mask, text), quotes


def show(text: str, quotes: Sequence[str]) -> str:
    """The inverse of :func:`hide`, for the whole text or a part of it."""
    return _MASK.sub(lambda m: quotes[int(m[1])], text)


def _shown(ask: Ask, quotes: list[str]) -> Ask:
    texts = tuple(show(text, quotes) for text in ask.texts)
    day = ask.date or (iso(texts[0]) if ask.kind == "write" and "date" in ask.place else "")
    return replace(ask, texts=texts, place=show(ask.place, quotes), date=day)


def iso(text: str) -> str:
    """A date as year-month-day, empty where the text holds none."""
    for form in _DATES:
        match = form.search(text)
        if match is None:
            continue
        named = match.groupdict().get("month")
        if named is not None:
            fits = [i for i, name in enumerate(_MONTHS) if name.startswith(named.lower())]
            if not fits:
                continue
            month = fits[0] + 1
        else:
            month = int(match["m"])
        return f"{match['y']}-{month:02d}-{int(match['d']):02d}"
    return ""


def _stem(verb: str) -> str:
    verb = verb.lower().removeprefix("double-")
    stems = {
        "press": ("click", "press", "hit", "push", "tap", "open", "follow"),
        "clear": ("uncheck", "untick", "deselect", "unselect"),
        "choose": ("select", "choos", "pick", "check", "tick", "mark"),
        "fill": ("fill", "set"),
        "write": ("enter", "typ", "writ", "put", "input"),
        "submit": ("submit",),
        "log in": ("log", "sign"),
    }
    return next(stem for stem, words in stems.items() if verb.startswith(words))


def _read(stem: str, rest: str) -> list[Ask]:
    readers: dict[str, Callable[[str], list[Ask]]] = {
        "press": _press,
        "choose": _choose,
        "clear": lambda text: [replace(one, kind="clear") for one in _choose(text)],
        "fill": _fill,
        "write": _write,
        "submit": lambda text: [Ask("press", ("submit",), "button")],
        "log in": lambda text: [*_write(text), Ask("press", ("log in",), "button")],
    }
    return readers[stem](rest)


def _press(rest: str) -> list[Ask]:
    if _CHOICE.match(rest) and not _PRESSED.search(rest):
        return _choose(re.sub(r"^on\s+", "", rest, flags=re.I))
    if re.fullmatch(r"(?:the\s+)?(?:enter|return)(?:\s+key)?", rest, re.I):
        return [Ask("key", ("Enter",))]
    kind = re.search(r"\b(link|button)\b", rest, re.I)
    masked = _MASK.search(rest)
    label = masked[0] if masked else re.sub(
        r"^(?:on\s+)?(?:the|a|an)?\s*\b|\b(?:link|button|label+ed|named|called)\b", "", rest,
        flags=re.I,
    ).strip()  # fmt: skip
    return [Ask("press", (label or "submit",), kind[1].lower() if kind else "")]


def _choose(rest: str) -> list[Ask]:
    if day := iso(rest):
        return [Ask("write", (rest,), "date", date=day)]
    rest = re.sub(r"^(?:all\s+)?(?:the\s+)?", "", rest, flags=re.I)
    similar = re.match(r"words? (?:similar to|like|meaning) ", rest, re.I)
    if similar:
        rest = rest[similar.end() :]
    rest, place = _placed(rest)
    rest = re.sub(rf"^{_KINDS}\s+(?:label+ed\s+|named\s+|called\s+)?", "", rest, flags=re.I)
    rest = re.sub(rf"\s+{_KINDS}$", "", rest, flags=re.I)
    names = [name.strip() for name in re.split(r",\s*(?:and\s+)?|\s+and\s+", rest)]
    names = [re.sub(r"^the\s+(?=\ue000)", "", name) for name in names if name]
    if names == ["nothing"]:
        names = []
    return [Ask("choose", tuple(names), place, similar=bool(similar))]


def _placed(rest: str) -> tuple[str, str]:
    """What is chosen, and the words for where, from the last such word on."""
    match = re.match(
        r"(?P<what>.+)\s+(?:from|in|under|as|for)\s+(?:the\s+)?(?P<place>.+)$", rest, re.I
    )
    return (match["what"], _bare(match["place"])) if match else (rest, "")


def _fill(rest: str) -> list[Ask]:
    match = re.match(
        r"(?:in\s+|out\s+)?(?P<place>.+?)\s+(?:with|to|as)\s+(?P<text>.+)$", rest, re.I
    )
    if match is not None and not _bare(match["place"]):
        return _write(match["text"])
    if match is None or iso(rest):
        return _write(re.sub(r"^(?:in|out)\s+", "", rest, flags=re.I))
    every = bool(re.search(r"\bboth\b", match["place"], re.I))
    return [Ask("write", (match["text"],), _bare(match["place"]), every)]


def _write(rest: str) -> list[Ask]:
    every = bool(re.search(r"\b(?:both|twice|each)\b", rest, re.I))
    if (day := iso(rest)) and not _MASK.search(rest):
        form = next(form for form in _DATES if form.search(rest))
        said = form.search(rest)
        assert said is not None
        place = _bare(rest.replace(said[0], " ")) or "date"
        return [Ask("write", (said[0],), place, date=day)]
    found: list[Ask] = []
    texts = list(_MASK.finditer(rest))
    for i, text in enumerate(texts):
        before = rest[texts[i - 1].end() if i else 0 : text.start()]
        if found and re.fullmatch(r"\s+(?:in|into|as|to)\s+(?:the\s+)?(?:field\s+)?", before, re.I):
            # The name of the field that the text before goes into.
            found[-1] = replace(found[-1], place=text[0])
            continue
        after = rest[text.end() : texts[i + 1].start() if i + 1 < len(texts) else len(rest)]
        named = re.split(r",|\band\b", before)[-1] if i else before
        placed = re.match(r"\s+(?:in|into|as|to|for)\s+([^,]*?)(?:\s+and\b|,|$)", after)
        place = _bare(named) or (_bare(placed[1]) if placed else "")
        found.append(Ask("write", (text[0],), place, every))
    return found or _unquoted(rest, every)


def _unquoted(rest: str, every: bool) -> list[Ask]:
    match = re.match(r"(?P<text>.+?)\s+(?:as|in|into|to)\s+(?P<place>.+)$", rest, re.I)
    if match:
        return [Ask("write", (match["text"],), _bare(match["place"]), every)]
    match = re.match(r"(?:the\s+)?(?P<place>.+)\s+(?P<text>\S+)$", rest, re.I)
    return [Ask("write", (match["text"],), _bare(match["place"]), every)] if match else []


def _bare(words: str) -> str:
    """Words for a place without those that fit any."""
    words = re.sub(_FIELD, " ", _SMALL.sub(" ", words), flags=re.I)
    words = re.sub(r"\b(?:list|dropdown|drop-down|menu|group|twice|each)\b", " ", words, flags=re.I)
    return " ".join(re.sub(r"[,:]", " ", words).split()).lower()
