"""What a person may send as a verdict, checked before it becomes a decision."""

import unicodedata
from dataclasses import dataclass
from typing import Any

from review import validators
from review.errors import Invalid
from review.models import (
    Assignment,
    Candidate,
    CandidateKind,
    Dataset,
    Dialogue,
    User,
    Verdict,
)
from review.models.candidates import text_key

LONGEST_REWRITE = 2000
LONGEST_NOTE = 4000
LONGEST_REASON = 64


@dataclass(frozen=True)
class Ruling:
    """What a person sends: a verdict and what belongs to it."""

    verdict: Verdict
    candidate_id: int | None = None
    text: str = ""
    reason: str = ""
    note: str = ""
    # Further candidates that are right as well.
    also: tuple[int, ...] = ()
    # Why a text is approved although a validator of the dataset blocks it.
    override: str = ""


def recorded(dialogue: Dialogue, ruling: Ruling, candidate: Candidate | None) -> dict[str, Any]:
    """What a decision keeps of its ruling, checked, and of the policy it was made under."""
    return {
        "verdict": ruling.verdict,
        "started_from_id": ruling.candidate_id if ruling.verdict == Verdict.EDIT else None,
        **_grounds(dialogue.dataset, ruling),
        "round": dialogue.round,
        "policy": dialogue.dataset.policy(),
        "override": _checked_length(ruling.override.strip(), LONGEST_NOTE, "override"),
        "findings": _passed(dialogue, ruling, candidate),
    }


def _passed(dialogue: Dialogue, ruling: Ruling, candidate: Candidate | None) -> list[str]:
    """Codes of what the validators say of the text. Raises `Invalid` where one of them blocks."""
    if candidate is None:
        return []
    findings = validators.findings(dialogue, candidate.text)
    validators.check(findings, override=ruling.override)
    return [finding.code for finding in findings]


def _grounds(dataset: Dataset, ruling: Ruling) -> dict[str, str]:
    """Reason and note. Who skips for a reason that is no code of the dataset says it in words of
    their own: those stand in the note, and what is counted by reason stays countable."""
    reason, note = _checked_reason(dataset, ruling), _checked_note(ruling.note)
    codes = {entry["code"] for entry in dataset.skip_reasons}
    if ruling.verdict == Verdict.SKIP and reason not in codes:
        reason, note = "", "\n".join(words for words in (reason, note) if words)
    return {"reason": reason, "note": note}


def _checked_reason(dataset: Dataset, ruling: Ruling) -> str:
    if ruling.verdict != Verdict.REJECT:
        return _checked_length(ruling.reason, LONGEST_REASON, "reason")
    codes = [reason["code"] for reason in dataset.reject_reasons]
    if ruling.reason not in codes:
        raise Invalid(f"Say why you reject it: one of {', '.join(codes)}.", field="reason")
    return ruling.reason


def _checked_note(note: str) -> str:
    return _checked_length(note.replace("\x00", ""), LONGEST_NOTE, "note")


def _checked_length(text: str, most: int, field: str) -> str:
    if len(text) > most:
        raise Invalid(
            f"The {field} has {len(text):,} characters, the most is {most:,}.", field=field
        )
    return text


def chosen(
    dialogue: Dialogue, assignment: Assignment | None, ruling: Ruling, by: User
) -> Candidate | None:
    """The candidate that a ruling wants approved: one that was offered, or the person's own."""
    if ruling.verdict == Verdict.ACCEPT:
        return _offered(dialogue, assignment, ruling.candidate_id)
    if ruling.verdict == Verdict.EDIT:
        if ruling.candidate_id is not None:
            _offered(dialogue, assignment, ruling.candidate_id)
        return _written(dialogue, checked_text(ruling.text), by)
    return None


def also_accepted(
    dialogue: Dialogue, assignment: Assignment | None, ruling: Ruling, candidate: Candidate | None
) -> list[Candidate]:
    """The further candidates that a ruling finds right, each one that this person was offered."""
    if candidate is None or not ruling.also:
        return []
    others = [number for number in dict.fromkeys(ruling.also) if number != candidate.pk]
    return [_offered(dialogue, assignment, number) for number in others]


def _offered(
    dialogue: Dialogue, assignment: Assignment | None, candidate_id: int | None
) -> Candidate:
    """The named candidate, if this person was offered it."""
    if candidate_id is None:
        raise Invalid("Choose the candidate that you accept.", field="candidate")
    candidate = dialogue.candidates.filter(pk=candidate_id).first()
    offered = None if assignment is None else _shown_candidates(assignment)
    if candidate is None or (offered is not None and candidate_id not in offered):
        raise Invalid(
            f"Candidate {candidate_id} is not among those you were shown. Load the dialogue again.",
            field="candidate",
        )
    return candidate


def _shown_candidates(assignment: Assignment) -> set[int]:
    return {entry["id"] for entry in assignment.shown.get("candidates", [])}


def checked_text(text: str) -> str:
    """A rewrite as written by a person, trimmed. Raises `Invalid` where it cannot be one."""
    text = text.strip()
    _checked_length(text, LONGEST_REWRITE, "text")
    if not any(_shows(character) for character in text):
        raise Invalid("Write the rewrite: the text is empty.", field="text")
    for position, character in enumerate(text, start=1):
        if unicodedata.category(character) in {"Cc", "Cs"} and character not in "\n\t\r":
            raise Invalid(
                f"Character {position} of the text is a control character. Remove it.", field="text"
            )
    return text


def _shows(character: str) -> bool:
    """Whether there is anything to see of it; marks of width none, such as U+200B, are not."""
    return not character.isspace() and unicodedata.category(character) != "Cf"


def _written(dialogue: Dialogue, text: str, by: User) -> Candidate:
    """An edit as a candidate. One that equals a candidate is that candidate."""
    candidate, _ = Candidate.objects.get_or_create(
        dialogue=dialogue,
        text_key=text_key(text),
        defaults={
            "text": text,
            "author": by.username,
            "kind": CandidateKind.PERSON,
            "reviewer": by,
            "round": dialogue.round,
        },
    )
    return candidate
