"""The tasks that apply certificates, revoke them, and let go what waits under those that ended."""

from celery import shared_task
from django.db.models import Exists, OuterRef, Q, QuerySet

from review.calibration.certifying import applying, putting_back
from review.models import Certificate, CertifiedUse, Dataset
from review.publishing import SafelySent

SWEEP_EXPIRES_SECONDS = 30.0


@shared_task(base=SafelySent)
def tend_certificates(dataset_id: int) -> None:
    """All that is due of a dataset's certificates."""
    dataset = Dataset.objects.filter(pk=dataset_id).first()
    if dataset is None:
        return
    for certificate in Certificate.objects.filter(dataset=dataset).putting_back():
        putting_back.put_back(certificate)
    applying.apply(dataset)


@shared_task(base=SafelySent)
def sweep_certificates() -> None:
    """Finds datasets with a certificate at work: dialogues were scored since, a message was lost,
    or a worker died."""
    for dataset_id in _at_work().values_list("pk", flat=True):
        # Where all workers are busy, tasks of many sweeps must not pile up.
        tend_certificates.apply_async((dataset_id,), expires=SWEEP_EXPIRES_SECONDS)


def _at_work() -> QuerySet[Dataset]:
    own = Certificate.objects.filter(dataset=OuterRef("pk"))
    used = ~Q(certified_use=CertifiedUse.NOTHING) & Exists(own.in_force())
    return Dataset.objects.filter(used | Exists(own.not_wound_up()) | Exists(own.putting_back()))
