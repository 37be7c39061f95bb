"""How far reviewers agree: each figure as its library has it, with intervals, or words.

The libraries take a second to load: tests import them, not every process that collects the file.
"""

import math
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from review.agreement import estimates, formulas, reviewers, wording
from review.agreement.arms import arms
from review.agreement.record import (
    ACCEPT,
    EDIT,
    MORE,
    REJECT,
    REJECTED,
    UNSETTLED,
    PlaceCount,
    Record,
)
from review.agreement.report import reckoned
from review.agreement.reviewers import Together
from review.models import Arm
from tests.figures import value

EXACT = 1e-9
SEEDS = range(6)
PLAIN, BLIND = 0, 1
Cell = tuple[int, int, int, int]  # dialogue, reviewer, verdict, outcome


def record(*decisions: Cell, **fields: Any) -> Record:
    """Decisions of reviewers a, b, c, ... in the present round, at plain places, unsettled."""
    rows = np.array(sorted(decisions), np.int64).reshape(-1, 4)
    number = len(rows)
    people = int(rows[:, 1].max(initial=-1)) + 1
    values: dict[str, Any] = {
        "reviewers": [chr(ord("a") + who) for who in range(people)],
        "dialogue": rows[:, 0],
        "reviewer": rows[:, 1],
        "verdict": rows[:, 2],
        "outcome": rows[:, 3],
        "final": np.full(number, UNSETTLED),
        "week": np.full(number, np.datetime64("2026-11-16", "D")),
        "arm": np.full(number, PLAIN),
        "seconds": np.full(number, 10.0),
        "top": np.full(number, -1),
        "adjudication": np.zeros(number, bool),
        "present": np.ones(number, bool),
        "tried": np.zeros(number, bool),
        "again": np.zeros(number, bool),
        "places": [],
        **fields,
    }
    return Record(**values)


def drawn(seed: int, dialogues: int = 60, people: int = 4, share: float = 0.7) -> Record:
    """Reviewers who lean to the same of three verdicts, each deciding on a share of dialogues."""
    random = np.random.default_rng(seed)
    cells: list[Cell] = []
    for dialogue in range(dialogues):
        leaning = random.integers(3)
        for who in range(people):
            if random.random() < share:
                verdict = int(leaning if random.random() < 0.6 else random.integers(3))
                text = 0 if verdict == REJECT else 10 * (verdict + 1) + int(random.integers(2))
                cells.append((dialogue, who, verdict, text))
    return record(*cells)


def table(found: Record) -> NDArray[np.float64]:
    """(dialogues, reviewers), NaN for none."""
    values = np.full((found.dialogue.max() + 1, len(found.reviewers)), np.nan)
    values[found.dialogue, found.reviewer] = found.verdict
    return values


@pytest.mark.parametrize("seed", SEEDS)
def test_kappa_of_every_pair_is_that_of_scikit_learn(seed: int) -> None:
    from sklearn.metrics import cohen_kappa_score  # noqa: PLC0415

    found = drawn(seed)
    values = table(found)
    pairs = reviewers.pairs(found)
    assert len(pairs) == 6
    for pair in pairs:
        both = values[:, ["abcd".index(pair.one), "abcd".index(pair.other)]]
        one, other = both[~np.isnan(both).any(axis=1)].T
        assert value(pair.kappa) == pytest.approx(cohen_kappa_score(one, other), abs=EXACT)
        assert pair.kappa.n == len(one) == pair.same + pair.other_text + pair.other_verdict


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("share", [0.3, 1.0])
def test_alpha_is_that_of_krippendorff_also_where_some_did_not_decide(
    seed: int, share: float
) -> None:
    import krippendorff  # noqa: PLC0415

    found = drawn(seed, share=share)
    theirs = krippendorff.alpha(table(found).T, level_of_measurement="nominal")
    assert value(reviewers.together(found).alpha) == pytest.approx(theirs, abs=EXACT)


def test_alpha_is_that_of_krippendorffs_own_example() -> None:
    """Four observers, twelve units, some missing: Krippendorff 2011, example C, nominal 0.743."""
    by_observer = [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, 0, 0, 0],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, 0, 3],
        [0, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 0],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, 0],
    ]
    counts = np.array(
        [[sum(row[u] == v for row in by_observer) for v in range(1, 6)] for u in range(12)], float
    )
    tables = formulas.coincidences(counts).sum(axis=0, keepdims=True)
    assert formulas.alpha(tables, ordered=False)[0] == pytest.approx(0.743, abs=5e-4)


def test_outcomes_are_stricter_than_verdicts_and_counted_by_pair_and_by_dialogue() -> None:
    found = reviewers.together(
        record(
            (0, 0, ACCEPT, 7), (0, 1, ACCEPT, 7), (0, 2, ACCEPT, 8),  # one pair of three
            (1, 0, REJECT, REJECTED), (1, 1, REJECT, REJECTED),
            (2, 0, EDIT, 9), (2, 1, EDIT, 10),
            (3, 0, ACCEPT, 11),
        )
    )  # fmt: skip
    assert (found.dialogues, found.agreed, found.differed) == (3, 1, 2)
    assert (value(found.outcome), found.outcome.n) == (pytest.approx(2 / 5), 5)
    assert value(found.verdict) == 1


def test_a_reviewer_is_held_to_outcomes_that_others_had_a_part_in() -> None:
    """Dialogue 0: a alone decided. 1: both agreed. 2: b overruled by c. 3: a adjudicated."""
    found = record(
        (0, 0, ACCEPT, 5),
        (1, 0, ACCEPT, 6), (1, 1, ACCEPT, 6),
        (2, 0, ACCEPT, 7), (2, 1, REJECT, REJECTED), (2, 2, ACCEPT, 7),
        (3, 0, ACCEPT, 8), (3, 1, REJECT, REJECTED),
        final=np.array([5, 6, 6, 7, 7, 7, 8, 8]),
        adjudication=np.array([0, 0, 0, 0, 0, 1, 0, 0], bool),
    )  # fmt: skip
    a, b = reviewers.reviewers(found)
    assert (a.decisions, a.upheld, a.overruled) == (4, 3, 0)
    assert (b.decisions, b.upheld, b.overruled) == (3, 1, 2)
    assert (value(a.adjudicated), a.adjudicated.n) == (1, 1)
    assert (value(b.adjudicated), b.adjudicated.n) == (0, 1)
    assert (value(b.others), b.others.n) == (pytest.approx(1 / 3), 3)


def test_who_adjudicated_is_not_held_to_their_own_word() -> None:
    found = record(
        (0, 0, ACCEPT, 5), (0, 1, REJECT, REJECTED), (0, 1, ACCEPT, 5),
        final=np.array([5, 5, 5]),
        adjudication=np.array([0, 1, 0], bool),
    )  # fmt: skip
    a, b = reviewers.reviewers(found)
    assert (a.upheld, a.overruled) == (1, 0)
    assert "none is settled" in b.settled.words


@pytest.mark.parametrize(
    ("one", "other", "expected", "words"),
    [
        ([ACCEPT] * 12, [ACCEPT] * 12, None, "both give the same verdict every time"),
        ([ACCEPT] * 12, [ACCEPT, EDIT] * 6, 0.0, "a gives the same verdict every time"),
        ([ACCEPT] * 12, [EDIT] * 12, 0.0, "a gives the same verdict every time"),
        ([ACCEPT, EDIT] * 6, [ACCEPT, EDIT] * 6, 1.0, "the same in every dialogue"),
        ([ACCEPT, EDIT], [EDIT, ACCEPT], -1.0, "fewer than 10"),
        ([], [], None, "no dialogue that both decided on"),
    ],
)
def test_what_kappa_cannot_tell_is_said_in_words(
    one: list[int], other: list[int], expected: float | None, words: str
) -> None:
    found = reviewers.kappa(np.array(one, int), np.array(other, int), ("a", "b"))
    assert found.value == expected
    assert words in found.words
    assert (found.low, found.high) == (None, None)


def words_of(found: Together) -> list[str]:
    return [found.outcome.words, found.verdict.words, found.alpha.words]


def test_agreement_of_nobody_of_one_and_of_all_the_same_is_words() -> None:
    assert "nobody has decided yet" in words_of(reviewers.together(record()))
    alone = reviewers.together(record((0, 0, ACCEPT, 5), (1, 1, EDIT, 6)))
    assert set(words_of(alone)) == {"no dialogue has decisions of two reviewers"}
    alike = reviewers.together(record((0, 0, ACCEPT, 5), (0, 1, ACCEPT, 5)))
    assert alike.alpha.value is None
    assert "every verdict is the same" in alike.alpha.words


def test_wishes_for_more_and_earlier_rounds_settle_nothing() -> None:
    found = record((0, 0, ACCEPT, 5), (0, 1, MORE, REJECTED), (1, 0, EDIT, 6), (1, 1, EDIT, 6))
    assert reviewers.together(found).dialogues == 1
    earlier = record((0, 0, EDIT, 6), (0, 1, EDIT, 6), present=np.array([True, False]))
    assert reviewers.together(earlier).dialogues == 0


def test_intervals_by_kind_are_about_those_of_scipys_bootstrap() -> None:
    from scipy import stats  # noqa: PLC0415
    from sklearn.metrics import cohen_kappa_score  # noqa: PLC0415

    found = drawn(3, dialogues=150, people=2, share=1.0)
    one, other = found.verdict[::2], found.verdict[1::2]
    ours = reviewers.kappa(one, other, ("a", "b"))
    theirs = stats.bootstrap(
        (one, other), cohen_kappa_score, paired=True, vectorized=False, n_resamples=1500,
        method="BCa", rng=np.random.default_rng(1),
    ).confidence_interval  # fmt: skip
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.03)


def test_the_interval_of_alpha_covers_the_truth_about_as_often_as_it_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(estimates, "RESAMPLES", 400)
    truth = value(reviewers.together(drawn(0, dialogues=20_000)).alpha)
    held = 0
    for seed in range(200):
        found = reviewers.together(drawn(seed + 1, dialogues=80)).alpha
        assert found.low is not None
        assert found.high is not None
        held += found.low <= truth <= found.high
    # At 95%, chance alone gives 178 to 198 in all but one of a thousand times.
    assert 178 <= held <= 198


def test_a_difference_of_shares_has_newcombes_interval() -> None:
    """56 of 70 less 48 of 80: the example (a) of Newcombe 1998, method 10."""
    found = estimates.difference(estimates.share_of(56, 70), estimates.share_of(48, 80))
    assert (found.value, found.low, found.high) == pytest.approx((0.2, 0.0524, 0.3339), abs=1e-4)
    nothing = estimates.difference(estimates.share_of(0, 10), estimates.share_of(0, 20))
    assert (nothing.low, nothing.high) == pytest.approx((-0.1611, 0.2775), abs=1e-4)


def test_medians_apart_have_an_interval_like_a_bootstraps_and_cover_the_truth() -> None:
    from scipy import stats  # noqa: PLC0415

    random = np.random.default_rng(4)
    one, other = random.exponential(30, 400), random.exponential(20, 300)
    ours = estimates.median_apart(one, other)
    theirs = stats.bootstrap(
        (one, other), lambda a, b, axis: np.median(a, axis=axis) - np.median(b, axis=axis),
        n_resamples=3000, method="percentile", rng=random,
    ).confidence_interval  # fmt: skip
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1.2)
    held = 0
    for _ in range(500):
        found = estimates.median_apart(random.exponential(30, 60), random.exponential(20, 40))
        assert found.low is not None
        assert found.high is not None
        held += found.low <= math.log(2) * 10 <= found.high
    assert held >= 465


def test_medians_of_few_or_none_are_words() -> None:
    few = np.arange(5.0)
    assert estimates.median_apart(few, few[:0]).value is None
    assert "fewer than 10" in estimates.median_apart(few, few).words
    assert (estimates.median(few).value, estimates.median(few).low) == (2, None)


def armed(seed: int, *, plain: float, blind: float, number: int = 400) -> Record:
    """Decisions by one reviewer, who accepts the top candidate in these shares of the arms."""
    random = np.random.default_rng(seed)
    arm = np.arange(number) % 2
    top = random.random(number) < np.where(arm == BLIND, blind, plain)
    cells = [(d, 0, ACCEPT if hit else EDIT, d + 1) for d, hit in enumerate(top)]
    half = number // 2
    places = [
        PlaceCount("plain", "decided", half, half),
        PlaceCount("blind", "decided", half, half),
    ]
    return record(*cells, arm=arm, top=top.astype(int), places=places)


def test_arms_tell_in_a_sentence_what_seeing_the_scores_does() -> None:
    found = reckoned(armed(1, plain=0.8, blind=0.6), {"blind": 0.5}).as_json()["arms"]
    plain, blind = found
    assert plain["measures"][0]["effect"] is None
    [top, *_] = wording.sentences(blind)
    points = round(100 * blind["measures"][0]["effect"]["value"])
    assert 10 < points < 30
    assert top.startswith(
        f"People accept the panel's top candidate {points} points more often when they see the "
        "scores (95% interval "
    )
    assert "no clear difference" not in top


def test_arms_without_a_difference_say_so_and_an_empty_one_says_that() -> None:
    alike = reckoned(armed(2, plain=0.7, blind=0.7), {}).as_json()["arms"]
    assert "no clear difference" in wording.sentences(alike[1])[0]
    empty = reckoned(record((0, 0, ACCEPT, 1)), {"unaided": 0.1, "blind": 0}).as_json()["arms"]
    assert [arm["arm"] for arm in empty] == ["plain", "unaided"]
    [said] = wording.sentences(empty[1])
    assert "cannot be told: there is nothing to compare yet" in said


def test_an_arms_decisions_are_held_to_colleagues_who_saw_all() -> None:
    """Of two blind decisions beside a plain one, one agrees; two blind ones are no comparison."""
    found = record(
        (0, 0, ACCEPT, 1), (0, 1, ACCEPT, 1),
        (1, 0, ACCEPT, 2), (1, 1, ACCEPT, 3),
        (2, 0, ACCEPT, 4), (2, 1, ACCEPT, 4),
        arm=np.array([PLAIN, BLIND, BLIND, PLAIN, BLIND, BLIND]),
    )  # fmt: skip
    plain, blind = arms(found, {"blind": 0.1})
    figures = {measure.name: measure.figure for measure in blind.measures}
    assert (figures["colleagues"].value, figures["colleagues"].n) == (0.5, 2)
    assert {m.name: m for m in plain.measures}["colleagues"].figure.value is None


def test_attrition_tells_places_never_begun_from_those_left() -> None:
    counts = [
        PlaceCount("plain", "decided", 5, 5),
        PlaceCount("plain", "skipped", 1, 1),
        PlaceCount("plain", "expired", 3, 1),
        PlaceCount("plain", "returned", 2, 2),
        PlaceCount("plain", "open", 2, 1),
    ]
    [plain] = arms(record((0, 0, ACCEPT, 1), places=counts), {})
    came = plain.attrition
    assert (came.drawn, came.decided, came.skipped, came.open) == (13, 5, 1, 2)
    assert (came.unseen, came.left) == (2, 3)


def test_weeks_go_by_the_last_decision_of_a_dialogue() -> None:
    days = np.array(["2026-11-09", "2026-11-16", "2026-11-09", "2026-11-09"], "datetime64[D]")
    found = record(
        (0, 0, ACCEPT, 1), (0, 1, ACCEPT, 1), (1, 0, EDIT, 2), (1, 1, EDIT, 3), week=days
    )
    weeks = reviewers.weeks(found)
    assert [(week.monday, week.outcome.value) for week in weeks] == [
        ("2026-11-09", 0.0),
        ("2026-11-16", 1.0),
    ]


def test_with_many_reviewers_the_busiest_are_paired_and_the_others_named() -> None:
    people = reviewers.MOST_REVIEWERS + 2
    cells = [(d, who, ACCEPT, 1) for who in range(people) for d in range(people - who)]
    found = record(*cells)
    assert len(reviewers.pairs(found)) == len(list(combinations(range(people - 2), 2)))
    assert reviewers.left_out(found) == ["q", "r"]


def test_a_report_is_json_without_nan_whatever_there_is() -> None:
    records = [record(), record((0, 0, ACCEPT, 1)), drawn(1), armed(1, plain=1.0, blind=0.0)]
    for found in records:
        report = reckoned(found, dict.fromkeys(Arm.values, 0.1)).as_json()
        assert all(math.isfinite(number) for number in numbers(report))


def numbers(part: Any) -> list[float]:
    if isinstance(part, dict):
        return [number for one in part.values() for number in numbers(one)]
    if isinstance(part, list):
        return [number for one in part for number in numbers(one)]
    return [part] if isinstance(part, int | float) else []
