"""Markdown from strangers, as HTML that can do no harm."""

from __future__ import annotations

from html import unescape

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

_PARSER = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable("strikethrough")
_TAGS = {"p", "br", "strong", "em", "s", "a", "ul", "ol", "li", "blockquote", "code", "h3", "h4", "h5", "hr"}


def markdown(text: str | None) -> Markup:
    """Render `text`. Headings start below the page's own; pictures and raw HTML do not pass.

    Two locks on one door: the parser writes no HTML that was typed, and nh3 (ammonia) keeps
    only the tags named here, so a fault in one of them harms nobody.
    """
    if not text:
        return Markup("")
    tokens = _PARSER.parse(text)
    for token in tokens:
        if token.tag in {"h1", "h2"}:
            token.tag = "h3"
    html = _PARSER.renderer.render(tokens, _PARSER.options, {})
    clean = nh3.clean(
        html,
        tags=_TAGS,
        attributes={"a": {"href"}, "ol": {"start"}},
        url_schemes={"https", "http", "mailto"},
        link_rel="nofollow noopener noreferrer ugc",
    )
    return Markup(clean)  # noqa: S704 cleaned by nh3 on the line above


def plain(text: str | None) -> str:
    """Return the words of Markdown `text`, for mails, feeds and descriptions of links.

    They are text and not HTML: whoever puts them into a page escapes them, as any text from people.
    """
    return unescape(nh3.clean(str(markdown(text)), tags=set())).strip()
