"""What a certificate in force covers: approved without a person, left to one decision, or, by lot,
looked at by people all the same.

Dialogues are covered in batches, each whole or not at all. A person who claims one at that moment
has it: whoever has it locked is passed over, and so is what somebody holds. It is the panel's word
of the moment that counts, since all that changes it locks the dialogue first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, F, Max, OuterRef, Q
from django.utils import timezone

from review import bulk, rubrics
from review.calibration.certifying.auditing import AUDITS_FROM, revoke_if_bad
from review.calibration.certifying.winding_up import wind_up
from review.calibration.conditions import Conditions, Panel, panels_of
from review.events import announce_approval
from review.locking import held
from review.lots import lot
from review.models import (
    Approval,
    Candidate,
    Certificate,
    Certified,
    CertifiedAs,
    CertifiedUse,
    Dataset,
    Dialogue,
    Judgement,
    Stage,
)
from review.models.dialogues import DialogueQuerySet
from review.retrieval import never_checked
from review.stages import Event, advance_each
from review.validators import blocked

# The first number of PostgreSQL's advisory locks on applying, one lock per dataset.
APPLYING = 20_261_201
BATCH = 500
# One in twenty goes to people.
AUDITED = 1 / 20
# What nobody has judged since may still have become free: a place was given back.
WALK_AGAIN = timedelta(minutes=15)
USES = {
    CertifiedUse.ACCEPT: CertifiedAs.ACCEPTED,
    CertifiedUse.ONE_DECISION: CertifiedAs.ONE_DECISION,
}


def apply(dataset: Dataset) -> int:
    """Covers what waits and has not been looked at yet, unless another worker is at it; how many.

    What waited under certificates that have ended is let go first, and one that a run of bad ones
    speaks against ends.
    """
    with held(APPLYING, dataset.pk) as is_ours:
        if not is_ours:
            return 0
        for ended in Certificate.objects.filter(dataset=dataset).not_wound_up():
            wind_up(ended)
        certificate = Certificate.objects.filter(dataset=dataset).in_force().first()
        if certificate is None or revoke_if_bad(certificate):
            return 0
        return _walk(certificate)


def _walk(certificate: Certificate) -> int:
    began, newest = timezone.now(), Judgement.objects.aggregate(last=Max("pk"))["last"] or 0
    if not _is_due(certificate, newest):
        return 0
    keys = list(waiting(certificate).order_by("pk").values_list("pk", flat=True))
    covered = 0
    for start in range(0, len(keys), BATCH):
        step = cover(certificate_id=certificate.pk, keys=keys[start : start + BATCH])
        if step is None:
            return covered
        covered += step
    Certificate.objects.filter(pk=certificate.pk).update(walked_at=began, walked_to=newest)
    return covered


def _is_due(certificate: Certificate, newest: int) -> bool:
    dataset = Dataset.objects.get(pk=certificate.dataset_id)
    if dataset.certified_use not in USES or rubrics.awaiting().filter(pk=dataset.pk).exists():
        return False
    walked = certificate.walked_at
    return walked is None or newest > certificate.walked_to or walked < timezone.now() - WALK_AGAIN


def may_cover(certificate: Certificate) -> int:
    """How many dialogues wait with such a score: so many at most would be covered now."""
    return waiting(certificate).count()


def waiting(certificate: Certificate) -> DialogueQuerySet:
    """What it may cover, by the score alone: nobody is at work on it, none has put it back, and it
    was not covered before."""
    rows = Certified.objects.filter(dialogue=OuterRef("pk"))
    here = Q(certificate=certificate) | Q(round=OuterRef("round"), put_back_at__isnull=False)
    return Dialogue.objects.filter(
        dataset=certificate.dataset_id,
        stage=Stage.JUDGED,
        places_taken=0,
        drawn_place=None,
        panel_score__gte=certificate.covers_from,
    ).exclude(Exists(rows.filter(here)))


@transaction.atomic
def cover(*, certificate_id: int, keys: Sequence[int]) -> int | None:
    """Covers what can be of some dialogues, all at once; how many. None where the certificate has
    ended, or is no longer used."""
    # Whoever ends it waits for this batch, and nothing is covered after the end.
    rows = Certificate.objects.select_for_update(no_key=True, of=("self",)).in_force()
    certificate = rows.select_related("dataset").filter(pk=certificate_id).first()
    if certificate is None or certificate.dataset.certified_use not in USES:
        return None
    free = waiting(certificate).filter(pk__in=list(keys)).order_by("pk").select_related("dataset")
    dialogues = {row.pk: row for row in free.select_for_update(skip_locked=True, of=("self",))}
    covered = _covered(certificate, dialogues)
    _enter(certificate, covered)
    for used_as, use in _USED.items():
        use([one for one in covered if one.used_as == used_as])
    return len(covered)


@dataclass(frozen=True)
class _Covered:
    dialogue: Dialogue
    candidate: int
    score: float
    used_as: CertifiedAs


def _covered(certificate: Certificate, dialogues: dict[int, Dialogue]) -> list[_Covered]:
    """Those that the very panel scored which was tested, each with its best candidate."""
    conditions = Conditions.from_json(certificate.conditions)
    panels = {
        key: panel
        for key, panel in panels_of(list(dialogues)).items()
        if panel.score >= certificate.covers_from and conditions.covers(panel)
    }
    left = _left_to_people(certificate, dialogues, panels)
    return [
        _Covered(dialogue, panel.candidate, panel.score, _used_as(certificate, dialogue))
        for key, dialogue in dialogues.items()
        if (panel := panels.get(key)) and key not in left
    ]


def _left_to_people(
    certificate: Certificate, dialogues: dict[int, Dialogue], panels: dict[int, Panel]
) -> set[int]:
    """Those whose best candidate a validator of the dataset blocks: it takes a person, and their
    reason, to approve such a one. Leaving them out can only lower the share of bad ones."""
    if USES[CertifiedUse(certificate.dataset.certified_use)] != CertifiedAs.ACCEPTED:
        return set()
    texts = Candidate.objects.in_bulk([panel.candidate for panel in panels.values()])
    return {
        key for key, panel in panels.items() if blocked(dialogues[key], texts[panel.candidate].text)
    }


def _used_as(certificate: Certificate, dialogue: Dialogue) -> CertifiedAs:
    dataset = certificate.dataset
    if lot(dataset.seed, "audit", certificate.number, dialogue.external_id) < AUDITED:
        return CertifiedAs.AUDIT
    return USES[CertifiedUse(dataset.certified_use)]


def _enter(certificate: Certificate, covered: Sequence[_Covered]) -> None:
    now = timezone.now()
    bulk.insert(
        [
            Certified(
                certificate=certificate,
                dialogue=one.dialogue,
                round=one.dialogue.round,
                candidate_id=one.candidate,
                score=one.score,
                used_as=one.used_as,
                created=now,
            )
            for one in covered
        ]
    )


def _accept(covered: Sequence[_Covered]) -> None:
    if not covered:
        return
    now = timezone.now()
    dialogues = [one.dialogue for one in covered]
    for one in covered:
        dialogue = one.dialogue
        dialogue.approved_candidate_id = one.candidate
        dialogue.approval, dialogue.settled_at = Approval.CERTIFIED, now
        dialogue.checks_due, dialogue.traits_due = bool(dialogue.target_images), True
        # Of a check in an earlier round; what that found of its rewrite is gone already.
        for column, value in never_checked().items():
            setattr(dialogue, column, value)
    advance_each(dialogues, Event.APPROVE, _APPROVED)
    # One of them is enough to have all that wait checked.
    announce_approval(dialogues[0])


_APPROVED = [
    *("approved_candidate", "approval", "settled_at", "checks_due", "traits_due"),
    *never_checked(),
]


def _leave_to_one(covered: Sequence[_Covered]) -> None:
    Dialogue.objects.filter(pk__in=_keys(covered)).update(one_suffices=True)


def _audit(covered: Sequence[_Covered]) -> None:
    Dialogue.objects.filter(pk__in=_keys(covered)).update(drawn_place=F("pk") + AUDITS_FROM)


def _keys(covered: Sequence[_Covered]) -> list[int]:
    return [one.dialogue.pk for one in covered]


_USED = {
    CertifiedAs.ACCEPTED: _accept,
    CertifiedAs.ONE_DECISION: _leave_to_one,
    CertifiedAs.AUDIT: _audit,
}
