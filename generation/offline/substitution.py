"""Put what is meant in the place of what points to it, leaving the rest of the query as it is."""

from collections.abc import Callable
from dataclasses import replace

import regex

from generation.offline.clauses import in_remark
from generation.offline.mention import Mention
from generation.offline.mentions import mentions
from generation.offline.phrasing import as_said, capital, definite, singular
from generation.offline.resolving import choices, meant
from generation.offline.salience import History
from review.wording.language import root
from review.wording.references import Reference, references
from review.wording.tokens import words

LAST_WORD = regex.compile(r"([\p{L}'’]+)\W*$")
NEXT_WORDS = regex.compile(r"\s+[\p{L}\p{M}'’-]+")


def resolved(history: History, *, brief: bool = False) -> tuple[str, list[Mention]]:
    """The final query with its references replaced, and the mentions that went in.

    The first time a mention goes in with all that is known of it (unless `brief`), then by its
    name. References that nothing fits stay.
    """
    text, at = history.final, 0
    pieces: list[str] = []
    taken: list[Mention] = []
    for reference in references(text, history.known):
        one = None if in_remark(reference, history) else meant(reference, history)
        fits = one is not None and not _wants_article(one, history)
        put = _replacement(reference, one, history, brief or one in taken) if one and fits else None
        if one is None or put is None:
            continue
        start, end, words_in_place = put
        pieces += [text[at:start], words_in_place]
        at, taken = end, [*taken, one]
    return "".join([*pieces, text[at:]]), taken


def _wants_article(one: Mention, history: History) -> bool:
    """Whether the language needs an article here that nobody can give without its gender."""
    return bool(history.known.glue.get("articled")) and not one.article and not one.named


def elaborated(history: History, *, brief: bool = False) -> tuple[str, list[Mention]]:
    """The final query with a short name filled out: "the garage" as "the parking garage"."""
    for own in mentions(history.final, -1, "user", history.known):
        fuller = _fuller(own, history)
        if fuller is None:
            continue
        start = history.final.rfind(own.article, 0, own.start) if own.article else own.start
        put = definite(replace(fuller, category="") if brief else fuller, history.known)
        return history.final[:start] + put + history.final[own.start + len(own.core) :], [fuller]
    return history.final, []


def _fuller(own: Mention, history: History) -> Mention | None:
    """A mention of the history that names the same thing with more words."""
    if history.known.has("indefinite", own.article.casefold()):
        return None
    for one in history.wanted:
        known = one.roots | _roots(one.full, history) | _roots(one.category, history)
        if own.roots <= known and own.roots & one.roots and len(known) > len(own.roots):
            return one
    return None


def _roots(text: str, history: History) -> frozenset[str]:
    return frozenset(root(word.key, history.known) for word in words(text))


Replacement = tuple[int, int, str]
MaybeReplacement = Replacement | None


def _replacement(found: Reference, one: Mention, history: History, brief: bool) -> MaybeReplacement:
    """Where and what to write: start, end, words."""
    write = WRITERS.get(found.kind, _plainly)
    written = write(found, one, history, brief)
    if written is None:
        return None
    start, end, put = written
    opens = not history.final[:start].strip() or history.final[:start].rstrip()[-1] in ".!?"
    return start, end, capital(put) if opens and found.text[:1].isupper() else put


def _plainly(found: Reference, one: Mention, history: History, brief: bool) -> Replacement:
    return found.start, found.end, definite(one, history.known, brief=brief)


def _as_said(found: Reference, one: Mention, history: History, brief: bool) -> Replacement:
    return found.start, found.end, as_said(one, history.known, brief=brief)


def _possessive(found: Reference, one: Mention, history: History, brief: bool) -> Replacement:
    """ "its old roof" becomes "the old roof of ..."; without a noun behind, "...'s"."""
    known, end = history.known, found.end
    while (match := NEXT_WORDS.match(history.final, end)) and not _closes(
        match[0].strip(), history
    ):
        end = match.end()
    noun = history.final[found.end : end].strip()
    name = definite(one, known, brief=brief)
    return found.start, end, f"the {noun} of {name}" if noun else f"{name}'s"


def _closes(word: str, history: History) -> bool:
    return word.casefold() in history.known.function or history.known.has("verbs", word.casefold())


def _gendered(found: Reference, one: Mention, history: History, brief: bool) -> Replacement:
    return found.start, found.end, f"{definite(one, history.known, brief=True)}'s"


def _place(found: Reference, one: Mention, history: History, brief: bool) -> MaybeReplacement:
    known, name = history.known, definite(one, history.known, brief=brief)
    before = LAST_WORD.search(history.final[: found.start])
    word = before[1].casefold() if before else ""
    if known.has("prepositions", word) or known.has("loose", word):
        return found.start, found.end, name
    if known.words.get("places") and not (
        found.group("to") or known.has("places", word) or word in ("me", "us", "way")
    ):
        return None
    return found.start, found.end, f"{known.glue.get('to', '')} {name}".strip()


def _modified(found: Reference, one: Mention, history: History, brief: bool) -> Replacement:
    """ "the red one" becomes "the red lighthouse": the head alone is replaced."""
    lead = (found.group("lead") or found.group("lead2") or found.group("lead3")).strip()
    name = one.full if not brief else one.core
    if one.named and one.category:
        name = one.category
    one_of_them = lead.split()[0].casefold() in ("a", "an", "another")
    return found.start, found.end, f"{lead} {singular(name) if one_of_them else name}"


def _selecting(found: Reference, one: Mention, history: History, brief: bool) -> Replacement:
    """ "Which is closer?" becomes "Which cafe, A or B, is closer?"."""
    offered = choices(history)
    kind = one.category or (offered[0].category if offered else "")
    names = [choice.full for choice in offered] or [one.full]
    joined = f" {history.known.glue['or']} ".join([", ".join(names[:-1]), names[-1]]).removeprefix(
        " or "
    )
    if kind and kind not in joined:
        return found.start, found.end, f"which {kind}, {joined},"
    return found.start, found.end, f"which of {joined}"


def _bound_of(found: Reference, one: Mention, history: History, brief: bool) -> Replacement:
    """Words that hold "of" and the reference in one: German "davon", Portuguese "dele"."""
    name = as_said(one, history.known, brief=brief)
    return found.start, found.end, f"{history.known.glue.get('of', '')} {name}".strip()


def _genitive(found: Reference, one: Mention, history: History, brief: bool) -> Replacement:
    """Hindi: the reference's case ending goes behind the phrase."""
    return found.start, found.end, f"{one.full} {found.group('case')}".strip()


def _attached(found: Reference, one: Mention, history: History, brief: bool) -> Replacement:
    """Arabic: the preposition that the pronoun was attached to stays."""
    return found.start, found.end, f"{found.group('preposition')} {one.full}"


def _clitic(found: Reference, one: Mention, history: History, brief: bool) -> Replacement:
    """French: "me la montrer" becomes "me montrer la maison"."""
    name = as_said(one, history.known, brief=brief)
    return found.start, found.end, f"{found.group('verb')} {name}"


WRITERS: dict[str, Callable[[Reference, Mention, History, bool], MaybeReplacement]] = {
    "relative": _as_said,
    "similar": _as_said,
    "possessive": _possessive,
    "gendered": _gendered,
    "place": _place,
    "modified": _modified,
    "selecting": _selecting,
    "with_of": _bound_of,
    "contracted": _bound_of,
    "genitive": _genitive,
    "attached": _attached,
    "clitic": _clitic,
}
