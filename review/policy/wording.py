"""A policy in plain words: as it is, as it changed, and as it was when a decision was made."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from review.models import Arm, CertifiedUse, Dataset, HideUntil, PolicyChange, QueueOrder, Takers
from review.policy.rules import ARMS
from review.validators import Level

LABELS = {
    "decisions_needed": "Decisions of a dialogue",
    "quorum": "How many must agree",
    "dispute_when_worse": "Worse checks go to an adjudicator",
    "check_margin": "Margin of a check",
    "leave_out_shown": "Shown images left out of checks",
    "queue_order": "Order",
    "needs_scores": "Scores needed first",
    "takers": "Who is handed dialogues",
    "hide_authors": "Authors hidden",
    "hide_scores": "Scores hidden",
    "hide_until": "Hidden until",
    "shuffle_candidates": "Candidates shuffled",
    "arms": "Arms",
    "validators": "Checks on the text",
    "most_words": "Most words",
    "reject_reasons": "Reasons to reject",
    "skip_reasons": "Reasons to skip",
    "quiz_size": "Dialogues in the quiz",
    "quiz_pass": "Passed with",
    "control_rate": "Hidden controls",
    "control_threshold": "Admins are told below",
    "lease_minutes": "Minutes of a lease",
    "certified_use": "Use of certificates",
}
ORDERS = {
    QueueOrder.OLDEST: "Imported first",
    QueueOrder.DISAGREEMENT: "Judges differ most",
    QueueOrder.HIGHEST: "Highest panel score",
    QueueOrder.LOWEST: "Lowest panel score",
    QueueOrder.RANDOM: "Random, by seed",
}
TAKERS = {
    Takers.MEMBERS: "Every member",
    Takers.ANNOTATORS: "Annotators alone",
}
CERTIFIED_USES = {
    CertifiedUse.NOTHING: "Nothing",
    CertifiedUse.ACCEPT: "Approve without a person",
    CertifiedUse.ONE_DECISION: "One decision is enough",
}
UNTIL = {
    HideUntil.DECIDED: "they have decided",
    HideUntil.SETTLED: "the dialogue is settled",
}
ARM_HIDES = {
    Arm.BLIND: "the scores",
    Arm.UNAIDED: "the candidates, until one is written",
    Arm.NO_TARGET: "the target image",
    Arm.NO_RETRIEVAL: "what a text would find",
}
VALIDATORS = {
    "equal": "equals the final query",
    "unresolved": "leaves a reference open",
    "too-long": "is too long",
    "unsupported": "has words found nowhere in the dialogue",
}
LEVELS = {Level.OFF: "say nothing", Level.WARN: "warn", Level.BLOCK: "ask for a reason"}
SHARES = {"quiz_pass", "control_rate", "control_threshold"}
CHOICES: dict[str, Mapping[Any, str]] = {
    "queue_order": ORDERS,
    "takers": TAKERS,
    "hide_until": UNTIL,
    "certified_use": CERTIFIED_USES,
}


@dataclass(frozen=True)
class Part:
    """One part of a policy: its title, and what holds in sentences."""

    title: str
    sentences: list[str]


def in_words(dataset: Dataset) -> list[Part]:
    """The whole policy, part by part."""
    return [
        Part("How many decisions", [_decisions(dataset)]),
        Part("The retrieval check", [_worse(dataset), _margin(dataset), _left_out(dataset)]),
        Part("Which dialogue first, and to whom", _queue(dataset)),
        Part("What reviewers see", [_hidden(dataset), _order_shown(dataset)]),
        Part("Arms", _arms(dataset)),
        Part("Checks on the text", _checks(dataset)),
        Part("Reasons", _reasons(dataset)),
        Part("Practice and control", _practice(dataset)),
        Part("Certificates", [certified_in_words(dataset)]),
        Part("Leases", [_lease(dataset)]),
    ]


def in_short(dataset: Dataset) -> list[str]:
    """What matters most, for a glance."""
    queue = _queue(dataset)
    return [_decisions(dataset), *queue[:2], _hidden(dataset), _worse(dataset), _lease(dataset)]


def _decisions(dataset: Dataset) -> str:
    needed, quorum = dataset.decisions_needed, dataset.agreement_needed()
    if needed == 1:
        return "One decision settles a dialogue."
    agree = "all of them" if quorum == needed else f"{quorum} of them"
    return f"A dialogue needs {needed} decisions; {agree} must agree, or an adjudicator settles it."


def _worse(dataset: Dataset) -> str:
    goes = "goes to an adjudicator" if dataset.dispute_when_worse else "stays approved"
    return f"A rewrite that finds its target worse than the final query {goes}."


def _margin(dataset: Dataset) -> str:
    if not dataset.check_margin:
        return "A check counts as improved or worse by any change of the target's rank."
    return (
        "A check counts as improved or worse where 1 divided by the rank of the target moves by "
        f"more than {dataset.check_margin:g}; anything less is the same."
    )


def _left_out(dataset: Dataset) -> str:
    if dataset.leave_out_shown:
        return "Images that a dialogue shows are left out where its target is looked for."
    return "Images that a dialogue shows are ranked with all others where its target is looked for."


def _queue(dataset: Dataset) -> list[str]:
    first = {
        QueueOrder.OLDEST: "Dialogues come in the order in which they were imported.",
        QueueOrder.DISAGREEMENT: "Dialogues on which judges differ most come first.",
        QueueOrder.HIGHEST: "Dialogues with the highest panel score come first.",
        QueueOrder.LOWEST: "Dialogues with the lowest panel score come first.",
        QueueOrder.RANDOM: "Dialogues come in a random order, fixed by the dataset's seed.",
    }
    return [
        first[QueueOrder(dataset.queue_order)],
        "Dialogues wait until judges have scored them."
        if dataset.needs_scores
        else "Scored dialogues come first; others may be reviewed before they have scores.",
        "Every member is handed dialogues."
        if dataset.takers == Takers.MEMBERS
        else "Annotators alone are handed dialogues.",
    ]


def _hidden(dataset: Dataset) -> str:
    hides = {"authors": dataset.hide_authors, "scores": dataset.hide_scores}
    hidden = [word for word, is_hidden in hides.items() if is_hidden]
    until = dataset.hide_until == HideUntil.SETTLED
    if not hidden:
        others = " They see what others decided once the dialogue is settled." if until else ""
        return f"Reviewers see who wrote each candidate and how judges scored it.{others}"
    when = "the dialogue is settled" if until else "they decide"
    return f"Reviewers do not see {' or '.join(hidden)} before {when}."


def _order_shown(dataset: Dataset) -> str:
    if dataset.shuffle_candidates:
        return "Each reviewer has the candidates in an order of their own."
    return "Candidates stand best first; where scores are hidden they are shuffled."


def _arms(dataset: Dataset) -> list[str]:
    sentences = [
        f"In {_percent(share)} of the places, drawn by lot, {ARM_HIDES[Arm(code)]} "
        f"{'are' if code in {Arm.BLIND, Arm.UNAIDED} else 'is'} hidden."
        for code, share in dataset.arms.items()
    ]
    return sentences or ["Nothing is hidden by lot."]


def _checks(dataset: Dataset) -> list[str]:
    sentences = []
    for level, words in (
        (Level.BLOCK, "A rewrite is approved only with a reason if it"),
        (Level.WARN, "Reviewers are warned if a rewrite"),
    ):
        codes = [code for code in VALIDATORS if dataset.validators.get(code) == level]
        if codes:
            said = [_validator(code, dataset) for code in codes]
            sentences.append(f"{words} {_listed(said, 'or')}.")
    return sentences or ["Nothing is said of the text, unless it is empty."]


def _validator(code: str, dataset: Dataset) -> str:
    limit = f"has more than {dataset.most_words} words"
    return limit if code == "too-long" else VALIDATORS[code]


def _reasons(dataset: Dataset) -> list[str]:
    return [
        f"To reject: {'; '.join(reason['label'] for reason in dataset.reject_reasons)}.",
        f"To skip: {'; '.join(reason['label'] for reason in dataset.skip_reasons)}.",
    ]


def _practice(dataset: Dataset) -> list[str]:
    quiz = (
        f"A new reviewer first decides {dataset.quiz_size} dialogues with a known outcome, and "
        f"gets {_percent(dataset.quiz_pass)} of them right."
        if dataset.quiz_size
        else "New reviewers begin at once, without a quiz."
    )
    control = (
        f"{_percent(dataset.control_rate)} of the dialogues at the desk have a known outcome; the "
        f"admins are told of an accuracy below {_percent(dataset.control_threshold)}."
        if dataset.control_rate
        else "No dialogue at the desk is a hidden control."
    )
    return [quiz, control]


def certified_in_words(dataset: Dataset) -> str:
    audited = "one in twenty goes to people all the same"
    if dataset.certified_use == CertifiedUse.ACCEPT:
        return f"What a certificate covers is approved without a person; {audited}."
    if dataset.certified_use == CertifiedUse.ONE_DECISION:
        return (
            "Of what a certificate covers one reviewer who accepts the best as it stands is "
            f"enough; {audited}, in the usual number."
        )
    return "People decide on every dialogue, also where a certificate is in force."


def _lease(dataset: Dataset) -> str:
    return f"A claimed dialogue is held for {dataset.lease_minutes} minutes."


def change_in_words(change: PolicyChange) -> list[str]:
    """What a change changed, a line for each thing."""
    steps = sorted(change.steps(), key=lambda step: list(LABELS).index(step[0]))
    return [line for step in steps for line in _step(*step)]


def _step(name: str, before: Any, after: Any) -> list[str]:
    if name in PARTS:
        return PARTS[name](before, after)
    return [f"{LABELS[name]}: {_value(name, before)} → {_value(name, after)}"]


def _value(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return "all"
    if name in SHARES:
        return _percent(value)
    return CHOICES.get(name, {}).get(value, str(value))


def _arm_steps(before: Mapping[str, float], after: Mapping[str, float]) -> list[str]:
    return [
        f"Share of places that hide {ARM_HIDES[arm]}: "
        f"{_percent(before.get(arm, 0))} → {_percent(after.get(arm, 0))}"
        for arm in ARMS
        if before.get(arm, 0) != after.get(arm, 0)
    ]


def _validator_steps(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    off = Level.OFF.value
    return [
        f"If a text {words}: {LEVELS[Level(before.get(code, off))]} → "
        f"{LEVELS[Level(after.get(code, off))]}"
        for code, words in VALIDATORS.items()
        if before.get(code, off) != after.get(code, off)
    ]


def _reason_steps(what: str) -> Callable[[Any, Any], list[str]]:
    def steps(before: list[dict[str, str]], after: list[dict[str, str]]) -> list[str]:
        old = {reason["code"]: reason for reason in before}
        new = {reason["code"]: reason for reason in after}
        gone = [f"{what} no more: “{old[code]['label']}”" for code in old if code not in new]
        came = [f"{what}, new: “{new[code]['label']}”" for code in new if code not in old]
        changed = [
            f"{what}: “{old[code]['label']}” → “{new[code]['label']}”"
            for code in new
            if code in old and old[code]["label"] != new[code]["label"]
        ]
        return gone + came + changed or [f"{what}: in another order or of another kind"]

    return steps


PARTS: dict[str, Callable[[Any, Any], list[str]]] = {
    "arms": _arm_steps,
    "validators": _validator_steps,
    "reject_reasons": _reason_steps("Reason to reject"),
    "skip_reasons": _reason_steps("Reason to skip"),
}


def as_it_was(then: Mapping[str, Any], dataset: Dataset) -> str:
    """Under which policy a decision was made, as far as it differs from the one now: “decided when
    one decision was enough, while scores were hidden”; empty where it is the same."""
    now = dataset.policy()
    differ = {name for name in now if name in then and then[name] != now[name]}
    said = [
        sentence for names, tell in THEN if differ.intersection(names) and (sentence := tell(then))
    ]
    return f"decided {', '.join(said)}" if said else ""


def _decisions_then(then: Mapping[str, Any]) -> str:
    needed, quorum = then["decisions_needed"], then.get("quorum") or then["decisions_needed"]
    if needed == 1:
        return "when one decision was enough"
    agree = "all had to agree" if quorum == needed else f"{quorum} had to agree"
    return f"when {needed} decisions were needed and {agree}"


def _shown_then(what: str, name: str) -> Callable[[Mapping[str, Any]], str]:
    return lambda then: f"while {what} were {'hidden' if then[name] else 'shown'}"


def _shuffled_then(then: Mapping[str, Any]) -> str:
    return f"with candidates {'shuffled' if then['shuffle_candidates'] else 'best first'}"


THEN: list[tuple[set[str], Callable[[Mapping[str, Any]], str]]] = [
    ({"decisions_needed", "quorum"}, _decisions_then),
    ({"hide_authors"}, _shown_then("authors", "hide_authors")),
    ({"hide_scores"}, _shown_then("scores", "hide_scores")),
    ({"shuffle_candidates"}, _shuffled_then),
    ({"validators", "most_words"}, lambda then: "under other checks on the text"),
]


def _percent(share: float) -> str:
    return f"{round(100 * share, 2):g}%"


def _listed(words: list[str], conjunction: str) -> str:
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {conjunction} {words[-1]}"
