"""What each field of a policy takes. Values are those of JSON: a truth value is no number."""

import math
from collections.abc import Callable, Collection, Mapping
from typing import Any

from review.errors import Invalid, InvalidFields
from review.models import Arm, CertifiedUse, Dataset, HideUntil, QueueOrder, Takers
from review.policy.reasons import checked_reasons
from review.validators import RULES, Level

# All arms but the plain one, which has the rest of the places.
ARMS = [arm for arm in Arm if arm != Arm.PLAIN]
MOST_DECISIONS = 5
MOST_CONTROL = 0.5
Check = Callable[[Any], Any]


def checked(dataset: Dataset, changes: Mapping[str, Any]) -> dict[str, Any]:
    """The wanted value of each changed field. Raises `InvalidFields` with all that is wrong.

    `arms` and `validators` name what is to change; the others of them stay.
    """
    wrong: dict[str, str] = {}
    wanted: dict[str, Any] = {}
    for name, value in changes.items():
        try:
            wanted[name] = _checked(dataset, name, value)
        except InvalidFields as refusal:
            wrong.update(refusal.fields)
        except Invalid as refusal:
            wrong[refusal.field or name] = str(refusal)
    if "decisions_needed" not in wrong:
        wrong = {**_together(dataset, wanted), **wrong}
    if wrong:
        raise InvalidFields(wrong)
    return wanted


def _checked(dataset: Dataset, name: str, value: Any) -> Any:
    if name in MERGED:
        merged = {**getattr(dataset, name), **MERGED[name](value)}
        return {code: one for code, one in merged.items() if one != 0}  # an arm without a share
    if name not in CHECKS:
        raise Invalid(f"A policy has no “{name}”. It has {', '.join(FIELDS)}.")
    return CHECKS[name](value)


def _together(dataset: Dataset, wanted: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with fields that are right one by one."""
    wrong = {}
    needed = wanted.get("decisions_needed", dataset.decisions_needed)
    quorum = wanted.get("quorum", dataset.quorum)
    if quorum is not None and quorum > needed:
        wrong["quorum"] = (
            f"Of {needed} {'decision' if needed == 1 else 'decisions'} no {quorum} can agree. "
            f"Give at most {needed}, or nothing for all."
        )
    shares = wanted.get("arms", {}).values()
    if sum(shares) > 1 + 1e-9:
        wrong["arms"] = (
            f"The arms take {sum(shares):.0%} of the places together. Leave it at 100% or less."
        )
    return wrong


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Invalid("Say true or false.")
    return value


def _whole(least: int, most: int) -> Check:
    def check(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise Invalid(f"Give a whole number from {least} to {most:,}.")
        return value

    return check


def _share(most: float = 1.0) -> Check:
    def check(value: Any) -> float:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not math.isfinite(value) or not 0 <= value <= most:
            raise Invalid(f"Give a share from 0 to {most:g} (0% to {most:.0%}).")
        return float(value)

    return check


def _margin(value: Any) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not 0 <= value <= 1:
        raise Invalid("Give a number from 0 to 1: how far 1 divided by the rank must move.")
    return float(value)


def _quorum(value: Any) -> int | None:
    return None if value is None else _whole(1, MOST_DECISIONS)(value)


def _one_of(choices: Collection[str]) -> Check:
    def check(value: Any) -> str:
        if not isinstance(value, str) or value not in choices:
            raise Invalid(f"Choose one of {', '.join(choices)}.")
        return value

    return check


def _by_code(field: str, codes: Collection[str], check: Check) -> Check:
    """A value for some of the codes."""

    def check_all(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise Invalid(f"Give an object with some of {', '.join(codes)}.")
        wrong, right = {}, {}
        for code, one in value.items():
            try:
                right[_one_of(codes)(code)] = check(one)
            except Invalid as refusal:
                wrong[f"{field}.{code}"] = str(refusal)
        if wrong:
            raise InvalidFields(wrong)
        return right

    return check_all


CHECKS: dict[str, Check] = {
    "decisions_needed": _whole(1, MOST_DECISIONS),
    "quorum": _quorum,
    "needs_scores": _truth,
    "dispute_when_worse": _truth,
    "check_margin": _margin,
    "leave_out_shown": _truth,
    "hide_authors": _truth,
    "hide_scores": _truth,
    "hide_until": _one_of(HideUntil.values),
    "shuffle_candidates": _truth,
    "queue_order": _one_of(QueueOrder.values),
    "takers": _one_of(Takers.values),
    "most_words": _whole(1, 500),
    "reject_reasons": lambda value: checked_reasons("reject_reasons", value),
    "skip_reasons": lambda value: checked_reasons("skip_reasons", value),
    "control_rate": _share(MOST_CONTROL),
    "control_threshold": _share(),
    "quiz_size": _whole(0, 50),
    "quiz_pass": _share(),
    "lease_minutes": _whole(1, 1440),
    "certified_use": _one_of(CertifiedUse.values),
}
MERGED: dict[str, Check] = {
    "arms": _by_code("arms", [arm.value for arm in ARMS], _share()),
    "validators": _by_code("validators", list(RULES), _one_of([level.value for level in Level])),
}
FIELDS = [*CHECKS, *MERGED]
