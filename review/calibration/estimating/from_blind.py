"""What people decided at places of the blind arm, which by lot hid scores from their reviewers.

The sample is drawn from all dialogues that reviewers decided while some places were blind, whatever
their own arm: a dialogue comes into it where one of its places is blind, with probability
1 - (1 - r)^k for k places of which the policy makes a share r blind.
"""

from array import array
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from django.db.models import BooleanField, Case, F, Min, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce

from review import rubrics
from review.agreement.estimates import Flags, Floats, Ints
from review.agreement.reading import CHUNK, said
from review.calibration.conditions import Conditions
from review.calibration.counting import Uncounted
from review.calibration.draws import word_of
from review.calibration.estimating.reading import Decided, Kinds, Sifted, numbered, read
from review.calibration.estimating.record import (
    WHOLE,
    Record,
    Sample,
    Tops,
    tops_by_criterion,
)
from review.calibration.sampling import frames
from review.calibration.sampling.frames import Frame, Rows
from review.calibration.slices import DIMENSIONS
from review.models import Arm, Dataset, Decision, Judgement

AUDITS = "made at places that look into a certificate"
EARLIER = "made before the present judges first scored"
NEVER_BLIND = "made while the policy left no place blind"
OTHER_CONDITIONS = "made on what other judges scored, or other rewriters wrote"
PLAIN = "made at places that are not blind"
# Probabilities that differ by less are alike.
ALIKE = 1e-9


@dataclass(frozen=True)
class FromBlind:
    record: Record
    left_out: list[str]


def read_blind(dataset: Dataset, now: Conditions | None) -> FromBlind:
    """The record of the present conditions; an empty one where there are none."""
    made = _said(dataset)
    decided = read(made, _FURTHER)
    sifted = Sifted(len(decided))
    sifted.drop(decided["adjudication"], Uncounted.ADJUDICATED.label)
    sifted.drop(decided["drawn"], AUDITS)
    sifted.drop(~(decided["blind_share"] > 0), NEVER_BLIND)
    if sifted.counting.any():
        sifted.drop(decided["created"] < _since(dataset, now), EARLIER)
    sifted.drop(
        decided["round"] != _first_round(decided, sifted.counting), Uncounted.ANOTHER_ROUND.label
    )
    keys = np.unique(decided["dialogue_id"][sifted.counting])
    pairs = _pairs(made, decided["pk"])
    offered = _offered(decided, sifted.counting, pairs)
    rows = frames.of_decided(keys.tolist(), offered, now) if now else Rows()
    framed = np.array(rows.keys, np.int64)
    sifted.drop(~np.isin(decided["dialogue_id"], framed), OTHER_CONDITIONS)
    return _read(decided, rows, pairs, offered, sifted, now.marks() if now else {})


# `unseen`: scores were hidden, and the record says so. `drawn`: a place that looks into a
# certificate, since no wave drew these. `blind_share`: of all places the share that the policy made
# blind, NaN where that is not known.
_FURTHER: Kinds = {
    "round": "int64",
    "adjudication": "bool",
    "unseen": "bool",
    "drawn": "bool",
    "blind": "bool",
    "blind_share": "float64",
    "created": "datetime64[us]",
}


def _said(dataset: Dataset) -> QuerySet[Decision]:
    """What stands of decisions on dialogues that no wave drew."""
    rows = said(dataset).filter(dialogue__drawn__isnull=True)
    return rows.annotate(
        unseen=_flag(Q(saw__scores=False)),
        drawn=Coalesce("assignment__drawn", Value(False)),
        blind=_flag(Q(assignment__arm=Arm.BLIND)),
        blind_share=F("policy__arms__blind"),
    )


def _flag(holds: Q) -> Case:
    return Case(When(holds, then=Value(True)), default=Value(False), output_field=BooleanField())


def _pairs(rows: QuerySet[Decision], keys: Ints) -> tuple[Ints, Ints]:
    """The candidates that reviewers saw, as pairs of a decision's number and a candidate's key."""
    found = rows.order_by().values_list("pk", "saw__candidates").iterator(chunk_size=CHUNK)
    decision, candidate = array("q"), array("q")
    for key, seen in found:
        for one in seen or ():
            decision.append(key)
            candidate.append(one["id"])
    return numbered(np.array(decision, np.int64), np.array(candidate, np.int64), keys)


def _read(
    decided: Decided,
    rows: Rows,
    pairs: tuple[Ints, Ints],
    offered: dict[int, list[int]],
    sifted: Sifted,
    marks: dict[str, int],
) -> FromBlind:
    """`sifted` has left the decisions on dialogues of the frame, which are in the order of keys."""
    number = np.searchsorted(np.array(rows.keys, np.int64), decided["dialogue_id"])
    number[~sifted.counting] = 0
    share, dialogue = decided["blind_share"][sifted.counting], number[sifted.counting]
    probability = probabilities(share, dialogue, len(rows.keys))
    blind = np.zeros(len(rows.keys), bool)
    blind[number[sifted.counting & decided["blind"]]] = True
    best = np.array([panel.candidate for panel in rows.panels], np.int64)
    sifted.drop(~decided["unseen"], Uncounted.IN_SIGHT.label)
    sifted.drop(~decided["blind"], PLAIN)
    sifted.drop(~_were_offered(best, number, pairs), Uncounted.ANOTHER_TOP.label)
    # Where no decision is of the frame, no dialogue has a number.
    places = np.cumsum(blind) - 1 if len(blind) else np.zeros(1, np.int64)
    words, reviewers = decided.words(places[number], sifted.counting)
    frame, tops = _frame(rows, offered, blind, probability, marks)
    record = Record(
        samples=[Sample(frame, uniform=alike(probability), narrowed={})],
        sample=np.zeros(int(blind.sum()), np.int64),
        probability=probability[blind],
        score=rows.scores()[blind],
        tops=tops,
        slices={
            name: np.array([one[name] for one in rows.slices], str)[blind] for name in DIMENSIONS
        },
        words=words,
        reviewers=reviewers,
    )
    return FromBlind(record, sifted.left_out)


def _since(dataset: Dataset, now: Conditions | None) -> np.datetime64:
    """When the last of the present judges began, or the rubric was last changed: decisions of
    before may have served to tune them."""
    if now is None:
        return np.datetime64("9999-12-31", "us")
    first = (
        Judgement.objects.filter(
            candidate__dialogue__dataset=dataset, judge__in={one.judge for one in now.judges}
        )
        .order_by()
        .values_list("judge", "model", "prompt_hash")
        .annotate(first=Min("created"))
    )
    known = {(one.judge, one.model, one.prompt_hash) for one in now.judges}
    began = [moment for *judge, moment in first if tuple(judge) in known]
    return max(_moment(moment) for moment in [*began, rubrics.current(dataset).created])


def _moment(moment: datetime) -> np.datetime64:
    return np.datetime64(moment.replace(tzinfo=None), "us")


def _first_round(decided: Decided, counting: Flags) -> Ints:
    """Of each decision's dialogue. Its later rounds are of those alone that somebody sent back."""
    _, dialogue = np.unique(decided["dialogue_id"], return_inverse=True)
    first = np.full(int(dialogue.max(initial=-1)) + 1, np.iinfo(np.int64).max)
    np.minimum.at(first, dialogue[counting], decided["round"][counting])
    return first[dialogue]


def _were_offered(best: Ints, number: Ints, pairs: tuple[Ints, Ints]) -> Flags:
    """Whether each decision's reviewer saw the best of its dialogue."""
    seen = np.zeros(len(number), bool)
    if len(best):
        decision, key = pairs
        seen[decision[key == best[number[decision]]]] = True
    return seen


def _offered(decided: Decided, counting: Flags, pairs: tuple[Ints, Ints]) -> dict[int, list[int]]:
    """By dialogue the candidates that its reviewers saw."""
    decision, candidate = pairs
    kept = counting[decision]
    of_dialogue = np.stack([decided["dialogue_id"][decision[kept]], candidate[kept]])
    found: dict[int, list[int]] = {}
    for dialogue, key in np.unique(of_dialogue, axis=1).T.tolist():
        found.setdefault(dialogue, []).append(key)
    return found


def probabilities(share: Floats, dialogue: Ints, dialogues: int) -> Floats:
    """With which each of so many dialogues has a blind place: one entry of `share` and `dialogue`
    for each place, the share that the policy made blind then and the dialogue's number."""
    with np.errstate(divide="ignore"):
        none = np.log1p(-share)
    return -np.expm1(np.bincount(dialogue, none, minlength=dialogues))


def alike(probability: Floats) -> bool:
    """Whether all dialogues are drawn with the same probability: how many are says nothing then,
    and given that all samples of that size are alike."""
    return not len(probability) or float(np.ptp(probability)) < ALIKE


def _frame(
    rows: Rows,
    offered: dict[int, list[int]],
    blind: Flags,
    probability: Floats,
    marks: dict[str, int],
) -> tuple[Frame, dict[str, Tops]]:
    """The sums over all dialogues, and the best candidates of the blind ones."""
    wanted = [key for key, is_blind in zip(rows.keys, blind, strict=True) if is_blind]
    tops = frames.tops_by_criterion(rows, set(wanted), marks, offered)
    frame = Frame(
        overall=frames.overall(rows),
        slices=frames.parts_by_slice(rows),
        criteria=tops.parts,
        bins=frames.bins(rows),
        left_out={},
        drawn=len(wanted),
        expected=float(probability.sum()),
        lowest=float(probability.min(initial=1.0)),
        highest=float(probability.max(initial=0.0)),
    )
    panels = [panel for panel, is_blind in zip(rows.panels, blind, strict=True) if is_blind]
    whole = Tops(
        np.array([panel.candidate for panel in panels], np.int64),
        word_of(np.array([panel.score for panel in panels], np.float64)),
        np.array([bool(panel.passes) for panel in panels], np.float64),
    )
    best = [tops.wanted[key] for key in wanted]
    return frame, {WHOLE: whole, **tops_by_criterion(best, marks)}
