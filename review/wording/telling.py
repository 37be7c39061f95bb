"""Tells the language of a text by what is quick to look at: its script and its function words.

Made for many texts in a row (an import), and for handing them to people: unlike `language_of`,
which must have some table to read a text by, it says nothing where it is not sure.
"""

import re
from collections import Counter, defaultdict
from functools import cache

from review.wording.language import languages

# Enough to tell a language by.
CHARACTERS_READ = 200
# Scripts in which one language is written, nearly always; the first that fits.
SCRIPTS = {
    "ja": re.compile("[\u3040-\u30ff]"),
    "ko": re.compile("[\uac00-\ud7a3]"),
    "zh": re.compile("[\u4e00-\u9fff]"),
    "th": re.compile("[\u0e00-\u0e7f]"),
    "el": re.compile("[\u0370-\u03ff]"),
    "he": re.compile("[\u0590-\u05ff]"),
}
ANY_SCRIPT = re.compile("|".join(script.pattern for script in SCRIPTS.values()))
# One sign of theirs in so many characters makes a text theirs: they need few, and names may stand
# among them in Latin letters.
SIGNS_TO_TELL = 5
# With the marks that go with letters, which `\w` leaves out; "l'image" is two words.
WORD = re.compile(r"[^\s\d!-/:-@\[-`{-~’¿¡«»“”„…।،؟]+")
# Function words make up a third of what people write; of a language without a table some words
# look like those of another, but fewer, and of several at once.
LEAST_WORDS = 1.0
LEAST_SHARE = 0.2
LEAD = 1.25


def language_told(text: str) -> str:
    """The code of the language a text is in; empty where nobody can tell."""
    text = text[:CHARACTERS_READ]
    if not text.isascii() and _is_full_of(ANY_SCRIPT, text):
        for code, script in SCRIPTS.items():
            if _is_full_of(script, text):
                return code
    return _by_words(WORD.findall(text.lower()))


def _is_full_of(script: re.Pattern[str], text: str) -> bool:
    return len(script.findall(text)) * SIGNS_TO_TELL >= len(text)


def _by_words(found: list[str]) -> str:
    votes: dict[str, float] = defaultdict(float)
    # Words are counted by the languages that have them: there are few such groups.
    for codes, count in Counter(map(_telling_words().get, found)).items():
        for code in codes or ():
            votes[code] += count / len(codes or ())
    if not votes:
        return ""
    best = max(votes, key=votes.__getitem__)
    most = votes.pop(best)
    second = max(votes.values(), default=0.0)
    sure = most >= LEAST_WORDS and most >= LEAST_SHARE * len(found) and most >= LEAD * second
    return best if sure else ""


@cache
def _telling_words() -> dict[str, tuple[str, ...]]:
    """For each function word the languages that have it: one of several tells less of each."""
    having: dict[str, set[str]] = defaultdict(set)
    for known in languages():
        for word in known.function:
            having[word.partition("'")[0]].add(known.code)
    return {word: tuple(sorted(codes)) for word, codes in having.items()}
