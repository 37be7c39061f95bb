"""Changing a policy: one function for the page and the API."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from review.models import Dataset, PolicyChange, User
from review.permissions import check_can_administer
from review.policy.effects import reaches_open_work
from review.policy.reasons import KINDS, check_kinds_stay, retired
from review.policy.rules import FIELDS, checked


def values(dataset: Dataset) -> dict[str, Any]:
    """The whole policy, by field."""
    return {name: getattr(dataset, name) for name in FIELDS}


@transaction.atomic
def save(*, dataset: Dataset, changes: Mapping[str, Any], by: User) -> PolicyChange | None:
    """Changes the named fields of a policy; the record of what changed, None where nothing did.

    What is decided stays. Where the change is not `applied` yet, the caller sends the task that
    makes open work follow it. Raises `InvalidFields`.
    """
    check_can_administer(by, dataset)
    # One change at a time, or the record would miss a step.
    current = Dataset.objects.select_for_update(no_key=True).get(pk=dataset.pk)
    wanted = checked(current, changes)
    if "reject_reasons" in wanted:
        check_kinds_stay(current, wanted["reject_reasons"])
    before = {name: old for name in wanted if (old := getattr(current, name)) != wanted[name]}
    if not before:
        return None
    after = {name: wanted[name] for name in before}
    _set(current, after)
    return PolicyChange.objects.create(
        dataset=current,
        by=by,
        before=before,
        after=after,
        applied=None if reaches_open_work(before) else timezone.now(),
    )


def _set(dataset: Dataset, wanted: dict[str, Any]) -> None:
    changed = dict(wanted)
    for field in KINDS:
        if field in wanted:
            dataset.retired_reasons = retired(dataset, field, wanted[field])
            changed["retired_reasons"] = dataset.retired_reasons
    if "queue_order" in wanted:
        changed["queue_ordered"] = False
    for name, value in changed.items():
        setattr(dataset, name, value)
    dataset.save(update_fields=list(changed))
