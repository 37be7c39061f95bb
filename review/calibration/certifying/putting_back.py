"""Having people decide on what a certificate approved: all of it, or one dialogue.

What a release holds stays approved, and so does what people have decided on since.
"""

from collections.abc import Iterable

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from review import bulk
from review.decisions import locked
from review.errors import Conflict
from review.models import (
    Approval,
    Certificate,
    Certified,
    CertifiedAs,
    Dialogue,
    Stage,
    User,
)
from review.models.dialogues import DialogueQuerySet
from review.permissions import check_can_adjudicate, check_can_administer
from review.stages import Event, advance_alike
from review.undoing import reopen, unsettled

BATCH = 500
# Of covered dialogues: what stands approved by the certificate, and can still be put back.
STILL_APPROVED = Q(
    used_as=CertifiedAs.ACCEPTED,
    put_back_at=None,
    round=F("dialogue__round"),
    dialogue__stage=Stage.APPROVED,
    dialogue__approval=Approval.CERTIFIED,
    dialogue__released=False,
)


def ask(*, certificate: Certificate, by: User) -> int:
    """Wants all that a certificate approved, which has ended, put back into the queue; how many
    there are now. The caller sends the task that does it."""
    check_can_administer(by, certificate.dataset)
    if certificate.is_in_force():
        raise Conflict(
            f"Certificate {certificate.number} is in force. Withdraw it before you put back what "
            "it approved."
        )
    count = approved_by(certificate).count()
    if not count:
        raise Conflict(f"Nothing that certificate {certificate.number} approved can be put back.")
    wanted = Certificate.objects.filter(pk=certificate.pk)
    wanted.update(put_back_asked=timezone.now(), put_back_by=by, put_back_done=None)
    return count


def put_back(certificate: Certificate) -> int:
    """Puts back what remains, a batch at a time; how many. May be done again."""
    done, last = 0, 0
    left = approved_by(certificate).order_by("pk").values_list("pk", flat=True)
    while keys := list(left.filter(pk__gt=last)[:BATCH]):
        done, last = done + _put_back(certificate, keys), keys[-1]
    Certificate.objects.filter(pk=certificate.pk).update(put_back_done=timezone.now())
    return done


def put_back_one(*, dialogue: Dialogue, by: User) -> None:
    """Has people decide on a dialogue that a certificate approved. Raises `Conflict`."""
    with transaction.atomic():
        row = locked(dialogue.pk)
        check_can_adjudicate(by, row.dataset)
        if row.approval != Approval.CERTIFIED:
            raise Conflict(f"Dialogue {row.external_id} is not approved by a certificate.")
        if row.released:
            raise Conflict(
                f"Dialogue {row.external_id} is part of a release; its approval stays as it is."
            )
        reopen(row)
        _note(Certified.objects.filter(dialogue=row, round=row.round), by)


def approved_by(certificate: Certificate) -> DialogueQuerySet:
    """What stands approved by a certificate and can still be put back."""
    rows = certificate.dialogues.filter(STILL_APPROVED)
    return Dialogue.objects.filter(pk__in=rows.values("dialogue"))


@transaction.atomic
def _put_back(certificate: Certificate, keys: list[int]) -> int:
    rows = Dialogue.objects.filter(
        pk__in=keys, stage=Stage.APPROVED, approval=Approval.CERTIFIED, released=False
    )
    dialogues = list(rows.order_by("pk").select_for_update())
    for alike in _by_traits(dialogues):
        advance_alike(alike, Event.REOPEN_SCORED, **unsettled(alike[0]))
    _note(certificate.dialogues.filter(dialogue__in=dialogues), certificate.put_back_by)
    return len(dialogues)


def _by_traits(dialogues: Iterable[Dialogue]) -> Iterable[list[Dialogue]]:
    """In groups of which the same becomes: few differ in what retrieval showed of them."""
    groups: dict[tuple[str, ...], list[Dialogue]] = {}
    for dialogue in dialogues:
        groups.setdefault(tuple(dialogue.traits), []).append(dialogue)
    return groups.values()


def _note(rows: "Iterable[Certified]", by: User | None) -> None:
    changed = list(rows)
    for row in changed:
        row.put_back_at, row.put_back_by = timezone.now(), by
    bulk.update(changed, ["put_back_at", "put_back_by"])
