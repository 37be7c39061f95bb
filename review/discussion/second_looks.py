"""Decisions made under old guidelines, sent back to their reviewers for a second look.

An admin asks for it once; a worker sends them back a slice at a time. What remains follows from the
decisions themselves, so that a worker may die at any moment.
"""

from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models import Count, Exists, F, OuterRef, QuerySet
from django.utils import timezone

from review.discussion.sending_back import checked_comment, send_back_many
from review.errors import Conflict, Invalid
from review.locking import held
from review.models import Dataset, Decision, SecondLook, User
from review.models.decisions import SETTLING, DecisionQuerySet
from review.permissions import check_can_administer

# The first number of PostgreSQL's advisory locks on sending back, one lock per second look.
SENDING = 20_261_127
SLICE = 50


@dataclass(frozen=True)
class Under:
    """How many decisions that can be sent back were made under an old version, and whether they
    are being sent."""

    version: int
    decisions: int
    look: SecondLook | None


def made_under_old(dataset: Dataset) -> list[Under]:
    """By version, the newest first."""
    counts = (
        _open_to_look(dataset)
        .filter(saw__guidelines_version__lt=dataset.guidelines_version)
        .order_by()
        .values_list("saw__guidelines_version")
        .annotate(decisions=Count("pk"))
    )
    looks = {look.version: look for look in dataset.second_looks.unfinished()}
    found = {version: Under(version, number, looks.get(version)) for version, number in counts}
    return sorted(found.values(), key=lambda under: -under.version)


def ask(*, dataset: Dataset, version: int, comment: str, by: User) -> SecondLook:
    """Asks for a second look at all that was decided under an old version; the caller sends the
    task that does it. Raises `Invalid` without a comment, `Conflict` where there is nothing."""
    check_can_administer(by, dataset)
    comment = checked_comment(comment)
    if version >= dataset.guidelines_version:
        raise Invalid(f"Version {version} of the guidelines is no old one.", field="version")
    decisions = _open_to_look(dataset).filter(saw__guidelines_version=version).count()
    if not decisions:
        raise Conflict(f"No decision under version {version} can be sent back any more.")
    try:
        with transaction.atomic():
            return SecondLook.objects.create(
                dataset=dataset, version=version, comment=comment, by=by, decisions=decisions
            )
    except IntegrityError:
        raise Conflict(
            f"The decisions under version {version} are being sent back already."
        ) from None


def send(look: SecondLook) -> None:
    """Sends back what remains of a second look; nothing where another worker is at it."""
    with held(SENDING, look.pk) as is_ours:
        if not is_ours:
            return
        last = 0
        while some := list(_remaining(look).filter(pk__gt=last)[:SLICE]):
            came = send_back_many(decisions=some, comment=look.comment, by=look.by)
            SecondLook.objects.filter(pk=look.pk).update(sent=F("sent") + came.sent)
            last = some[-1].pk
        SecondLook.objects.filter(pk=look.pk, ended_at=None).update(ended_at=timezone.now())


def unfinished() -> QuerySet[SecondLook]:
    return SecondLook.objects.unfinished()


def _remaining(look: SecondLook) -> DecisionQuerySet:
    """Those of a second look that stand: what was decided since it was asked for is not of it."""
    rows = _open_to_look(look.dataset).filter(saw__guidelines_version=look.version)
    return rows.filter(created__lte=look.created).select_related("reviewer").order_by("pk")


def _open_to_look(dataset: Dataset) -> DecisionQuerySet:
    """Standing decisions on which nothing was built: not adjudicated since, and not released."""
    settled = Decision.objects.filter(
        dialogue=OuterRef("dialogue"), round=OuterRef("round"), adjudication=True
    )
    rows = Decision.objects.standing().filter(
        dialogue__dataset=dataset,
        dialogue__released=False,
        dialogue__round=F("round"),
        adjudication=False,
        verdict__in=SETTLING,
    )
    return rows.exclude(Exists(settled))
