"""Cut text of any script into words that know where they stand."""

import re
from functools import cache, lru_cache
from itertools import pairwise
from typing import NamedTuple
from unicodedata import normalize

import budoux
import regex

# A letter with its combining marks; apostrophes and hyphens hold a word together, and so do the
# points and commas of numbers ("4.5", "1,000").
LETTERS = r"[\p{L}\p{N}][\p{L}\p{M}\p{N}\u200c\u200d]*"
WORD = regex.compile(rf"{LETTERS}(?:(?:['’\-‐‑]|(?<=\p{{N}})[.,](?=\p{{N}})){LETTERS})*")
# The same for plain ASCII, which most texts are: several times quicker.
PLAIN_WORD = re.compile(r"[A-Za-z0-9]+(?:(?:['-]|(?<=[0-9])[.,](?=[0-9]))[A-Za-z0-9]+)*")
KANA = regex.compile(r"[\p{Hiragana}\p{Katakana}]")
UNSPACED = regex.compile(
    r"(?P<east>[\p{Han}\p{Hiragana}\p{Katakana}ー]+)|(?P<thai>\p{Thai}+)"
    r"|(?P<other>[\p{Lao}\p{Khmer}\p{Myanmar}]+)"
)
GRAPHEME = regex.compile(r"\X")
# Japanese particles that end a phrase; apart from it they let "灯台が" equal "灯台".
PARTICLE = regex.compile(r"(?<=.)(?:から|まで|より|には|では|とは|[がはをにのともでへや])$")
LONGEST_SEGMENT = 400


class Word(NamedTuple):
    """A word as written, its form for comparing, and its place as character offsets."""

    text: str
    key: str
    start: int
    end: int


@lru_cache(maxsize=8192)
def key(text: str) -> str:
    """The form in which words are compared: NFC, caseless, one kind of apostrophe and hyphen."""
    plain = normalize("NFC", normalize("NFC", text).casefold())
    return plain.replace("’", "'").replace("‐", "-").replace("‑", "-")


@lru_cache(maxsize=2048)
def words(text: str) -> tuple[Word, ...]:
    """The words of a text in order. Scripts without spaces are segmented."""
    if text.isascii():
        found = PLAIN_WORD.finditer(text)
        return tuple([Word(match[0], match[0].lower(), *match.span()) for match in found])
    japanese = bool(KANA.search(text))
    return tuple(
        Word(text[a:b], key(text[a:b]), a, b)
        for match in WORD.finditer(text)
        for a, b in _split(text, match.start(), match.end(), japanese)
    )


def _split(text: str, start: int, end: int, japanese: bool) -> list[tuple[int, int]]:
    """Spans of the words within one run of letters."""
    if text[start:end].isascii():
        return [(start, end)]
    spans, at = [], start
    for match in UNSPACED.finditer(text, start, end):
        if match.start() > at:
            spans.append((at, match.start()))
        spans += _segment(match, japanese)
        at = match.end()
    return [*spans, (at, end)] if at < end else spans


def _segment(match: regex.Match[str], japanese: bool) -> list[tuple[int, int]]:
    pieces: list[str] = []
    for start in range(0, len(match[0]), LONGEST_SEGMENT):
        piece = match[0][start : start + LONGEST_SEGMENT]
        pieces += _pieces(piece, match.lastgroup or "other", japanese)
    ends = [match.start()]
    for piece in pieces:
        ends.append(ends[-1] + len(piece))
    return list(pairwise(ends))


def _pieces(run: str, script: str, japanese: bool) -> list[str]:
    if script == "other":
        return GRAPHEME.findall(run)
    if script == "thai":
        return _parser("th").parse(run)
    if not japanese:
        return _parser("zh").parse(run)
    return [part for phrase in _parser("ja").parse(run) for part in _without_particle(phrase)]


def _without_particle(phrase: str) -> list[str]:
    found = PARTICLE.search(phrase)
    return [phrase[: found.start()], found[0]] if found else [phrase]


@cache
def _parser(code: str) -> budoux.Parser:
    load = {
        "ja": budoux.load_default_japanese_parser,
        "zh": budoux.load_default_simplified_chinese_parser,
        "th": budoux.load_default_thai_parser,
    }
    return load[code]()


def unspaced(text: str) -> bool:
    """Whether the text holds letters of a script that puts no spaces between words."""
    return not text.isascii() and bool(UNSPACED.search(text))
