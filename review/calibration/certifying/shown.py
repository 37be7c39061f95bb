"""What is shown of a dialogue that a certificate covers, to whoever sees how it was settled."""

from dataclasses import dataclass
from datetime import datetime

from review.calibration.conditions import Conditions
from review.models import Approval, Certified, CertifiedAs
from review.visibility import DialogueView


@dataclass(frozen=True)
class Covered:
    """`certificate` is its number, `judges` whose score counts, `authors` who wrote the candidate;
    `good` what the first person who decided said."""

    certificate: int
    used_as: str
    score: float
    candidate: int
    judges: list[str]
    authors: list[str]
    good: bool | None
    put_back_at: datetime | None
    put_back_by: str | None
    # It stands approved by the certificate alone, and nobody relies on that yet.
    can_be_put_back: bool

    def in_words(self) -> str:
        by = f"certificate {self.certificate} (judges: {', '.join(self.judges)})"
        if self.put_back_at:
            return f"Approved by {by}, and put back for people to decide."
        return f"{_USED[CertifiedAs(self.used_as)]} {by}."


_USED = {
    CertifiedAs.ACCEPTED: "Approved without a person, by",
    CertifiedAs.ONE_DECISION: "One decision that agrees is enough, by",
    CertifiedAs.AUDIT: "Drawn by lot for people to look at, from what is covered by",
}


def covered(view: DialogueView) -> Covered | None:
    """None where no certificate covers it, or this person may not know yet."""
    if not (view.sight.decisions and view.sight.scores):
        return None
    dialogue = view.dialogue
    rows = Certified.objects.filter(dialogue=dialogue, round=dialogue.round)
    related = rows.select_related("certificate", "candidate", "put_back_by")
    row = related.order_by("-pk").first()
    if row is None:
        return None
    conditions = Conditions.from_json(row.certificate.conditions)
    return Covered(
        certificate=row.certificate.number,
        used_as=row.used_as,
        score=row.score,
        candidate=row.candidate_id,
        judges=sorted({one.judge for one in conditions.judges}),
        authors=row.candidate.authors(),
        good=row.good,
        put_back_at=row.put_back_at,
        put_back_by=row.put_back_by.username if row.put_back_by else None,
        can_be_put_back=dialogue.approval == Approval.CERTIFIED and not dialogue.released,
    )
