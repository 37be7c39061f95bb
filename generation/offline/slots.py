"""Give a final query that points to nothing the place where what it is about belongs."""

import regex

from generation.offline.clauses import CLAUSE_END
from generation.offline.mention import Mention, sentences
from generation.offline.mentions import mentions
from generation.offline.phrasing import as_said, capital, comma, definite
from generation.offline.requests import without_opening
from generation.offline.salience import History
from review.wording.language import root
from review.wording.tokens import Word, words

PLACING = frozenset({"in", "at", "on", "near", "with", "from", "by"})


def filled(history: History, *, brief: bool = False) -> tuple[str, list[Mention]]:
    """The final query with the likeliest mention that it does not have yet, and that mention."""
    new = [one for one in history.wanted if not one.roots <= _own(history)]
    if not new:
        return history.final, []
    text = _after_relation(new[0], history, brief) or _fragment(new[0], history, brief)
    if text:
        return text, new[:1]
    return _circumstances(new, history) or (
        (_at_end(new[0], history, brief), new[:1])
        if _wants(new[0], history)
        else (history.final, [])
    )


def _circumstances(new: list[Mention], history: History) -> tuple[str, list[Mention]] | None:
    """A new question keeps the place and the time of the one before, where it names neither."""
    asked = next((t["text"] for t in reversed(history.turns[:-1]) if t["role"] == "user"), "")
    when = history.known.pattern("when")
    time = when.search(asked) if not when.search(history.final) else None
    own = {one.preposition for one in mentions(history.final, -1, "user", history.known)}
    placed = [one for one in new if one.preposition in PLACING and not own & PLACING]
    if not (history.final.rstrip().endswith("?") and (time or placed)):
        return None
    added = [f"{one.preposition} {as_said(one, history.known)}" for one in placed[:1]]
    text = _put_at_end(" ".join([*([time[0]] if time else []), *added]), history, " ")
    return text, placed[:1] or new[:1]


def _wants(one: Mention, history: History) -> bool:
    """Whether the query may be about the mention: a full question of its own only has a place."""
    if len([part for part in CLAUSE_END.split(history.final) if part]) > 2:
        return False
    if not history.known.words.get("verbs") or one.preposition in PLACING:
        return True
    return not history.final.rstrip().endswith("?") or not mentions(
        history.final, -1, "user", history.known
    )


def _own(history: History) -> set[str]:
    return {root(word.key, history.known) for word in words(history.final)}


def _after_relation(one: Mention, history: History, brief: bool) -> str:
    """Behind a noun that wants another: "the address" gets "of ...", "a route" gets "to ..."."""
    found, known, text = words(history.final), history.known, history.final
    for index, word in enumerate(found):
        leads = known.has("leading", word.key)
        if not (leads or known.has("carriers", word.key)) or _complemented(found, index, history):
            continue
        glue = known.glue.get("to" if leads else "of", "")
        if glue:
            name = definite(one, known, brief=brief)
            return f"{text[: word.end]} {glue} {name}{text[word.end :]}"
    return ""


def _complemented(found: tuple[Word, ...], index: int, history: History) -> bool:
    """Whether the noun has its complement already, or is itself part of a longer one."""
    if index + 1 >= len(found):
        return False
    following = found[index + 1].key
    if history.final[found[index].end : found[index + 1].start].strip():
        return False
    taken = {history.known.glue.get(name) for name in ("of", "to")}
    behind = found[index + 2].key if index + 2 < len(found) else ""
    if following == history.known.glue.get("for"):
        return not history.known.has("pronouns", behind)
    return following in taken or (
        following not in history.known.function and not history.known.has("verbs", following)
    )


def _fragment(one: Mention, history: History, brief: bool) -> str:
    """A query that is no sentence is said of the thing: "at night" becomes "a barn at night"."""
    known, text = history.known, _opened(history)
    found = words(text)
    verbal = any(known.has("verbs", w.key) or known.has("auxiliaries", w.key) for w in found)
    if not found or verbal or text.rstrip().endswith(("?", "？", "؟")):
        return ""
    linked = known.has("prepositions", found[0].key) or known.has("loose", found[0].key)
    join = " " if linked else comma(known)
    first = text if found[0].text[1:2].isupper() else text[:1].lower() + text[1:]
    return capital(as_said(one, known, brief=brief)) + join + first


def _opened(history: History) -> str:
    """The final query without "Yes," and the like."""
    return without_opening(history.final, history.known).strip()


def _at_end(one: Mention, history: History, brief: bool) -> str:
    """At the end of the sentence that asks, before "please" and the signs."""
    known = history.known
    glue = one.preposition if one.preposition in PLACING else known.glue.get("for", "")
    join = f" {glue} " if glue else comma(known)
    name = as_said(one, known, brief=brief) if not glue else definite(one, known, brief=brief)
    return _put_at_end(name, history, join)


def _put_at_end(put: str, history: History, join: str) -> str:
    text = history.final
    start, end = _asking(text)
    sentence = text[start:end]
    closing = history.known.pattern("closings").search(sentence)
    at = start + (closing.start() if closing else len(sentence.rstrip(" .!?。！？؟।…")))
    return f"{text[:at]}{join}{put}{text[at:]}"


def _asking(text: str) -> tuple[int, int]:
    """The first sentence that is a question, else the longest one."""
    spans = sentences(text)
    if not spans:
        return 0, len(text)
    asking = [span for span in spans if regex.search(r"[?？؟]\s*$", text[span[0] : span[1]])]
    return asking[0] if asking else max(spans, key=lambda span: span[1] - span[0])
