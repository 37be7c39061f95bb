"""Take the final query apart: what it wishes, what it refuses, and what only remarks."""

from functools import lru_cache
from itertools import pairwise

import regex

from generation.offline.phrasing import tidy
from generation.offline.requests import without_opening
from generation.offline.salience import History
from review.wording.language import NEVER, Language, is_content
from review.wording.references import Reference, references
from review.wording.tokens import words

SPELLED_LARGE = frozenset({"i", "i'm", "i'd", "i'll", "i've"})
CLAUSE_END = regex.compile(r"\s*(?:[.!?;:…。！？؟।]+|[,،、，](?!\d))\s*")


def wishes(text: str, known: Language, *, open_too: bool = False) -> list[str]:
    """What a text asks for, without its request and its remarks; what it refuses comes last.

    References are left out, and so is a wish that says nothing without them, unless `open_too`.
    """
    plain = without_opening(text, known)
    asked, refused = [], []
    for clause in clauses(plain, known):
        clause = clause_text(clause)
        if refuses_thing(clause, known):
            refused.append(_refusal(clause, known))
        elif wish := _wish(clause, known, open_too=open_too):
            asked.append(wish)
    return [_inside(one, known) for one in [*asked, *refused] if any(c.isalnum() for c in one)]


def clauses(text: str, known: Language) -> list[str]:
    """The clauses of a text, each with the sign that ends it; joined they are the text."""
    ends = {match.end() for match in CLAUSE_END.finditer(text)}
    turns = (match.start() for match in known.pattern("turning").finditer(text))
    ends |= {at for at in turns if text[at - 1 : at].isalnum()}
    places = sorted({0, len(text), *ends})
    return [text[a:b] for a, b in pairwise(places)]


def clause_text(clause: str) -> str:
    """A clause without the signs around it."""
    return CLAUSE_END.sub(" ", clause).strip(" ¡¿")


def _inside(wish: str, known: Language) -> str:
    """A wish as it reads inside a sentence: without the capital that only began one."""
    first = words(wish)[0].key if words(wish) else ""
    small = first in known.function or known.has("verbs", first)
    return wish[:1].lower() + wish[1:] if small and first not in SPELLED_LARGE else wish


def in_remark(reference: Reference, history: History) -> bool:
    """Whether a reference stands in a clause that asks for nothing, beside one that does."""
    parts = [part for part in clauses(history.final, history.known) if part.strip()]
    idle = [part for part in parts if idles(part, history.known)]
    at = history.final.find(parts[0]) if parts else 0
    for part in parts:
        at = history.final.find(part, at)
        if at <= reference.start < at + len(part):
            return len(idle) < len(parts) and part in idle
    return False


@lru_cache(maxsize=4096)  # Candidates of a dialogue share most of their clauses.
def idles(clause: str, known: Language) -> bool:
    """Whether a clause only remarks or allows; a thing refused is a condition."""
    plain = without_opening(clause, known).strip()
    if refuses_thing(plain, known):
        return False
    return _refuses(plain, known) or (not _framed(plain, known) and _remarks(plain, known))


def _framed(plain: str, known: Language) -> "regex.Match[str] | None":
    return known.pattern("frames").match(plain) or known.pattern("requests").match(plain)


def refuses_thing(clause: str, known: Language) -> bool:
    """Whether a clause sets a condition by naming what is not wanted: "not the storm"."""
    plain = without_opening(clause, known).strip()
    match = known.rejections.get("before", NEVER).match(
        known.pattern("negating").sub("not ", plain)
    )
    if match is None or known.pattern("relaxing").search(plain):
        return False
    return any(is_content(word.key, known) for word in words(plain)[1:])


def _refusal(clause: str, known: Language) -> str:
    """ "as long as it isn't winter" gives "not winter", "not one of those prints" "not prints"."""
    plain = without_opening(clause, known).strip()
    plain = known.pattern("negating").sub("not ", plain)
    return tidy(known.pattern("refused_ones").sub("", plain), known)


def _wish(clause: str, known: Language, *, open_too: bool) -> str:
    """A clause as what is wanted alone; "" for a remark."""
    plain = without_opening(clause, known).strip()
    if _refuses(plain, known):
        return ""
    frame = _framed(plain, known)
    if not frame and _remarks(plain, known):
        return ""
    plain = plain[frame.end() :] if frame else plain
    plain = known.pattern("closings").sub("", plain + " ").strip()
    carried = known.pattern("carried").match(plain)
    plain = plain[carried.end() :] if carried else plain
    plain = plain if open_too else _without_references(plain, known)
    plain = _without_carrier(plain, known)
    plain = tidy(known.pattern("joints").sub("", plain.strip()), known)
    says = open_too or not frame or any(_says(word.key, known) for word in words(plain))
    return plain if says else ""


def _without_references(text: str, known: Language) -> str:
    """A wish without its references; "" where they were all that it said."""
    found = references(text, known)
    for reference in reversed(found):
        text = _before(text[: reference.start], known) + text[reference.end :]
    return text if not found or any(_says(word.key, known) for word in words(text)) else ""


def _says(word: str, known: Language) -> bool:
    return (
        is_content(word, known) or known.has("prepositions", word) or known.has("indefinite", word)
    )


def _before(text: str, known: Language) -> str:
    """What stands before a reference, without a verb or a preposition that governs it."""
    found = words(text)
    if found and known.has("verbs", found[-1].key):
        return ""
    return _without_loose_end(text, known)


def _without_loose_end(text: str, known: Language) -> str:
    """Without a preposition that lost what stood behind it: "a longer line of"."""
    found = words(text)
    loose = bool(found) and known.has("prepositions", found[-1].key)
    return text[: found[-1].start].rstrip() if loose and not known.words.get("links") else text


def _without_carrier(text: str, known: Language) -> str:
    """Without "a photo" where only that and a place or time are left: "a photo at night"."""
    found = [word for word in words(text) if is_content(word.key, known)]
    if not found or not known.has("carriers", found[0].key):
        return text
    rest = text[found[0].end :].lstrip()
    after = words(rest)[0].key if words(rest) else ""
    if after in (known.glue.get("of"), known.glue.get("to")):  # "the address of ...": a wish.
        return text
    return rest if not after or known.has("prepositions", after) else text


def without_remarks(text: str, known: Language) -> str:
    """The text without its clauses that ask for nothing; all of it where nothing else is there."""
    kept = [
        clause for clause in clauses(text, known) if clause.strip() and not idles(clause, known)
    ]
    return "".join(kept).strip() if kept else text


def _refuses(clause: str, known: Language) -> bool:
    before = known.rejections.get("before", NEVER).match(clause)
    after = known.rejections.get("after", NEVER).search(clause)
    idle = known.rejections.get("idle", NEVER).match(clause)
    relaxes = known.pattern("relaxing").search(clause)
    return bool(before or after or idle or relaxes)


def _remarks(clause: str, known: Language) -> bool:
    """Whether a clause tells of somebody: "we'd have nightmares", "mum says red"."""
    found = [word.key for word in words(clause)]
    if all(known.has("interjections", word) for word in found):
        return True
    while found and (known.has("conjunctions", found[0]) or known.has("adverbs", found[0])):
        found = found[1:]
    if any(known.has("selves", word) for word in found):
        return True
    return bool(found) and (known.has("tellers", found[0]) or _only_points(found, known))


def _only_points(found: list[str], known: Language) -> bool:
    """Whether words do no more than say what to do with something named before: "taking it"."""
    pointing = all(known.has("verbs", word) or known.has("pronouns", word) for word in found)
    return pointing and len(found) > 1 and known.has("verbs", found[0])
