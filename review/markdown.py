"""Markdown that people write, as HTML that is safe to show.

No HTML of theirs comes through, links lead to the web, a mail address or a place in the same page,
and pictures are shown as links, so that reading loads nothing from elsewhere.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

SCHEMES = ("https://", "http://", "mailto:", "#")
# The page has a title and sections of its own, below which those of the text stand.
LEVELS_DOWN = 2
LOWEST_LEVEL = 6


class _Renderer(RendererHTML):
    levels_down = LEVELS_DOWN

    def link_open(
        self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType
    ) -> str:
        tokens[idx].attrSet("rel", "noopener nofollow")
        return self.renderToken(tokens, idx, options, env)

    def image(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        token = tokens[idx]
        words = self.renderInlineAsText(token.children, options, env) or "picture"
        link = Token("link_open", "a", 1, attrs={"href": str(token.attrGet("src") or "")})
        closing = Token("link_close", "a", -1)
        text = Token("text", "", 0, content=words)
        return self.render([link, text, closing], options, env)

    def heading_open(
        self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType
    ) -> str:
        tokens[idx].tag = _lowered(tokens[idx].tag, self.levels_down)
        return self.renderToken(tokens, idx, options, env)

    heading_close = heading_open

    def td_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        # A page takes no styles of a tag's own; figures stand to the right by their class.
        style = tokens[idx].attrs.pop("style", "")
        if style == "text-align:right":
            tokens[idx].attrSet("class", "figure")
        return self.renderToken(tokens, idx, options, env)

    th_open = td_open


class _AsItStands(_Renderer):
    """For a text whose headings are those of the page itself."""

    levels_down = 0


def _lowered(tag: str, levels: int) -> str:
    return f"h{min(int(tag[1:]) + levels, LOWEST_LEVEL)}"


@cache
def _parser(renderer: type[_Renderer]) -> MarkdownIt:
    options: dict[str, Any] = {"html": False, "maxNesting": 20}
    parser = MarkdownIt("commonmark", options, renderer_cls=renderer)
    parser.validateLink = lambda url: url.strip().lower().startswith(SCHEMES)  # type: ignore[method-assign]
    return parser.enable(["table", "strikethrough"])


def rendered(text: str, *, below_others: bool = True) -> SafeString:
    """The text as HTML; its headings as they are where they stand below no others of the page."""
    renderer = _Renderer if below_others else _AsItStands
    # Safe by the renderer: it escapes all text, and only tags of its own come out.
    return mark_safe(_parser(renderer).render(text))  # noqa: S308
