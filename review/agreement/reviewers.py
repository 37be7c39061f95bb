"""Reviewers with each other, two by two, from week to week, and against what came of it."""

from dataclasses import dataclass

import numpy as np

from review.agreement import formulas
from review.agreement.estimates import Estimate, Flags, Ints, estimated_by_kind, share, undefined
from review.agreement.record import SETTLING, UNSETTLED, Pairs, Record

# Reviewers with the fewest decisions find no room among the pairs, earlier weeks none in the trend.
MOST_REVIEWERS = 16
MOST_WEEKS = 26


@dataclass(frozen=True)
class Together:
    """All reviewers: of two decisions on one dialogue, how often both have the same outcome and
    the same verdict, and Krippendorff's alpha of verdicts. `agreed` and `differed` count the
    dialogues on which all outcomes are the same, or not."""

    dialogues: int
    agreed: int
    differed: int
    outcome: Estimate
    verdict: Estimate
    alpha: Estimate


@dataclass(frozen=True)
class Pair:
    """Two reviewers, on the dialogues that both decided on: `same` outcome, the same verdict with
    another text (`other_text`), or another verdict (`other_verdict`)."""

    one: str
    other: str
    same: int
    other_text: int
    other_verdict: int
    outcome: Estimate
    kappa: Estimate


@dataclass(frozen=True)
class Week:
    monday: str
    outcome: Estimate


@dataclass(frozen=True)
class Reviewer:
    """One reviewer beside the others, and against what their dialogues came to: on all that others
    decided on too, and on those that an adjudicator settled."""

    name: str
    decisions: int
    others: Estimate
    upheld: int
    overruled: int
    settled: Estimate
    adjudicated: Estimate


def together(record: Record) -> Together:
    pairs = record.pairs
    same = record.same_outcome(pairs)
    dialogue = record.dialogue[pairs.one]
    differed = len(np.unique(dialogue[~same]))
    number = len(np.unique(dialogue))
    return Together(
        dialogues=number,
        agreed=number - differed,
        differed=differed,
        outcome=_share(same, dialogue),
        verdict=_share(record.same_verdict(pairs), dialogue),
        alpha=alpha(record.verdict[record.counting], record.dialogue[record.counting]),
    )


def _share(same: Flags, dialogue: Ints) -> Estimate:
    if not len(same):
        return undefined("no dialogue has decisions of two reviewers")
    return share(same, dialogue)


def alpha(verdict: Ints, dialogue: Ints) -> Estimate:
    """Krippendorff's nominal alpha of verdicts, of which a dialogue has one from each reviewer."""
    if not len(dialogue):
        return undefined("nobody has decided yet")
    cells = (int(dialogue.max()) + 1) * SETTLING
    counts = np.bincount(dialogue * SETTLING + verdict, minlength=cells).reshape(-1, SETTLING)
    counts = counts[counts.sum(axis=1) > 1]
    n = int(counts.sum())
    if not n:
        return undefined("no dialogue has decisions of two reviewers")
    if (counts.sum(axis=0) > 0).sum() == 1:
        words = "every verdict is the same, so that chance would agree as well"
        return undefined(words, n=n, dialogues=len(counts))
    kinds, times = np.unique(counts, axis=0, return_counts=True)
    added = formulas.coincidences(kinds.astype(np.float64))
    return estimated_by_kind(
        added, times, lambda tables: formulas.alpha(tables, ordered=False), n=n
    )


def pairs(record: Record) -> list[Pair]:
    """Every two of the busiest reviewers who decided on the same dialogues, most of them first."""
    all_pairs = record.pairs
    busiest = _busiest(record)
    known = np.isin(record.reviewer[all_pairs.one], busiest)
    known &= np.isin(record.reviewer[all_pairs.other], busiest)
    among = all_pairs.where(known)
    people = len(record.reviewers)
    key = record.reviewer[among.one] * people + record.reviewer[among.other]
    found = [
        _pair(record, among.where(key == number), *divmod(int(number), people))
        for number in np.unique(key)
    ]
    return sorted(found, key=lambda pair: -pair.outcome.n)


def _busiest(record: Record) -> Ints:
    number = np.bincount(record.reviewer[record.counting], minlength=len(record.reviewers))
    return np.argsort(-number, kind="stable")[:MOST_REVIEWERS]


def left_out(record: Record) -> list[str]:
    """Who found no room among the pairs."""
    counting = np.unique(record.reviewer[record.counting])
    missing = np.setdiff1d(counting, _busiest(record))
    return sorted(record.reviewers[person] for person in missing)


def _pair(record: Record, pairs: Pairs, one: int, other: int) -> Pair:
    same, agree = record.same_outcome(pairs), record.same_verdict(pairs)
    names = (record.reviewers[one], record.reviewers[other])
    return Pair(
        *names,
        same=int(same.sum()),
        other_text=int((agree & ~same).sum()),
        other_verdict=int((~agree).sum()),
        outcome=share(same, np.arange(len(same))),
        kappa=kappa(record.verdict[pairs.one], record.verdict[pairs.other], names),
    )


def kappa(one: Ints, other: Ints, names: tuple[str, str]) -> Estimate:
    """Cohen's kappa of two reviewers' verdicts, one of each on every dialogue."""
    n = len(one)
    if not n:
        return undefined("no dialogue that both decided on")
    table = np.bincount(one * SETTLING + other, minlength=SETTLING**2)
    steady = [
        name
        for given, name in zip((one, other), names, strict=True)
        if len(set(given.tolist())) < 2
    ]
    if len(steady) == 2 and one[0] == other[0]:
        words = "both give the same verdict every time, so that chance would agree as well"
        return undefined(words, n=n, dialogues=n)
    if steady:
        # Observed and expected agreement are equal then, whatever the other one says.
        words = f"no interval: {steady[0]} gives the same verdict every time, which makes it 0"
        return Estimate(0.0, n=n, dialogues=n, words=words)
    cells = np.eye(SETTLING**2).reshape(-1, SETTLING, SETTLING)[table > 0]
    return estimated_by_kind(
        cells, table[table > 0], lambda tables: formulas.kappa(tables, quadratic=False), n=n
    )


def weeks(record: Record) -> list[Week]:
    """By the week of a dialogue's last decision, the latest weeks alone."""
    pairs = record.pairs
    dialogue = record.dialogue[pairs.one]
    same = record.same_outcome(pairs)
    last = _last_weeks(record)[dialogue]
    mondays = np.unique(last)[-MOST_WEEKS:]
    return [
        Week(str(monday), share(same[last == monday], dialogue[last == monday]))
        for monday in mondays
    ]


def _last_weeks(record: Record) -> "np.ndarray[tuple[int], np.dtype[np.datetime64]]":
    """By dialogue the week of its last decision that counts."""
    number = int(record.dialogue.max(initial=-1)) + 1
    last = np.full(number, np.datetime64("1970-01-01", "D"))
    np.maximum.at(last, record.dialogue[record.counting], record.week[record.counting])
    return last


def reviewers(record: Record) -> list[Reviewer]:
    """Everybody whose decisions count, by name."""
    compared, adjudicated = _against_outcome(record)
    upheld = record.outcome == record.final
    people = np.unique(record.reviewer[record.counting])
    found = [_reviewer(record, int(who), compared, adjudicated, upheld) for who in people]
    return sorted(found, key=lambda reviewer: reviewer.name)


def _reviewer(
    record: Record, who: int, compared: Flags, adjudicated: Flags, upheld: Flags
) -> Reviewer:
    mine = record.reviewer == who
    settled, ruled = mine & compared, mine & adjudicated
    right = int((settled & upheld).sum())
    pairs = record.pairs
    ours = pairs.where(mine[pairs.one] | mine[pairs.other])
    return Reviewer(
        name=record.reviewers[who],
        decisions=int(mine[record.counting].sum()),
        others=_or_words(
            record.same_outcome(ours), record.dialogue[ours.one], "nobody else decided on the same"
        ),
        upheld=right,
        overruled=int(settled.sum()) - right,
        settled=_or_words(
            upheld[settled], record.dialogue[settled], "none is settled that others decided on too"
        ),
        adjudicated=_or_words(
            upheld[ruled], record.dialogue[ruled], "an adjudicator settled none of them"
        ),
    )


def _or_words(hit: Flags, dialogue: Ints, words: str) -> Estimate:
    return share(hit, dialogue) if len(hit) else undefined(words)


def _against_outcome(record: Record) -> tuple[Flags, Flags]:
    """Which decisions are compared with what their dialogue came to, and which of these with an
    adjudicator's word.

    Where a single decision made the outcome there is nothing to compare; nor has it sense to hold
    people to what they ruled themselves, as adjudicators.
    """
    number = int(record.dialogue.max(initial=-1)) + 1
    deciding = np.bincount(record.dialogue[record.counting], minlength=number)
    ruled = record.adjudication & record.present & (record.verdict < SETTLING)
    rulings = np.bincount(record.dialogue[ruled], minlength=number)
    place = record.dialogue * len(record.reviewers) + record.reviewer
    compared = np.zeros(len(record.dialogue), bool)
    compared[record.counting] = True
    compared &= (record.final != UNSETTLED) & ~np.isin(place, place[ruled])
    adjudicated = compared & (rulings[record.dialogue] > 0)
    return adjudicated | (compared & (deciding[record.dialogue] > 1)), adjudicated
