"""What people say of dialogues that a certificate covers: whether they agree, and a run of bad ones
among those that went to them by lot, which revokes it."""

from collections.abc import Iterable

from review.calibration.certifying.thresholds import LAST_AUDITED, is_run_of_bad
from review.models import (
    Certificate,
    CertificateEnd,
    Certified,
    CertifiedAs,
    CertifiedUse,
    Decision,
    Dialogue,
)
from review.models.decisions import SAYING

# Places of dialogues to audit, which come after those of all waves.
AUDITS_FROM = 10**15


def may_revoke(decision: Decision) -> bool:
    """Whether a certificate may be over by this decision; the caller has a worker look. No question
    is asked of the database."""
    place = decision.assignment
    used = decision.dialogue.dataset.certified_use != CertifiedUse.NOTHING
    return place is not None and place.drawn and used


def suffices(dialogue: Dialogue, decisions: Iterable[Decision]) -> bool:
    """Whether all these decisions want what a certificate in force says, so that one is enough."""
    rows = Certified.objects.filter(
        dialogue=dialogue,
        round=dialogue.round,
        used_as=CertifiedAs.ONE_DECISION,
        certificate__in=Certificate.objects.in_force(),
    )
    certified = set(rows.values_list("candidate_id", flat=True))
    return all(decision.outcome() in certified for decision in decisions)


def take_note(dialogue: Dialogue) -> None:
    """Enters what the first person said who decided on a covered dialogue, or that nobody has who
    still stands by it. The dialogue is locked."""
    for row in Certified.objects.filter(dialogue=dialogue):
        first = _first_word(dialogue, row.round)
        row.good = None if first is None else _agrees(first, row.candidate_id)
        row.good_since = None if first is None else first.created
        row.save(update_fields=["good", "good_since"])


def _first_word(dialogue: Dialogue, round: int) -> Decision | None:
    said = Decision.objects.standing().filter(
        dialogue=dialogue, round=round, adjudication=False, verdict__in=SAYING
    )
    return said.order_by("pk").first()


def _agrees(decision: Decision, candidate: int) -> bool:
    return decision.candidate_id == candidate or decision.also.filter(pk=candidate).exists()


def revoke_if_bad(certificate: Certificate) -> bool:
    """Ends a certificate in force where too many of the last that people looked at were bad."""
    bad = last_audited(certificate)
    if not is_run_of_bad(bad, certificate.share):
        return False
    note = (
        f"Of the last {len(bad)} that people looked at, {sum(bad)} were bad: more than chance "
        f"explains where at most {100 * certificate.share:g}% of all are bad."
    )
    return bool(Certificate.objects.filter(pk=certificate.pk).end(CertificateEnd.REVOKED, note))


def last_audited(certificate: Certificate) -> list[bool]:
    """The last that people looked at, in the order in which they did, true where bad."""
    audited = certificate.dialogues.filter(used_as=CertifiedAs.AUDIT, good__isnull=False)
    newest = audited.order_by("-good_since", "-pk").values_list("good", flat=True)
    return [not good for good in newest[:LAST_AUDITED]][::-1]
