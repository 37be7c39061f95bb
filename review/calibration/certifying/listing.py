"""All certificates of a dataset, and what became of the dialogues that each covers."""

from dataclasses import dataclass, fields

from django.db.models import Count, Q

from review.calibration.certifying import spending
from review.calibration.certifying.certificates import in_words
from review.calibration.certifying.putting_back import STILL_APPROVED
from review.models import Certificate, Certified, CertifiedAs, Dataset


@dataclass(frozen=True)
class Counts:
    """What became of the dialogues that a certificate covers. Of the `audits`, which went to people
    by lot, `audited` are decided, and `bad` of these; `to_put_back` stand approved by it alone."""

    covered: int = 0
    accepted: int = 0
    one_decision: int = 0
    audits: int = 0
    audited: int = 0
    bad: int = 0
    put_back: int = 0
    to_put_back: int = 0


@dataclass(frozen=True)
class Listed:
    """`over_all` says of which tests its confidence is, where there are some before it."""

    certificate: Certificate
    words: str
    over_all: str
    waves: list[int]
    counts: Counts


def listed(dataset: Dataset) -> list[Listed]:
    """All certificates of a dataset with what became of them, the newest first."""
    rows = dataset.certificates.select_related("by", "ended_by", "put_back_by")
    found = list(rows.prefetch_related("waves"))
    counts = _counts(dataset)
    return [
        Listed(
            certificate=row,
            words=in_words(row, found),
            over_all=spending.over_all(spending.before(row, found)),
            waves=[wave.number for wave in row.waves.all()],
            counts=counts.get(row.pk, Counts()),
        )
        for row in found
    ]


def _counts(dataset: Dataset) -> dict[int, Counts]:
    """By the keys of certificates, of those that cover any."""
    audit = Q(used_as=CertifiedAs.AUDIT)
    rows = (
        Certified.objects.filter(certificate__dataset=dataset)
        .order_by()
        .values("certificate")
        .annotate(
            covered=Count("pk"),
            accepted=Count("pk", filter=Q(used_as=CertifiedAs.ACCEPTED)),
            one_decision=Count("pk", filter=Q(used_as=CertifiedAs.ONE_DECISION)),
            audits=Count("pk", filter=audit),
            audited=Count("pk", filter=audit & Q(good__isnull=False)),
            bad=Count("pk", filter=audit & Q(good=False)),
            put_back=Count("pk", filter=Q(put_back_at__isnull=False)),
            to_put_back=Count("pk", filter=STILL_APPROVED),
        )
    )
    found = rows.values_list("certificate", *_COUNTED)
    return {certificate: Counts(*counts) for certificate, *counts in found}


_COUNTED = [field.name for field in fields(Counts)]
