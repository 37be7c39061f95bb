"""The form of a review policy: every field in its group, and the reasons as rows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.text import slugify

from review import policy
from review.errors import InvalidFields
from review.models import Dataset
from review.policy.reasons import KINDS, MOST_REASONS
from review.policy.wording import (
    ARM_HIDES,
    CERTIFIED_USES,
    LABELS,
    LEVELS,
    ORDERS,
    TAKERS,
    UNTIL,
    VALIDATORS,
)

BLANK_ROWS = 2


class Whole(forms.IntegerField):
    default_error_messages = {"required": "Give a number.", "invalid": "Give a whole number."}


class Decimal(forms.FloatField):
    default_error_messages = {"required": "Give a number.", "invalid": "Give a number."}

    def prepare_value(self, value: Any) -> Any:
        return f"{value:g}" if isinstance(value, float) else value


class Percent(forms.FloatField):
    """A share as people write it: 10 for a tenth."""

    default_error_messages = {"required": "Give a number, 0 for none.", "invalid": "Give a number."}

    def prepare_value(self, value: Any) -> Any:
        return f"{round(value * 100, 4):g}" if isinstance(value, float) else value

    def clean(self, value: Any) -> float:
        return round(super().clean(value) / 100, 6)


def _whole(label: str, most: int, help_text: str, *, required: bool = True) -> Whole:
    widget = forms.NumberInput(attrs={"min": 0, "max": most})
    return Whole(label=label, help_text=help_text, required=required, widget=widget)


def _percent(label: str, help_text: str = "") -> Percent:
    widget = forms.NumberInput(attrs={"min": 0, "max": 100, "step": "any"})
    return Percent(label=label, help_text=help_text, widget=widget)


def _tick(label: str, help_text: str = "") -> forms.BooleanField:
    return forms.BooleanField(label=label, help_text=help_text, required=False)


def _choice(label: str, choices: Mapping[Any, str], help_text: str = "") -> forms.ChoiceField:
    pairs = [(str(value), words) for value, words in choices.items()]
    return forms.ChoiceField(
        label=label,
        help_text=help_text,
        choices=pairs,
        error_messages={"invalid_choice": "Choose one of the list.", "required": "Choose one."},
    )


FIELDS: dict[str, forms.Field] = {
    "decisions_needed": _whole(
        LABELS["decisions_needed"], 5, "1 to 5. Two and more are made without seeing the others."
    ),
    "quorum": _whole(
        LABELS["quorum"],
        5,
        "Empty: all. Where fewer agree, an adjudicator decides.",
        required=False,
    ),
    "dispute_when_worse": _tick(
        "An adjudicator looks at approved rewrites that find their target worse",
        "Each approved rewrite is checked: does it find its image better than the final query?",
    ),
    "check_margin": Decimal(
        label="How far 1 divided by the rank must move to count",
        help_text="0 to 1. With 0.001 each place counts down to about the 30th, ten places count "
        "near the 100th, and below the 1,000th none does.",
        widget=forms.NumberInput(attrs={"min": 0, "max": 1, "step": "any"}),
    ),
    "leave_out_shown": _tick(
        "Leave out the images that a dialogue shows",
        "Who has them before their eyes does not look for them. Else a rewrite that names one "
        "finds it before its target.",
    ),
    "queue_order": _choice(
        "Which comes first", ORDERS, "Scored dialogues come before the others in any order."
    ),
    "needs_scores": _tick("Dialogues wait until judges have scored them"),
    "takers": _choice(
        LABELS["takers"], TAKERS, "Adjudicators and admins settle disputes in any case."
    ),
    "hide_authors": _tick("Hide who wrote each candidate"),
    "hide_scores": _tick("Hide the scores of the judges"),
    "hide_until": _choice(
        "That, and what others decided, is seen once",
        UNTIL,
        "The later, the less people lead each other.",
    ),
    "shuffle_candidates": _tick(
        "Shuffle the candidates for each reviewer",
        "Where scores are hidden they are shuffled in any case, so that the order tells nothing.",
    ),
    "arms-blind": _percent("Scores", "% of the places. One in ten is usual."),
    "arms-unaided": _percent("Candidates", "% of the places, until a rewrite is written."),
    "arms-no-target": _percent("Target image", "% of the places."),
    "arms-no-retrieval": _percent("What a text would find", "% of the places."),
    **{
        f"validators-{code}": _choice(f"If it {words}", LEVELS)
        for code, words in VALIDATORS.items()
    },
    "most_words": _whole("Too long: more words than", 500, "1 to 500."),
    "quiz_size": _whole("Dialogues in the quiz", 50, "0: none. A new reviewer decides them first."),
    "quiz_pass": _percent("Passed with", "% of them right."),
    "control_rate": _percent("Hidden controls", "% of the dialogues at the desk, at most 50."),
    "control_threshold": _percent("Tell the admins below", "% of them right."),
    "certified_use": _choice(
        "What they are used for",
        CERTIFIED_USES,
        "For what they cover. One in twenty goes to people all the same, and a run of bad ones "
        "revokes the certificate.",
    ),
    "lease_minutes": _whole(
        "Minutes", 1440, "1 to 1,440. Every sign of life at the desk begins them anew."
    ),
}
GROUPS = [
    (
        "How many decisions",
        "More decisions cost more time, and tell how far people agree.",
        ["decisions_needed", "quorum"],
    ),
    (
        "The retrieval check",
        "How an approved rewrite is compared with the final query. Checks made before keep their "
        "outcome until a check run renews them.",
        ["check_margin", "leave_out_shown", "dispute_when_worse"],
    ),
    (
        "Which dialogue first, and to whom",
        "Dialogues that somebody has begun come before all others.",
        ["queue_order", "takers", "needs_scores"],
    ),
    (
        "What reviewers see",
        "What is hidden is hidden in the API too.",
        ["hide_authors", "hide_scores", "hide_until", "shuffle_candidates"],
    ),
    (
        "Arms",
        "In a share of the places, drawn by lot when they are claimed, one of these is hidden, "
        "so that a release can say how much it leads people. All others see what the policy shows.",
        ["arms-blind", "arms-unaided", "arms-no-target", "arms-no-retrieval"],
    ),
    (
        "Checks on the text",
        "What happens before a rewrite is approved. An empty one never is.",
        [*(f"validators-{code}" for code in VALIDATORS), "most_words"],
    ),
    ("Reasons", "What reviewers choose from, with the keys 1 to 9 in this order.", []),
    (
        "Practice and control",
        "On dialogues whose outcome is known: those decisions settle nothing.",
        ["quiz_size", "quiz_pass", "control_rate", "control_threshold"],
    ),
    (
        "Certificates",
        "A certificate says from which panel score on rewrites can be trusted. It is tested under "
        "Calibration, and ends when judges, rubric or rewriters change.",
        ["certified_use"],
    ),
    (
        "Leases",
        "How long a claimed dialogue is kept for a reviewer who shows no sign of life.",
        ["lease_minutes"],
    ),
]


@dataclass
class ReasonRow:
    """One reason as the form has it. A new one has no code yet."""

    prefix: str
    code: str = ""
    label: str = ""
    kind: str = ""
    removed: bool = False
    errors: list[str] = field(default_factory=list)

    def is_blank(self) -> bool:
        return not self.code and not self.label


@dataclass(frozen=True)
class Reasons:
    """One of the two lists of reasons."""

    name: str
    title: str
    rows: list[ReasonRow]
    errors: list[str] = field(default_factory=list)

    def kinds(self) -> list[str]:
        return KINDS[self.name]

    def kept(self) -> list[ReasonRow]:
        return [row for row in self.rows if not row.removed and not row.is_blank()]


@dataclass(frozen=True)
class Group:
    """Fields that belong together, as bound to the form."""

    title: str
    intro: str
    fields: list[forms.BoundField]
    reasons: list[Reasons]


class PolicyForm(forms.Form):
    """Names are those of the policy; `arms-blind` is the share of an arm."""

    def __init__(self, data: QueryDict | None = None, *, dataset: Dataset) -> None:
        super().__init__(data, initial=_initial(dataset))
        self.fields |= {name: _copied(one) for name, one in FIELDS.items()}
        self.reasons = [
            Reasons("reject_reasons", "To reject", list(_rows("reject_reasons", dataset, data))),
            Reasons("skip_reasons", "To skip", list(_rows("skip_reasons", dataset, data))),
        ]

    def groups(self) -> list[Group]:
        return [
            Group(title, intro, [self[name] for name in names], [] if names else self.reasons)
            for title, intro, names in GROUPS
        ]

    def changes(self) -> dict[str, Any]:
        """What was sent, as the policy has it."""
        changes: dict[str, Any] = {"arms": {}, "validators": {}}
        for name, value in self.cleaned_data.items():
            whole, _, code = name.partition("-")
            if code:
                changes[whole][code] = value
            else:
                changes[name] = value
        for reasons in self.reasons:
            changes[reasons.name] = _as_kept(reasons)
        return changes

    def refuse(self, refusal: InvalidFields) -> None:
        """Says at each field what is wrong with it."""
        for name, said in refusal.fields.items():
            whole, _, part = name.partition(".")
            lists = [reasons for reasons in self.reasons if reasons.name == whole]
            if lists:
                self._refuse_reason(lists[0], part, said)
            elif name == "arms":
                self.add_error("arms-blind", said)
            else:
                self.add_error(f"{whole}-{part}" if part else whole, said)

    def _refuse_reason(self, reasons: Reasons, part: str, said: str) -> None:
        place = part.partition(".")[0]
        (reasons.kept()[int(place)].errors if place else reasons.errors).append(said)
        self.add_error(None, "A reason needs another look, see below.")


def _copied(one: forms.Field) -> forms.Field:
    return one.__deepcopy__({})


def _initial(dataset: Dataset) -> dict[str, Any]:
    values = policy.values(dataset)
    arms = {f"arms-{arm}": float(dataset.arms.get(arm, 0)) for arm in ARM_HIDES}
    checks = {f"validators-{code}": dataset.validators.get(code, "off") for code in VALIDATORS}
    return {**values, **arms, **checks}


def _rows(name: str, dataset: Dataset, data: QueryDict | None) -> Iterator[ReasonRow]:
    if data is not None:
        yield from _posted_rows(name, data)
        return
    kept = getattr(dataset, name)
    for place, reason in enumerate(kept):
        yield ReasonRow(f"{name}-{place}", **reason)
    for place in range(len(kept), min(len(kept) + BLANK_ROWS, MOST_REASONS)):
        yield ReasonRow(f"{name}-{place}")


def _posted_rows(name: str, data: QueryDict) -> Iterator[ReasonRow]:
    for place in range(MOST_REASONS):
        prefix = f"{name}-{place}"
        if f"{prefix}-label" in data:
            yield ReasonRow(
                prefix,
                code=data.get(f"{prefix}-code", ""),
                label=data.get(f"{prefix}-label", "").strip(),
                kind=data.get(f"{prefix}-kind", ""),
                removed=f"{prefix}-removed" in data,
            )


def _as_kept(reasons: Reasons) -> list[dict[str, str]]:
    rows = reasons.kept()
    taken = [row.code for row in rows]
    kept = []
    for place, row in enumerate(rows):
        reason = {"code": row.code or _new_code(row.label, taken, place), "label": row.label}
        taken.append(reason["code"])
        kept.append({**reason, "kind": row.kind} if reasons.kinds() else reason)
    return kept


def _new_code(label: str, taken: list[str], place: int) -> str:
    """From the words, as far as they are of Latin letters."""
    plain = slugify(label[:48]).replace("_", "-").strip("-") or f"reason-{place + 1}"
    return plain if plain not in taken else f"{plain}-{place + 1}"
