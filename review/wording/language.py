"""What is known of each language: one TOML file in languages/ each, read once."""

import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import regex
import snowballstemmer  # type: ignore[import-untyped]

from review.wording.tokens import key, unspaced, words

TABLES = Path(__file__).parent / "languages"
FALLBACK = "und"
# Enough to tell a language by; the rest of a long dialogue says nothing new.
CHARACTERS_TO_TELL = 2000
# Between related languages a few words are common; below this share nobody can tell.
SHARE_TO_TELL = 0.1
SCRIPTS = {
    "ja": regex.compile(r"[\p{Hiragana}\p{Katakana}]"),
    "zh": regex.compile(r"\p{Han}"),
    "ar": regex.compile(r"\p{Arabic}"),
    "hi": regex.compile(r"\p{Devanagari}"),
}
NONE: frozenset[str] = frozenset()
NEVER = regex.compile(r"(?!)")


@dataclass(frozen=True)
class Language:
    """The words and patterns of one language; a pattern without an entry never matches.

    `words` maps a class of words ("prepositions", "carriers", ...) to its keys, `references` the
    kinds of reference to their patterns in the order in which they are looked for.
    """

    code: str
    words: dict[str, frozenset[str]]
    function: frozenset[str]
    patterns: dict[str, regex.Pattern[str]]
    references: dict[str, regex.Pattern[str]]
    rejections: dict[str, regex.Pattern[str]]
    glue: dict[str, str]
    stem: Callable[[str], str]

    def __hash__(self) -> int:
        return hash(self.code)

    def has(self, kind: str, word: str) -> bool:
        """Whether the word (as its key) belongs to a class of words."""
        return word in self.words.get(kind, NONE)

    def pattern(self, name: str) -> regex.Pattern[str]:
        return self.patterns.get(name, NEVER)


FUNCTION_CLASSES = (
    "indefinite",
    "definite",
    "prepositions",
    "pronouns",
    "auxiliaries",
    "conjunctions",
    "adverbs",
    "interjections",
)


@cache
def language(code: str) -> Language:
    """The language of a code such as "en"; unknown codes give the empty language."""
    path = TABLES / f"{code}.toml"
    return _read(code, tomllib.loads(path.read_text("utf-8")) if path.exists() else {})


def _read(code: str, table: dict[str, Any]) -> Language:
    classes = {name: frozenset(map(key, text.split())) for name, text in _of(table, "words")}
    return Language(
        code=code,
        words=classes,
        function=frozenset().union(*(classes.get(name, frozenset()) for name in FUNCTION_CLASSES)),
        patterns={name: _compiled(given) for name, given in _of(table, "patterns")},
        references={name: _compiled(given) for name, given in _of(table, "references")},
        rejections={name: _compiled(given) for name, given in _of(table, "rejections")},
        glue=dict(_of(table, "glue")),
        stem=_stemmer(table.get("stemmer", "")),
    )


def _of(table: dict[str, Any], section: str) -> Iterable[tuple[str, Any]]:
    return table.get(section, {}).items()


def _compiled(given: str | list[str]) -> regex.Pattern[str]:
    source = given if isinstance(given, str) else "|".join(f"(?:{one})" for one in given)
    return regex.compile(source, regex.IGNORECASE)


def _stemmer(name: str) -> Callable[[str], str]:
    if not name:
        return lru_cache(maxsize=1)(lambda word: word)
    stem = snowballstemmer.stemmer(name).stemWord
    return lru_cache(maxsize=16384)(lambda word: stem(word.removesuffix("'s").removesuffix("'")))


@cache
def languages() -> tuple[Language, ...]:
    """All languages with a table, in the order of their codes."""
    return tuple(language(path.stem) for path in sorted(TABLES.glob("*.toml")))


@lru_cache(maxsize=2048)
def language_of(text: str) -> Language:
    """The language a text is most likely in, by its script and its function words.

    A text that cannot be told is read as English where it is plain ASCII, else by no table.
    """
    text = text[:CHARACTERS_TO_TELL]
    for code, script in SCRIPTS.items():
        if not text.isascii() and len(script.findall(text)) * 5 > len(text):
            return language(code)
    found = [part for word in words(text) for part in word.key.split("-")]
    best = max(languages(), key=lambda known: (_share(found, known), known.code == "en"))
    if _share(found, best) >= SHARE_TO_TELL:
        return best
    return language("en" if text.isascii() else FALLBACK)


def _share(found: list[str], known: Language) -> float:
    return sum(word in known.function for word in found) / max(len(found), 1)


def core(word: str, known: Language) -> str:
    """A word (as its key) without an elided article or the like: "l'image" gives "image"."""
    if "'" not in word:
        return word
    head, mark, tail = word.partition("'")
    return tail if mark and tail and f"{head}'" in known.function else word


def is_content(word: str, known: Language) -> bool:
    """Whether a word (as its key) says something of its own, rather than hold others together."""
    word = core(word, known)
    if word in known.function or known.has("verbs", word):
        return False
    return len(word) > 1 or word.isnumeric() or unspaced(word)


def root(word: str, known: Language) -> str:
    """What the inflected forms of a word (as its key) share, for comparing only."""
    return known.stem(core(word, known))


def only_compares(word: str, known: Language) -> bool:
    """Whether a word (as its key) only sets a thing against others: "nearest", "good"."""
    return known.has("comparing", word) or bool(known.pattern("superlative").match(word))
