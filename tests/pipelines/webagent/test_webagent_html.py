from __future__ import annotations

from html.parser import HTMLParser

import pytest
from bs4 import BeautifulSoup
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.webagent import html
from pipelines.webagent.html import KEPT, VOID, Page, PageError, count, decode, parse


def clean(text: str) -> str:
    """The body of a page, as it is written."""
    return parse(text).html().removeprefix("<html><body>").removesuffix("</body></html>")


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("<p>a<p>b", "<p>a</p><p>b</p>"),
        ("<b>x<!-- no --> y</b>", "<b>x y</b>"),
        ("<p>x<script>var a='<p>';</script><style>p{}</style>", "<p>x</p>"),
        ("<p>one\n\t two </p>\n <p> </p>", "<p>one two </p><p></p>"),
        ("<pre>a\r\n  b</pre>", "<pre>a\n  b</pre>"),
        ("<input DISABLED onclick=go() value='a\"b' style=x>", '<input disabled value="a&quot;b">'),
        ("<img src='data:image/png;base64,AAAA' alt=pic>", '<img alt="pic">'),
        ("<a href=' data:text/html,x'>y</a>", "<a>y</a>"),
        ("<svg class=i><path d='M0 0'/></svg>after", '<svg class="i"></svg>after'),
        ("<p>" + "QUJD" * 80 + "=</p>", "<p></p>"),
        ("<div data-ref=7 data-x=1>&lt;b&gt; &amp; &copy;</div>",
         '<div data-ref="7">&lt;b&gt; &amp; \xa9</div>'),
        ("<br/>x<br>", "<br>x<br>"),
        ("<p>a<script>1</script>tail</p>", "<p>atail</p>"),
    ],
)  # fmt: skip
def test_what_is_kept_and_how_it_is_written(given: str, written: str) -> None:
    assert clean(given) == written


def test_long_values_are_cut() -> None:
    assert len(clean(f"<a href='{'x' * 5000}'>y</a>")) < 300


class Balance(HTMLParser):
    """An outside reader: counts how deep it is, and what it meets."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.names: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names |= {name for name, _ in attrs}
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


PIECES = st.sampled_from(
    ["<div class=a", ">", "<b>", "</b>", "</div>", "<td>", "<table>", "text ", "&amp;", "<", "\n",
     "<select><option>", "</p>", "<input name=q ", "'", '"', "<!--", "-->", "<form>", "\x00",
     "<svg>", "</svg>", "<textarea>", "<h1>", "<li>", "</ul>", "]]>", "<?x", "<a href='"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=30).map("".join))
@settings(max_examples=150, derandomize=True, deadline=None)
def test_of_any_tags_comes_something_balanced_that_says_the_same_again(broken: str) -> None:
    page = parse(f"<p>{broken}")
    seen = Balance()
    seen.feed(page.html())
    assert seen.open == []
    assert seen.names <= KEPT
    for one in page.elements:
        assert page.pieces[one.first].startswith(f"<{one.tag}")
    assert page.symbols[-1] == sum(count(piece) for piece in page.pieces)


def test_texts_are_those_that_another_library_finds() -> None:
    source = "<ul><li>one &amp; two<li><a href=x>three</a></ul><table><tr><th>four<td>five</table>"
    theirs = BeautifulSoup(source, "html.parser")
    ours = BeautifulSoup(parse(source).html(), "html.parser")
    assert list(ours.stripped_strings) == list(theirs.stripped_strings)
    assert [a["href"] for a in ours.find_all("a")] == ["x"]


def spans(page: Page) -> list[str]:
    return [page.html(one.first, one.last) for one in page.elements]


def test_elements_know_their_pieces_and_parents() -> None:
    page = parse("<div><label>Name</label><input id=n></div>")
    assert spans(page)[2:] == [
        '<div><label>Name</label><input id="n"></div>', "<label>Name</label>", '<input id="n">',
    ]  # fmt: skip
    assert [one.parent for one in page.elements] == [-1, 0, 1, 2, 2]


@pytest.mark.parametrize(
    ("data", "text", "encoding"),
    [
        ("<p>grün".encode(), "<p>grün", "utf-8"),
        ("<p>grün".encode("cp1252"), "<p>grün", "cp1252"),
        ("\ufeff<p>grün".encode("utf-16-le"), "<p>grün", "utf-16-le"),
        ("\ufeff<p>grün".encode("utf-16-be"), "<p>grün", "utf-16-be"),
        ("<p>grün".encode("utf-16-le"), "<p>grün", "utf-16-le"),
        ("\ufeff<p>grün".encode(), "<p>grün", "utf-8"),
        ("<meta charset=koi8-r><p>мир".encode("koi8-r"), "<meta charset=koi8-r><p>мир", "koi8-r"),
        (b"<meta charset=punycode><p>x", "<meta charset=punycode><p>x", "utf-8"),
        (b"<meta charset=iso-8859-12><p>x", "<meta charset=iso-8859-12><p>x", "utf-8"),
        (b"<meta charset=iso-8859-1>\x93x\x94", "<meta charset=iso-8859-1>“x”", "cp1252"),
    ],
)
def test_encodings(data: bytes, text: str, encoding: str) -> None:
    assert decode(data) == (text, encoding)


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"", "empty"), (b" \n\0", "empty"), (bytes(range(256)) * 20, "binary"),
     (b"\x7fELF\x02\x01\x01" + bytes(500), "binary")],
)  # fmt: skip
def test_files_that_are_no_text(data: bytes, code: str) -> None:
    with pytest.raises(PageError) as caught:
        decode(data)
    assert caught.value.code == code


@pytest.mark.parametrize(("text", "code"), [("<!doctype html>", "empty"), ("  ", "empty")])
def test_texts_without_elements(text: str, code: str) -> None:
    with pytest.raises(PageError) as caught:
        parse(text)
    assert caught.value.code == code


def test_nesting_that_the_parser_would_cut_off_is_refused() -> None:
    assert clean("<div>" * 1000 + "x").count("<div>") == 1000
    with pytest.raises(PageError) as caught:
        parse("<div>" * 10_000 + "x" + "</div>" * 10_000)
    assert caught.value.code == "too_deep"


def test_a_page_of_too_many_elements_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html, "MOST_ELEMENTS", 50)
    assert clean("<br>" * 48).count("<br>") == 48
    with pytest.raises(PageError) as caught:
        parse("<br>" * 49)
    assert caught.value.code == "too_large"


@given(st.binary(max_size=200), st.sampled_from(["", "utf-8", "windows-1259", "x", "big5"]))
@settings(max_examples=200, derandomize=True, deadline=None)
def test_any_bytes_are_a_page_or_a_reason(data: bytes, said: str) -> None:
    try:
        parse(decode(data, said)[0])
    except PageError as error:
        reason = error.code
    else:
        reason = ""
    assert reason in {"", "empty", "binary", "too_deep"}
