from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given, strategies as st

from coordinator.kit.markdown import _TAGS, markdown, plain

SCHEMES = ("https:", "http:", "mailto:")

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "![x](https://evil.example/pixel.png)",
    "![x](x){onerror=alert(1)}",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](javascript&colon;alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](\x01javascript:alert(1))",
    "[x](vbscript:msgbox)",
    "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "[x](file:///etc/passwd)",
    "<javascript:alert(1)>",
    "[x]\n\n[x]: javascript:alert(1)",
    '[x](https://example.org "onmouseover=alert(1)")',
    '[x](https://example.org/"onmouseover="alert(1))',
    "[a](<javascript:alert(1)>)",
    "[![x](javascript:alert(1))](javascript:alert(2))",
    "> - 1. [x](javascript:alert(1))\n>   <svg onload=alert(1)>",
    "<svg><style><img title='</style><img src=x onerror=alert(1)>'>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<!-- --!><script>alert(1)</script>",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<a href='javascript:alert(1)'>x</a>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<base href=https://evil.example>",
    "<form action=https://evil.example><input name=password>",
    "<style>*{background:url(https://evil.example)}</style>",
    "```html\n<script>alert(1)</script>\n```",
    "`<script>`",
    "a`${alert(1)}</script><img src=x onerror=alert(2)>",
    "[x](https://example.org\njavascript:alert(1))",
    "*" * 2_000,
    "[" * 2_000,
    "> " * 500 + "x",
    "- " * 500 + "x",
    "\x00<script>\x00",
]


class Reader(HTMLParser):
    """Collects what a browser would see as code."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[tuple[str, str]] = set()
        self.links: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {(tag, name) for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name == "href"]

    def handle_comment(self, data: str) -> None:  # noqa: ARG002 the parser's signature
        self.tags.add("comment")

    def handle_decl(self, decl: str) -> None:  # noqa: ARG002 the parser's signature
        self.tags.add("declaration")

    def handle_pi(self, data: str) -> None:  # noqa: ARG002 the parser's signature
        self.tags.add("instruction")


def assert_harmless(text: str) -> None:
    seen = Reader(str(markdown(text)))

    assert seen.tags <= _TAGS
    assert seen.attributes <= {("a", "href"), ("a", "rel"), ("a", "title"), ("ol", "start")}
    for link in seen.links:
        scheme, colon, _ = link.partition(":")
        assert not colon or link.startswith(SCHEMES) or "/" in scheme or "?" in scheme or "#" in scheme, link


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_only_text(text: str) -> None:
    assert_harmless(text)


@given(
    st.lists(
        st.sampled_from([*HOSTILE[:33], "<", ">", "[", "](", ")", "`", "\n", "    ", "&", ";", '"', "'"])
    )
)
def test_hostile_pieces_together_are_only_text(pieces: list[str]) -> None:
    assert_harmless("".join(pieces))


@given(st.text())
def test_any_text_is_harmless(text: str) -> None:
    assert_harmless(text)


@pytest.mark.parametrize(
    ("text", "html"),
    [
        pytest.param("**now** and *here*", "<p><strong>now</strong> and <em>here</em></p>", id="stress"),
        pytest.param("one\ntwo", "<p>one<br>\ntwo</p>", id="a line is a line"),
        pytest.param("# Title", "<h3>Title</h3>", id="a heading below the page's own"),
        pytest.param("Title\n===", "<h3>Title</h3>", id="an underlined heading"),
        pytest.param("#### Small", "<h4>Small</h4>", id="a smaller heading"),
        pytest.param("~~no~~", "<p><s>no</s></p>", id="struck out"),
        pytest.param("3. c", '<ol start="3">\n<li>c</li>\n</ol>', id="numbers go on"),
        pytest.param("Ты & я < все", "<p>Ты &amp; я &lt; все</p>", id="text is escaped"),
        pytest.param(None, "", id="nothing"),
        pytest.param("", "", id="empty"),
    ],
)
def test_what_markdown_may_do(text: str | None, html: str) -> None:
    assert str(markdown(text)).strip() == html


def test_a_link_vouches_for_nobody_and_tells_nobody() -> None:
    html = str(markdown("[petition](https://example.org/?a=1&b=2)"))

    assert 'href="https://example.org/?a=1&amp;b=2"' in html
    assert 'rel="nofollow noopener noreferrer ugc"' in html


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("**Tom & Jerry** <b>", "Tom & Jerry <b>"),
        ("# Title\n\nWords [here](https://example.org).", "Title\nWords here."),
        ("&amp;lt; stays", "&lt; stays"),
        ("![a picture](https://evil.example/x.png)", ""),
        ("2 < 3 and \"quotes\" and 'more'", "2 < 3 and \"quotes\" and 'more'"),
        ("Привет, *мир*", "Привет, мир"),
        (None, ""),
    ],
)
def test_plain_is_the_words_alone(text: str | None, words: str) -> None:
    assert plain(text) == words


def test_escaping_is_the_last_thing_that_happens_to_plain_words() -> None:
    """`plain` gives text. A page must escape it, and then it is harmless again."""
    assert plain("&lt;script&gt;") == "<script>"
    assert not hasattr(plain("x"), "__html__")
