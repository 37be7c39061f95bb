"""Dialogues in which the assistant asks and the user answers: facts of one picture."""

import regex

from generation.offline.mention import sentences
from generation.offline.phrasing import tidy
from generation.offline.requests import without_opening
from generation.offline.salience import History
from review.wording.grounding import roots
from review.wording.language import Language, is_content
from review.wording.references import references
from review.wording.tokens import words

QUESTION = regex.compile(r"[?？؟]\W*$")
CLAUSE_END = regex.compile(r"[,.;:!]\s+")
SENTENCE_START = regex.compile(r"(?<=[.!?])\s+")
# An answer is short; a longer last turn says by itself what it wants.
MOST_WORDS = 14
MOST_WORDS_OF_SENTENCES = 9


def is_answer(history: History) -> bool:
    """Whether the final query only answers what the assistant asked."""
    if len(history.turns) < 3 or not QUESTION.search(history.turns[-2]["text"]):
        return False
    known, text = history.known, history.final
    length = len(words(text))
    if length > MOST_WORDS or QUESTION.search(text) or not known.patterns.get("yes"):
        return False
    if length > MOST_WORDS_OF_SENTENCES and len(sentences(text)) > 1:
        return False
    if known.pattern("no").match(text) or known.pattern("yes").match(text) is not None:
        return not _asks(text, known)
    return not _asks(text, known) and not _open(text, known)


def _asks(text: str, known: Language) -> bool:
    clauses = (without_opening(part, known) for part in CLAUSE_END.split(text))
    if any(_orders(part, known) for part in clauses):
        return True
    return bool(known.pattern("requests").match(without_opening(text, known))) or any(
        one.kind in ("relative", "modified", "pointed", "demonstrated", "similar", "earliest")
        for one in references(text, known)
    )


def _orders(clause: str, known: Language) -> bool:
    """Whether a clause begins with a verb that asks for something: "just pick the ..."."""
    idle = ("adverbs", "interjections", "conjunctions")
    said = [word.key for word in words(clause) if not any(known.has(k, word.key) for k in idle)]
    return bool(said) and known.has("imperatives", said[0])


def _open(text: str, known: Language) -> bool:
    return any(one.kind == "place" for one in references(text, known))


def facts(history: History) -> list[str]:
    """What the answers of the user say of the picture, in order; what is not so is left out."""
    turns = history.turns
    told = [
        fact(turns[index - 1]["text"], turns[index]["text"], history.known)
        for index in range(1, len(turns))
        if turns[index]["role"] == "user" and turns[index - 1]["role"] == "assistant"
    ]
    return list(dict.fromkeys(one for one in told if one))


def fact(question: str, answer: str, known: Language) -> str:
    """One fact: ("what color is the jet?", "white") gives "white jet"; "" where there is none."""
    answer = answer.strip().rstrip(".!。")
    if not QUESTION.search(question) or known.pattern("unsure").search(answer):
        return ""
    question = _last_sentence(question).rstrip("?？؟ ")
    if known.pattern("idle_question").search(question):
        return ""
    if known.pattern("no").match(answer) or known.pattern("negative").match(answer):
        return _after_no(answer, known)
    if match := known.pattern("yes").match(answer):
        return _affirmed(question, _said(answer[match.end() :], known), known)
    said = _said(answer, known)
    if known.pattern("where_asked").search(question) and _placed(answer, known):
        return f"{known.glue['in']} {said}"
    return _chosen(question, said, known)


def _after_no(answer: str, known: Language) -> str:
    """What stands behind "no": "no, standing still" says "standing still"."""
    match = known.pattern("no").match(answer)
    rest = answer[match.end() :] if match else ""
    says = any(is_content(word.key, known) for word in words(rest))
    return _said(rest, known) if says and not known.pattern("negative").search(rest) else ""


def _affirmed(question: str, more: str, known: Language) -> str:
    """What a "yes" says; what was added to it says it better where there is enough."""
    statement = _statement(question, known)
    if (
        not statement
        or len(words(more)) > 2
        or set(roots(more, known)) & set(roots(statement, known))
    ):
        return more
    return statement


def _placed(answer: str, known: Language) -> bool:
    """Whether an answer to "where?" is the bare name of a place."""
    found = words(answer)
    return (
        bool(found) and answer.strip()[0].isupper() and not known.has("prepositions", found[0].key)
    )


def _last_sentence(text: str) -> str:
    return SENTENCE_START.split(text.strip())[-1]


def _said(answer: str, known: Language) -> str:
    """An answer without "they are": what remains is said of the thing asked about."""
    plain = known.pattern("pronoun_answer").sub("", answer.strip(" ,;"), count=1)
    plain = CLAUSE_END.split(plain.strip(), maxsplit=1)[0] if len(words(plain)) > 8 else plain
    return tidy(plain, known)


def _statement(question: str, known: Language) -> str:
    """What a question says once it is answered with yes: "are there any trees" gives "trees"."""
    asked = known.pattern("asked").match(question)
    if not asked:
        return ""
    plain = tidy(known.pattern("asked_tail").sub("", question[asked.end() :]), known)
    return "" if references(plain, known) else plain


def _chosen(question: str, answer: str, known: Language) -> str:
    """An answer joined with the thing asked about: "white jet", "two horses"."""
    number = known.pattern("how_many").match(question)
    match = number or known.pattern("which_of").match(question)
    thing = _thing(match["thing"], known) if match else ""
    if (
        thing
        and 0 < len(words(answer)) <= 4
        and not set(roots(thing, known)) & set(roots(answer, known))
    ):
        return f"{answer} {thing}"
    vague = number is not None or not any(is_content(w.key, known) for w in words(answer))
    return "" if vague or answer.isnumeric() else answer


def _thing(text: str, known: Language) -> str:
    """The first noun phrase of a question, without its article."""
    thing: list[str] = []
    for word in words(text):
        if is_content(word.key, known):
            thing.append(word.text)
        elif thing:
            break
    return " ".join(thing[:3])
