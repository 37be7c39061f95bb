"""Put phrases into words: articles, spaces, capitals."""

import regex

from generation.offline.mention import Mention
from review.wording.language import Language

SPACE_BEFORE_SIGN = regex.compile(r"\s+(?=[,.;:!?…])")
SIGNS_IN_ROW = regex.compile(r"(?:[,;:]\s*)+(?=[,.;:!?])")
SPACES = regex.compile(r"\s+")
VOWEL = regex.compile(r"[aeio]|u(?!n[aeiou]|s[aeiou]|ni)|honest|hour|heir", regex.IGNORECASE)
POINTING = frozenset({"this", "that", "these", "those"})
PLURALS = ((regex.compile(r"ies$"), "y"), (regex.compile(r"(?<=ch|sh|x|s)es$|(?<!s)s$"), ""))
ARTICLE = regex.compile(r"\b([Aa])n?\b(?=\s+(\p{L}\w*))")


def tidy(text: str, known: Language) -> str:
    """One line with single spaces, no doubled signs, and "a" or "an" as the next word wants it."""
    text = SPACES.sub(" ", text).strip()
    if known.code == "fr":  # French sets a space before high signs.
        return text.strip(" ,;:")
    text = SIGNS_IN_ROW.sub("", SPACE_BEFORE_SIGN.sub("", text)).strip(" ,;:")
    if known.code != "en":
        return text
    return ARTICLE.sub(lambda m: m[1] + ("n" if VOWEL.match(m[2]) else ""), text)


def comma(known: Language) -> str:
    """What separates the parts of a list."""
    return {"ja": "、", "zh": "，", "ar": "، "}.get(known.code, ", ")


def capital(text: str) -> str:
    """With a capital at its start, as a sentence has it."""
    return text[:1].upper() + text[1:]


def definite(one: Mention, known: Language, *, brief: bool = False) -> str:
    """The mention as something already known: "the red lighthouse on a cliff"."""
    the = known.glue.get("definite", "")
    if not the:
        return as_said(one, known, brief=brief)
    if one.named and one.category and not brief:
        owned = one.category.partition(" ")[0] in known.words.get("definite", ())
        return f"{one.category} {one.full}" if owned else f"{the} {one.category} {one.full}"
    own = _own(one, known)
    if one.named and not own and one.article.casefold() != the:
        return _bare(one, brief=brief)
    if not one.article and one.preposition:
        return _bare(one, brief=brief)
    counted = "" if known.has("indefinite", one.article.casefold()) else own
    number = one.article if _counts(one, known) else ""
    return f"{counted or the} {number} {_bare(one, brief=brief)}".replace("  ", " ")


def as_said(one: Mention, known: Language, *, brief: bool = False) -> str:
    """The mention with the article it came with."""
    if one.named and one.category and known.glue.get("definite") and not brief:
        return definite(one, known)
    unspaced = one.article.endswith(("'", "’")) or known.code in ("ja", "zh")
    gap = "" if unspaced or not one.article else " "
    article = _own(one, known) or one.article[:1].lower() + one.article[1:]
    if article.casefold() == known.glue.get("yours"):
        return _bare(one, brief=brief)
    if known.code == "en" and article.casefold() in POINTING:
        article = known.glue["definite"]
    return f"{article}{gap}{_bare(one, brief=brief)}"


def heading(one: Mention, known: Language) -> str:
    """The mention as it stands alone: without an article whose case a preposition set."""
    inflected = known.glue.get("inflected") and one.preposition
    return _bare(one, brief=False) if inflected else as_said(one, known)


def _bare(one: Mention, *, brief: bool) -> str:
    text = one.core if brief else one.full
    opens = not one.named and not one.article and not one.lead.strip()
    return text[:1].lower() + text[1:] if opens and text[1:2].islower() else text


def singular(phrase: str) -> str:
    """An English phrase whose last word is one of several, as one of them."""
    for plural, ending in PLURALS:
        if plural.search(phrase):
            return plural.sub(ending, phrase)
    return phrase


def _counts(one: Mention, known: Language) -> bool:
    article = one.article.casefold()
    return known.has("indefinite", article) and article not in ("a", "an", "some", "any", "another")


def _own(one: Mention, known: Language) -> str:
    """The possessive that the mention came with, said by the user."""
    article = one.article.casefold()
    if article == known.glue.get("yours"):
        return known.glue["mine"] if one.speaker == "assistant" else ""
    possessive = known.has("definite", article) and article not in ("the", "this", "that", "these")
    return article if possessive and article not in ("those", "no", "all", "both", "every") else ""
