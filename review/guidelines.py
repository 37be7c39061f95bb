"""The guidelines of a dataset: saved as versions, confirmed by each member, shown as text.

A version is never changed. The one in force stands in the dataset as well, where every claim looks.
"""

from dataclasses import dataclass

from django.db import transaction

from review.errors import Conflict, Invalid, Missing, NotAllowed
from review.models import Dataset, Guidelines, Membership, User
from review.permissions import check_can_administer
from review.wording.changes import Change, changes, in_short

LONGEST_TEXT = 50_000
LONGEST_SUMMARY = 500


@dataclass(frozen=True)
class Unread:
    """The version in force, for a member who has not confirmed it.

    `known` is the one that they confirmed last, None for a newcomer; `changes` lead from it, and
    `summaries` are what was said of each version since.
    """

    version: Guidelines
    known: Guidelines | None
    changes: list[Change]
    summaries: list[Guidelines]


@transaction.atomic
def save(*, dataset: Dataset, text: str, by: User | None, summary: str = "") -> Guidelines | None:
    """A new version, in force at once; the present one where the text is the same.

    None where there was no text and still is none. `by` is None where no person wrote it.
    """
    if by is not None:
        check_can_administer(by, dataset)
    text, summary = _checked(text, summary)
    # One at a time per dataset, or two would take the same number.
    row = Dataset.objects.select_for_update(no_key=True).get(pk=dataset.pk)
    newest = row.guidelines_versions.first()
    if text == row.guidelines:
        return newest
    version = newest.version + 1 if newest else 1
    saved = Guidelines.objects.create(
        dataset=row, version=version, text=text, summary=summary, by=by
    )
    dataset.guidelines, dataset.guidelines_version = text, version
    dataset.save(update_fields=["guidelines", "guidelines_version"])
    return saved


def _checked(text: str, summary: str) -> tuple[str, str]:
    text = text.replace("\r\n", "\n").strip()
    summary = summary.strip()
    for name, value, most in (("text", text, LONGEST_TEXT), ("summary", summary, LONGEST_SUMMARY)):
        if len(value) > most:
            raise Invalid(
                f"The {name} has {len(value):,} characters, the most is {most:,}.", field=name
            )
        if "\x00" in value:
            raise Invalid(f"The {name} has a NUL character. Remove it.", field=name)
    return f"{text}\n" if text else "", summary


@transaction.atomic
def confirm(*, dataset: Dataset, by: User, version: int) -> Membership:
    """Keeps that a member has read the version in force. Raises `Conflict` for any other."""
    row = Dataset.objects.select_for_update(no_key=True).get(pk=dataset.pk)
    membership = dataset.memberships.filter(user=by, paused=False).first()
    if membership is None:
        raise NotAllowed("Only members of this dataset confirm its guidelines.")
    if version != row.guidelines_version:
        raise Conflict(
            f"Version {row.guidelines_version} of the guidelines is in force, not {version}. "
            "Read that one."
        )
    membership.guidelines_confirmed = version
    membership.save(update_fields=["guidelines_confirmed"])
    return membership


def unread(membership: Membership) -> Unread | None:
    """What a member has to read before they go on; None where they have."""
    if membership.knows_guidelines():
        return None
    versions = membership.dataset.guidelines_versions.select_related("by")
    version = versions.get(version=membership.dataset.guidelines_version)
    known = versions.filter(version=membership.guidelines_confirmed).first()
    since = versions.filter(version__gt=membership.guidelines_confirmed).exclude(summary="")
    return Unread(
        version=version,
        known=known,
        changes=in_short(changes(known.text, version.text)) if known else [],
        summaries=list(since) if known else [],
    )


def version_of(dataset: Dataset, version: int) -> Guidelines:
    """One version. Raises `Missing`."""
    found = dataset.guidelines_versions.select_related("by").filter(version=version).first()
    if found is None:
        raise Missing(
            f"The guidelines of {dataset.slug} have no version {version}. See the list of versions."
        )
    return found
