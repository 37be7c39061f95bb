"""A certificate holds for the judges, rubric and rewriters it was tested with, and ends with them.

The doors through which others come ask here; of a new rubric `review.rubrics` knows itself.
"""

from collections.abc import Collection, Iterable

from review.calibration.conditions import Conditions, Judged, Wrote
from review.models import Certificate, CertificateEnd

OTHERS = "Its judges or rewriters are others now."


def watch(datasets: Collection[int], came: Iterable[tuple[int, Judged | Wrote]]) -> None:
    """Ends the certificates of datasets, by their keys, to which others than those it knows `came`
    with scores or candidates. Nothing of that is looked at where none is in force."""
    if not datasets:
        return
    watched = list(Certificate.objects.in_force().filter(dataset__in=datasets))
    if not watched:
        return
    seen: dict[int, set[Judged | Wrote]] = {}
    for dataset_id, one in came:
        seen.setdefault(dataset_id, set()).add(one)
    for certificate in watched:
        _compare(certificate, seen.get(certificate.dataset_id, set()))


def _compare(certificate: Certificate, seen: set[Judged | Wrote]) -> None:
    before = Conditions.from_json(certificate.conditions)
    judges = before.judges.union(one for one in seen if isinstance(one, Judged))
    rewriters = before.rewriters.union(one for one in seen if isinstance(one, Wrote))
    now = Conditions(judges, before.rubric, rewriters)
    if now != before:
        note = " ".join(now.changes_since(before)) or OTHERS
        Certificate.objects.filter(pk=certificate.pk).end(CertificateEnd.CHANGED, note)
