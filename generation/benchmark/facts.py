"""What slices of a benchmark go by, as it stood when the run began."""

from collections.abc import Sequence
from typing import Any

from generation.models import BenchmarkDialogue
from review.calibration.slices import source_of
from review.models import CandidateKind, Dialogue, Trait

# Names under which records say which conversation of their source they come from.
CONVERSATION = ("conversation", "conversation_id", "dialog_id", "dialogue_id", "Conversation_no")
A_PERSON = "a person"
UNKNOWN = "not known"
STRATA = (Trait.SHORTCUT, Trait.HISTORY_REQUIRED, Trait.UNRESOLVED)
# Upper ends of the slices by numbers; the last is open.
TURNS = (2, 4, 6, 10)
WORDS = (4, 8, 16, 32)


def facts_of(dialogue: Dialogue) -> dict[str, Any]:
    """`dialogue` with its approved candidate and its import at hand."""
    approved, entry = dialogue.approved_candidate, dialogue.imported_by
    rewriter = ""
    if approved is not None:
        rewriter = A_PERSON if approved.kind == CandidateKind.PERSON else approved.author
    return {
        "words": len(dialogue.final_query.split()),
        "language": dialogue.language,
        "source": source_of(dialogue.metadata, entry.source if entry else ""),
        "conversation": _conversation(dialogue),
        "rewriter": rewriter,
        "verdict": dialogue.approval,
    }


def slices_of(subject: BenchmarkDialogue, traits: Sequence[str]) -> dict[str, str]:
    """The slice of each kind that a dialogue is in. `traits` are those that it has now: what
    retrieval shows of a dialogue is told of all its checks so far."""
    facts = subject.facts
    return {
        "turns": _between(len(subject.turns), TURNS),
        "length": f"{_between(facts['words'], WORDS)} words",
        "language": facts["language"] or UNKNOWN,
        "source": facts["source"] or UNKNOWN,
        "rewriter": facts["rewriter"] or UNKNOWN,
        "verdict": facts["verdict"] or UNKNOWN,
        "stratum": next((one.value for one in STRATA if one.value in traits), UNKNOWN),
    }


def in_order(by: str, values: Sequence[str]) -> list[str]:
    """The slices of a kind in the order in which they are told of."""
    if by in {"turns", "length"}:
        return sorted(values, key=lambda value: int(value.partition("–")[0].split()[0]))
    return sorted(values, key=lambda value: (value == UNKNOWN, value))


def _between(number: int, ends: Sequence[int]) -> str:
    begin = 1
    for end in ends:
        if number <= end:
            return f"{begin}–{end}" if begin < end else str(end)
        begin = end + 1
    return f"{begin} or more"


def _conversation(dialogue: Dialogue) -> str:
    for name in CONVERSATION:
        value = dialogue.metadata.get(name)
        if isinstance(value, str | int) and str(value).strip():
            return str(value)
    return ""
