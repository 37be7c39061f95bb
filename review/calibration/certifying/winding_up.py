"""What waits as a certificate said waits as any other dialogue once it has ended, or is used
otherwise."""

from collections.abc import Iterator, Sequence

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from review.calibration.certifying.auditing import AUDITS_FROM
from review.models import Certificate, Certified, CertifiedAs, Dataset, Dialogue

BATCH = 500


def wind_up(certificate: Certificate) -> None:
    """Of a certificate that has ended: one decision is no longer enough, and what was to be looked
    at by lot waits its turn. What is decided stays. May be done again."""
    for keys in _batches(certificate.dialogues.filter(used_as=CertifiedAs.ONE_DECISION)):
        _need_all(keys)
    for keys in _batches(certificate.dialogues.filter(used_as=CertifiedAs.AUDIT, good=None)):
        _look_at_no_more(keys)
    Certificate.objects.filter(pk=certificate.pk).update(wound_up_at=timezone.now())


def begin_anew(dataset: Dataset) -> None:
    """The dataset uses its certificate otherwise than it did: what was left to one decision, and
    nobody has begun, is looked at once more, as is all that waits."""
    in_force = Certificate.objects.filter(dataset=dataset).in_force()
    for certificate in in_force:
        for keys in _batches(certificate.dialogues.filter(used_as=CertifiedAs.ONE_DECISION)):
            _forget(certificate, keys)
    in_force.update(walked_at=None)


def _batches(rows: QuerySet[Certified]) -> Iterator[list[int]]:
    keys = list(rows.order_by("dialogue").values_list("dialogue_id", flat=True))
    for start in range(0, len(keys), BATCH):
        yield keys[start : start + BATCH]


@transaction.atomic
def _need_all(keys: Sequence[int]) -> None:
    locked = _locked(keys)
    Dialogue.objects.filter(pk__in=locked, one_suffices=True).update(one_suffices=False)


@transaction.atomic
def _look_at_no_more(keys: Sequence[int]) -> None:
    locked = _locked(keys)
    Dialogue.objects.filter(pk__in=locked, drawn_place__gte=AUDITS_FROM).update(drawn_place=None)


@transaction.atomic
def _forget(certificate: Certificate, keys: Sequence[int]) -> None:
    rows = Dialogue.objects.filter(pk__in=_locked(keys), one_suffices=True, places_taken=0)
    untouched = list(rows.values_list("pk", flat=True))
    certificate.dialogues.filter(dialogue__in=untouched, good=None).delete()
    Dialogue.objects.filter(pk__in=untouched).update(one_suffices=False)


def _locked(keys: Sequence[int]) -> list[int]:
    """In the order of their keys, so that two batches never deadlock."""
    rows = Dialogue.objects.select_for_update(no_key=True).filter(pk__in=keys).order_by("pk")
    return list(rows.values_list("pk", flat=True))
