"""The reasons that reviewers choose from: checked, and kept for the record when they go."""

import re
from collections.abc import Mapping
from typing import Any

from django.db.models import Count

from review.errors import Invalid, InvalidFields
from review.models import Dataset, Decision, Verdict

Reason = dict[str, str]
CODE = re.compile(r"[a-z0-9-]{1,64}")
# With 1 to 9 a reviewer picks one.
MOST_REASONS = 9
LONGEST_LABEL = 120
SKIP = "skip"
# Kinds of the reasons in each list; one for passing a dialogue on has none.
KINDS = {"reject_reasons": ["rewrite", "dialogue"], "skip_reasons": []}
VERDICTS = {"reject_reasons": Verdict.REJECT, "skip_reasons": Verdict.SKIP}


def checked_reasons(field: str, value: Any) -> list[Reason]:
    """A list of reasons as it is kept. Raises `InvalidFields`: `reject_reasons.2.label`, ..."""
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise Invalid("Give a list of objects with `code` and `label`.")
    if not 1 <= len(value) <= MOST_REASONS:
        raise Invalid(f"Give 1 to {MOST_REASONS} reasons, so that each has a digit as its key.")
    wrong: dict[str, str] = {}
    for place, reason in enumerate(value):
        faults = _faults(field, reason)
        if reason.get("code") in [other.get("code") for other in value[:place]]:
            faults.setdefault("code", f"There are two reasons “{reason['code']}”. Rename one.")
        wrong.update({f"{field}.{place}.{name}": said for name, said in faults.items()})
    if wrong:
        raise InvalidFields(wrong)
    names = ["code", "label", "kind"] if KINDS[field] else ["code", "label"]
    return [{name: reason[name].strip() for name in names} for reason in value]


def _faults(field: str, reason: Mapping[str, Any]) -> dict[str, str]:
    faults = {}
    code, label, kinds = reason.get("code"), reason.get("label"), KINDS[field]
    if not isinstance(code, str) or not CODE.fullmatch(code):
        faults["code"] = "Give a code of 1 to 64 lower-case letters, digits and hyphens."
    is_text = isinstance(label, str) and label.strip() and "\x00" not in label
    if not is_text or len(str(label).strip()) > LONGEST_LABEL:
        faults["label"] = f"Give it words of 1 to {LONGEST_LABEL} characters."
    if kinds and reason.get("kind") not in kinds:
        faults["kind"] = f"Choose one of {', '.join(kinds)}."
    return faults


def check_kinds_stay(dataset: Dataset, wanted: list[Reason]) -> None:
    """What decisions were counted as stays: raises `InvalidFields` where a used reason would
    change its kind."""
    kinds = {reason["code"]: reason["kind"] for reason in dataset.all_reject_reasons()}
    moved = {
        place: reason["code"]
        for place, reason in enumerate(wanted)
        if kinds.get(reason["code"], reason["kind"]) != reason["kind"]
    }
    used = uses(dataset, "reject_reasons") if moved else {}
    wrong = {
        f"reject_reasons.{place}.kind": f"{_decisions(used[code])} this reason as one about the "
        f"{kinds[code]}. Keep it so, or add another reason."
        for place, code in moved.items()
        if code in used
    }
    if wrong:
        raise InvalidFields(wrong)


def uses(dataset: Dataset, field: str) -> dict[str, int]:
    """How many decisions give each reason of a list."""
    given = Decision.objects.filter(dialogue__dataset=dataset, verdict=VERDICTS[field])
    counted = given.exclude(reason="").values("reason").order_by().annotate(count=Count("pk"))
    return {row["reason"]: row["count"] for row in counted}


def removed(dataset: Dataset, field: str, wanted: list[Reason]) -> list[Reason]:
    """The reasons that a new list has no more."""
    kept = {reason["code"] for reason in wanted}
    return [reason for reason in getattr(dataset, field) if reason["code"] not in kept]


def farewells(dataset: Dataset, field: str, wanted: list[Reason]) -> list[str]:
    """A sentence for each reason that goes although decisions give it."""
    gone = removed(dataset, field, wanted)
    used = uses(dataset, field) if gone else {}
    return [
        f"{_decisions(used[reason['code']])} “{reason['label']}” as the reason: it is offered no "
        "more, and stays readable there."
        for reason in gone
        if reason["code"] in used
    ]


def retired(dataset: Dataset, field: str, wanted: list[Reason]) -> list[Reason]:
    """The retired reasons of a dataset once `wanted` is the list that is offered."""
    is_skip = field == "skip_reasons"
    offered = {reason["code"] for reason in wanted}
    past = [
        reason
        for reason in dataset.retired_reasons
        if (reason["kind"] == SKIP) != is_skip or reason["code"] not in offered
    ]
    gone = removed(dataset, field, wanted)
    return past + [{**reason, "kind": reason.get("kind", SKIP)} for reason in gone]


def _decisions(count: int) -> str:
    return "1 decision gives" if count == 1 else f"{count:,} decisions give"
