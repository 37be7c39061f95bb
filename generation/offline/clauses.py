"""Take the final query apart: what it wishes, what it refuses, and what only remarks."""

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


def wishes(history: History) -> list[str]:
    """What the final query asks for, without its request, its references and its remarks."""
    plain = without_opening(history.final, history.known)
    found = (_wish(clause, history.known) for clause in CLAUSE_END.split(plain))
    return [_inside(one, history.known) for one in found if any(sign.isalnum() for sign in one)]


def _inside(wish: str, known: Language) -> str:
    """A wish as it reads inside a sentence: without the capital that only began one."""
    first = words(wish)[0].key if words(wish) else ""
    small = first in known.function or known.has("verbs", first)
    return wish[:1].lower() + wish[1:] if small and first not in SPELLED_LARGE else wish


def in_remark(reference: Reference, history: History) -> bool:
    """Whether a reference stands in a clause that asks for nothing, beside one that does."""
    text, known = history.final, history.known
    starts = [0, *(match.end() for match in CLAUSE_END.finditer(text)), len(text)]
    clauses = [text[a:b] for a, b in pairwise(starts) if text[a:b].strip()]
    idle = [clause for clause in clauses if idles(clause, known)]
    own = next(text[a:b] for a, b in pairwise(starts) if a <= reference.start < b)
    return len(idle) < len(clauses) and own in idle


def idles(clause: str, known: Language) -> bool:
    """Whether a clause only refuses or remarks."""
    plain = without_opening(clause, known).strip()
    return _refuses(plain, known) or (not _framed(plain, known) and _remarks(plain, known))


def _framed(plain: str, known: Language) -> "regex.Match[str] | None":
    return known.pattern("frames").match(plain) or known.pattern("requests").match(plain)


def _wish(clause: str, known: Language) -> str:
    """A clause as what is wanted alone; "" for a refusal or a remark."""
    plain = without_opening(clause, known).strip()
    if _refuses(plain, known):
        return ""
    frame = _framed(plain, known)
    if not frame and _remarks(plain, known):
        return ""
    plain = plain[frame.end() :] if frame else plain
    plain = known.pattern("closings").sub("", plain + " ").strip()
    for reference in reversed(references(plain, known)):
        plain = _without_loose_end(plain[: reference.start], known) + plain[reference.end :]
    plain = _without_carrier(plain, known)
    return tidy(known.pattern("joints").sub("", plain.strip()), known)


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
    return rest if not after or known.has("prepositions", after) else text


def without_remarks(text: str, known: Language) -> str:
    """The text without its clauses that ask for nothing; all of it where nothing else is there."""
    ends = [match.end() for match in CLAUSE_END.finditer(text)]
    clauses = [text[a:b] for a, b in pairwise([0, *ends, len(text)])]
    kept = [clause for clause in clauses if clause.strip() and not idles(clause, known)]
    return "".join(kept).strip() if kept else text


def _refuses(clause: str, known: Language) -> bool:
    before = known.rejections.get("before", NEVER).match(clause)
    after = known.rejections.get("after", NEVER).search(clause)
    idle = known.rejections.get("idle", NEVER).match(clause)
    return bool(before or after or idle)


def _remarks(clause: str, known: Language) -> bool:
    """Whether a clause tells of somebody: "we'd have nightmares", "mum says red"."""
    found = [word.key for word in words(clause)]
    if all(known.has("interjections", word) for word in found):
        return True
    while found and (known.has("conjunctions", found[0]) or known.has("adverbs", found[0])):
        found = found[1:]
    if any(known.has("selves", word) for word in found):
        return True
    return bool(found) and known.has("tellers", found[0])
