"""Leave out what only asks: "can you send me a picture of ..., please"."""

import regex

from generation.offline.phrasing import capital, tidy
from review.wording.language import Language

# Languages that ask at the end of the sentence.
VERB_LAST = frozenset({"de", "hi", "ja", "tr", "zh", "ar"})
FIRST_SIGNS = regex.compile(r"^\W+")


def without_request(text: str, known: Language, *, carried: bool = True) -> str:
    """The text as what is wanted alone; `carried` also drops "a picture of".

    A text that would lose every word stays as it is.
    """
    plain = without_opening(text, known)
    plain = known.pattern("closings").sub("", plain, count=1)
    match = known.pattern("requests").match(plain)
    plain = plain[match.end() :] if match else plain
    if carried and (picture := known.pattern("carried").match(plain.lstrip())):
        plain = plain.lstrip()[picture.end() :]
    closed = known.code in VERB_LAST and plain != text
    plain = tidy(FIRST_SIGNS.sub("", plain), known)
    if match or closed:
        plain = plain.rstrip("?？.!")
    return capital(plain) if any(sign.isalnum() for sign in plain) else text


def without_opening(text: str, known: Language) -> str:
    """The text without "Yes," and the like at its start."""
    match = known.pattern("openings").match(text.lstrip())
    return text.lstrip()[match.end() :] if match else text


def asks(text: str, known: Language) -> bool:
    """Whether the text still carries words that only ask."""
    plain = without_opening(text, known)
    return bool(known.pattern("requests").match(plain)) or bool(
        known.pattern("closings").search(plain)
    )
