"""Whether two rewrites say the same in the same words, so that one of them is enough."""

import re
from collections import Counter
from functools import cache
from unicodedata import normalize

import regex

from review.wording.language import language, languages
from review.wording.tokens import LETTERS, unspaced

# Elsewhere articles tell more than that a noun follows: case ("der", "den"), gender ("die See" is
# the sea, "der See" a lake), number ("le bras", "les bras"), or that there is one ("un", "bir").
ARTICLES = frozenset({"a", "an", "the"})
# Without its article each of these means another amount.
AMOUNTS = frozenset({("a", "few"), ("a", "little"), ("the", "few")})
# Before these no article stands: the "a" is a letter ("blood type A in a tube").
NEVER_AFTER_ARTICLES = ("prepositions", "conjunctions", "auxiliaries")
# Where the article would be "an"; "u" is left out for "a unicorn".
VOWELS = "aeio"

ONE_FORM = {
    **dict.fromkeys("‘’ʼ′´`", "'"),
    **dict.fromkeys("‐‑‒–−", "-"),
    "⁄": "/",
    # A space that nobody sees, between the words of scripts without spaces.
    "\u200b": " ",
    # Seen by nobody either, and no space: hints on hyphens, direction and colour; stretched Arabic.
    **dict.fromkeys("\u00ad\u034f\u0640\u061c\u200e\u200f\u2060\ufeff", ""),
    **dict.fromkeys(map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A))), ""),
    **dict.fromkeys(map(chr, range(0xFE00, 0xFE10)), ""),
}
TO_ONE_FORM = str.maketrans(ONE_FORM)
# What folding the case of a Turkish "İ" leaves.
DOTTED = re.compile("i\u0307+")
# NFKC would write "10²" as 102 and "1½" as 11/2.
BETWEEN_NUMBERS = regex.compile(r"(?<=\p{N})(?=\p{No})|(?<=\p{No})(?=\p{N})")
UNSPACED_LETTER = regex.compile(
    r"(?=[\p{Han}\p{Hiragana}\p{Katakana}ー\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}])\X"
)
# A minus is no hyphen, and "A-frame" no frame. Then words as in tokens.py, but cut at hyphens and
# with all that joins numbers; then signs that say something, an emoji with what belongs to it.
SIGNED = r"""(?:(?<![^\s("'\[])-(?=[0-9])|(?<![^\s("'\[])a-(?=[a-z]))?"""
PLAIN_TOKEN = re.compile(
    SIGNED + r"[a-z0-9]+(?:(?:'|(?<=[0-9])[.,/:](?=[0-9]))[a-z0-9]+)*|[$+<=>^|~#%&@]"
)
TOKEN = regex.compile(
    rf"{SIGNED}{LETTERS}(?:(?:'|(?<=\p{{N}})[.,/:](?=\p{{N}})){LETTERS})*"
    r"|[\p{S}\p{M}\p{Co}\p{Cn}\p{Cs}#%&@‰][\p{M}\u200d\U000E0020-\U000E007F]*"
)
PLAIN_LETTER = re.compile(r"[a-z0-9]")
LETTER = regex.compile(r"[\p{L}\p{N}]")


def likeness_key(text: str) -> str:
    """Equal for two texts exactly when they are near-duplicates.

    They are the same words in the same order, whatever their case, punctuation, white space,
    Unicode form, kind of apostrophe, hyphens ("well-known" is "well known", but not "wellknown")
    and English articles. Signs that mean something stay ("C++", "50 %", "$5", emoji). A text
    without any letter or digit is like none but itself.
    """
    plain = _in_one_form(text)
    if not (PLAIN_LETTER if plain.isascii() else LETTER).search(plain):
        return normalize("NFC", text)
    tokens = _tokens(plain)
    if not ARTICLES.isdisjoint(tokens) and _is_english(tokens):
        tokens = _without_articles(tokens)
    return " ".join(tokens)


def _in_one_form(text: str) -> str:
    if text.isascii():
        return text.lower().replace("`", "'")
    apart = BETWEEN_NUMBERS.sub(" ", text).translate(TO_ONE_FORM)
    caseless = normalize("NFKC", apart).casefold().translate(TO_ONE_FORM)
    return normalize("NFKC", DOTTED.sub("i", caseless))


def _tokens(plain: str) -> list[str]:
    """Words and signs. Of scripts without spaces each letter: there a space tells nothing."""
    if plain.isascii():
        return PLAIN_TOKEN.findall(plain)
    if unspaced(plain):
        plain = UNSPACED_LETTER.sub(r" \g<0> ", plain)
    return TOKEN.findall(plain)


def _is_english(tokens: list[str]) -> bool:
    """Whether no other language claims more of the tokens: as `language_of`, but much sooner."""
    found = _languages_by_word()
    votes = Counter(code for token in tokens for code in found.get(token, ()))
    return votes["en"] == max(votes.values(), default=0)


@cache
def _languages_by_word() -> dict[str, list[str]]:
    """The codes of the languages in which a word is a function word."""
    found: dict[str, list[str]] = {}
    for known in languages():
        for word in known.function:
            found.setdefault(word, []).append(known.code)
    return found


def _without_articles(tokens: list[str]) -> list[str]:
    """From the end, so that an article is judged by the word that will stand behind it."""
    kept = [""]
    for token in reversed(tokens):
        if token not in ARTICLES or _says_something(token, kept[-1]):
            kept.append(token)
    return kept[:0:-1]


def _says_something(article: str, following: str) -> bool:
    if not following[:1].isalnum() or (article, following) in AMOUNTS:
        return True
    return article == "a" and (following[0] in VOWELS or _never_has_article(following))


def _never_has_article(word: str) -> bool:
    english = language("en")
    return any(english.has(kind, word) for kind in NEVER_AFTER_ARTICLES)
