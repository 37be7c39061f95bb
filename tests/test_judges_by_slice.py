"""Judges in parts of a dataset and over time: figures as their library has them, or words."""

import json
import math
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from django.test import Client
from numpy.typing import NDArray

from generation.judges_compared import by_slice, drift, stored
from generation.judges_compared.by_slice import ENOUGH_UNSEEN, Slice
from generation.judges_compared.drift import RECENT_DAYS, Shift
from generation.judges_compared.formulas import standardized
from generation.judges_compared.levels import levels
from generation.judges_compared.record import Log, Partition, Record, Version
from generation.judges_compared.report import reckon
from generation.models import JudgeReport
from generation.report_tasks import compute_judge_report
from review.calibration.report import LANGUAGE, REWRITER, SOURCE, TURNS
from review.models import Dataset, User
from tests.judge_records import WROTE, one_part, panel, record, verdicts

SignIn = Callable[[User], Client]
ADDRESS = "/datasets/coast/models/judges/"
API = "/api/v1/datasets/coast/judges/"
TODAY = date(2026, 11, 26)
# Candidates of `panel`, three to each of a hundred dialogues.
CANDIDATES, DIALOGUES = np.arange(300), np.arange(100)
OLD, NEW = Version("gpt-9", "before"), Version("gpt-9", "after")


def split(by: str, names: list[str], of: NDArray[np.int64]) -> dict[str, Partition]:
    """One dimension in parts; all dialogues are alike in the others."""
    alike = {other: one_part(len(of)) for other in (LANGUAGE, TURNS, SOURCE)}
    return {**alike, by: Partition(names, of)}


def slices(found: Record, by: str) -> list[Slice]:
    [dimension] = [one for one in by_slice.dimensions(found) if one.by == by]
    return dimension.slices


def test_alpha_of_a_slice_is_that_of_krippendorff() -> None:
    import krippendorff  # noqa: PLC0415

    scores = panel(1)
    parts = split(LANGUAGE, ["en", "de"], (DIALOGUES % 3 == 0).astype(np.int64))
    found = slices(record(scores, partitions=parts), LANGUAGE)
    german = np.repeat(DIALOGUES % 3 == 0, 3)
    assert [one.name for one in found] == ["de", "en"]
    for one, among in zip(found, (german, ~german), strict=True):
        assert (one.dialogues, one.candidates) == (among.sum() // 3, among.sum())
        for k, row in enumerate(one.alphas):
            theirs = krippendorff.alpha(
                scores[0, among, :, k].T,
                level_of_measurement="ordinal",
                value_domain=[1, 2, 3, 4, 5],
            )
            assert row.figure.value == pytest.approx(theirs, abs=1e-9)
            assert row.figure.low is not None
            assert row.figure.low < theirs < (row.figure.high or 0)


def test_alpha_of_a_slice_by_hand() -> None:
    """20 scores in 10 candidates, ten 1s and ten 5s, that differ in two: 1 - 19 * 2 / 100."""
    scores = np.full((2, 30, 2, 2), 3)
    scores[0, :10, 0] = np.array([1, 1, 1, 1, 1, 5, 5, 5, 5, 5])[:, None]
    scores[0, :10, 1] = np.array([1, 1, 1, 1, 5, 1, 5, 5, 5, 5])[:, None]
    apart = (np.arange(30) >= 10).astype(np.int64)
    parts = split(SOURCE, ["apart", "alike"], apart)
    alike, differing = slices(record(scores, dialogue=np.arange(30), partitions=parts), SOURCE)
    assert differing.alphas[0].figure.value == pytest.approx(0.62, abs=1e-9)
    assert alike.alphas[0].figure.words == "every score is the same"


def test_the_ten_largest_are_told_of_each_and_the_rest_together() -> None:
    of = np.minimum(DIALOGUES // 8, 11)
    names = [f"s{number:02}" for number in range(12)]
    found = slices(record(panel(1), partitions=split(SOURCE, names, of)), SOURCE)
    assert [(one.name, one.together) for one in found] == [
        *[(name, 0) for name in [*names[:9], names[11]]],
        ("", 2),
    ]
    assert sum(one.dialogues for one in found) == 100


def test_turns_are_told_of_in_their_order() -> None:
    parts = split(TURNS, ["9+", "1-2", "5-8"], np.where(DIALOGUES < 80, 0, DIALOGUES % 2 + 1))
    found = slices(record(panel(1), partitions=parts), TURNS)
    assert [one.name for one in found] == ["1-2", "5-8", "9+"]


def test_a_candidate_of_two_rewriters_counts_for_each() -> None:
    shared = [(WROTE[0][0], WROTE[1][0]), *WROTE[1:]]
    found = slices(record(panel(1), authorships=shared), REWRITER)
    assert {one.name: one.candidates for one in found} == {
        "gpt-9": 100,
        "qwen-9": 200,
        "glm-9": 100,
    }


@pytest.mark.parametrize("unseen", [ENOUGH_UNSEEN - 1, ENOUGH_UNSEEN])
def test_people_count_without_sight_of_scores_alone_where_there_are_enough(unseen: int) -> None:
    """Whoever saw the scores accepted the best by them, and the others the worst."""
    best_first = np.tile([5, 3, 1], 100)
    scores = np.zeros((2, 300, 1, 2), np.int64)
    scores[0, :, 0] = best_first[:, None]
    hidden = np.repeat(unseen > DIALOGUES, 3)
    accepted = np.where(hidden, best_first == 1, best_first == 5)
    said = verdicts(CANDIDATES, accepted, unseen=hidden)
    [one] = slices(record(scores, verdicts=said), LANGUAGE)
    assert (one.people.decisions, one.people.unseen) == (100, unseen)
    assert one.people.unseen_alone == (unseen == ENOUGH_UNSEEN)
    of_judge = {row.judge: row.figure for row in one.people.ranking}["gpt-9"]
    assert of_judge.dialogues == (ENOUGH_UNSEEN if one.people.unseen_alone else 100)
    # Of all: 71 at 5 beat 171 others and tie with 29, 29 at 1 tie with 71, of 100 times 200 pairs.
    by_hand = 0.0 if one.people.unseen_alone else (71 * 185.5 + 29 * 35.5) / 20_000
    assert of_judge.value == pytest.approx(by_hand)


def test_without_a_decision_or_a_second_judge_a_slice_says_so() -> None:
    [one] = slices(record(panel(1)[:, :, :1]), LANGUAGE)
    assert {row.figure.words for row in one.alphas} == {"only one judge"}
    people = [*one.people.ranking, *one.people.passing]
    assert {row.figure.words for row in people} == {
        "no score of a candidate that people decided on"
    }
    assert one.people.decisions == 0


def test_levels_are_counted() -> None:
    scores = np.zeros((2, 30, 1, 2), np.int64)
    scores[0, :, 0, 0] = np.repeat([1, 4, 5], [3, 7, 20])
    scores[1, :, 0, 1] = 2
    [found] = levels(record(scores))
    assert [(row.criterion, row.counts) for row in found.rows] == [
        ("correctness", [3, 0, 0, 7, 20])
    ]


def logged(
    days_ago: NDArray[np.int64],
    level: NDArray[np.int64],
    version: NDArray[np.int64] | None = None,
    **fields: Any,
) -> Record:
    """One judge on one candidate each of so many dialogues, on that day, at that level."""
    number = len(days_ago)
    log = Log(
        candidate=np.arange(number, dtype=np.int32) * 3,
        judge=np.zeros(number, np.int32),
        version=(np.zeros(number) if version is None else version).astype(np.int32),
        day=(TODAY.toordinal() - days_ago).astype(np.int32),
        scores=np.repeat(level[:, None], 2, axis=1).astype(np.int8),
        versions=[OLD, NEW],
        today=TODAY.toordinal(),
    )
    return record(np.full((2, number * 3, 1, 2), 3), log=log, **fields)


def shift(found: Record) -> Shift:
    [one] = drift.drift(found)
    return one.shift


BEFORE_AND_AFTER = np.repeat([RECENT_DAYS, 0], 60)


def test_a_judge_that_changes_without_a_word_is_seen() -> None:
    noise = np.random.default_rng(1).integers(0, 2, 120)
    found = shift(logged(BEFORE_AND_AFTER, np.repeat([2, 3], 60) + noise))
    apart = noise[60:].mean() - noise[:60].mean() + 1
    assert found.figure.value == pytest.approx(apart)
    assert (found.after or 0) - (found.before or 0) == pytest.approx(apart)
    assert found.figure.low is not None
    assert found.figure.low > 0.5
    assert found.changed == []


def test_other_dialogues_are_no_drift() -> None:
    """Most of the recent are in a language that scores lower, as it did before."""
    draw = np.random.default_rng(2)
    german = np.concatenate([np.arange(100) < 30, np.arange(100) < 70]).astype(np.int64)
    level = 4 - 2 * german + draw.integers(0, 2, 200)
    days = np.repeat([90, 3], 100)
    parts = split(LANGUAGE, ["en", "de"], german)
    found = shift(logged(days, level, partitions=parts)).figure
    assert level[100:].mean() - level[:100].mean() < -0.5
    assert found.low is not None
    assert found.high is not None
    assert found.low < 0 < found.high


def test_means_are_weighted_by_what_is_recent() -> None:
    """Kinds with means 4 and 2 before, 5 and 1 after, 10 and 30 recent; a third is on one side."""
    sides = [[[20, 80], [10, 50]], [[20, 40], [30, 30]], [[0, 0], [9, 45]]]
    before, after = standardized(np.array(sides, float))
    assert (before, after) == (pytest.approx(2.5), pytest.approx(2.0))


def test_what_changed_between_is_named_and_the_same_prompt_is_compared_where_it_can_be() -> None:
    level = np.random.default_rng(3).integers(2, 4, 120)
    changed = np.repeat([0, 1], 60)
    assert shift(logged(BEFORE_AND_AFTER, level, changed)).changed == ["prompt"]
    early = np.where(np.arange(120) < 25, 0, 1)
    same = shift(logged(BEFORE_AND_AFTER, level, early))
    assert (same.changed, same.figure.dialogues) == ([], 95)


@pytest.mark.parametrize(
    ("days_ago", "words"),
    [
        (np.full(40, 60), "it scored nothing in the last four weeks"),
        (np.full(40, 5), "it scored nothing before the last four weeks"),
        (np.repeat([60, 5], [40, 29]), "only 29 comparable dialogues on one side"),
    ],
)
def test_too_little_to_tell_a_drift_says_so(days_ago: NDArray[np.int64], words: str) -> None:
    found = shift(logged(days_ago, np.arange(len(days_ago)) % 5 + 1))
    assert words in found.figure.words
    assert (found.figure.value, found.before, found.after) == (None, None, None)


def test_weeks_are_told_with_model_and_prompt_and_the_old_ones_together() -> None:
    days = np.repeat(np.arange(15) * 7, 10)
    level = np.tile(np.repeat([5, 4], 5), 15)
    [found] = drift.drift(logged(days, level, (days < 7).astype(np.int64)))
    monday = TODAY - timedelta(days=TODAY.weekday())
    assert [week.monday for week in found.weeks[:2]] == [
        monday.isoformat(),
        (monday - timedelta(days=7)).isoformat(),
    ]
    assert [week.prompt_hash for week in found.weeks[:2]] == ["after", "before"]
    assert [week.earlier for week in found.weeks] == [*[False] * 12, True]
    assert found.weeks[-1].mean.n == 30
    assert {(week.mean.value, week.highest.value) for week in found.weeks} == {(4.5, 0.5)}


@pytest.fixture
def report(dataset: Dataset) -> JudgeReport:
    """Of two languages, in one of which no judge's word can be held against people's."""
    said = verdicts(CANDIDATES[:150], CANDIDATES[:150] % 3 == 0)
    parts = split(LANGUAGE, ["en", "de"], (DIALOGUES >= 50).astype(np.int64))
    drifting = logged(np.tile([40, 2], 50), np.tile([2, 4], 50) + DIALOGUES % 3 % 2)
    found = record(panel(1), verdicts=said, partitions=parts, log=drifting.log)
    return JudgeReport.objects.create(
        dataset=dataset, data=reckon(found).as_json(), computed="2026-11-26T12:00Z", seconds=1
    )


def test_the_page_shows_one_dimension_and_links_the_others(
    report: JudgeReport, carol: User, client_of: SignIn
) -> None:
    browser = client_of(carol)
    page = browser.get(ADDRESS).content.decode()
    assert 'id="slices"' in page
    for words in ("German", "English", "scores in sight", "all, scores in sight: too few without"):
        assert words in page
    assert '?by=rewriter#slices"' in page
    assert "under the same model and prompt" in page
    part = browser.get(ADDRESS, {"by": "turns"}, headers={"HX-Request": "true"}).content.decode()
    assert "1 to 2 turns" in part
    assert "German" not in part
    assert "<html" not in part
    assert "German" in browser.get(ADDRESS, {"by": "nothing"}).content.decode()


def test_a_program_reads_it_and_has_it_made_anew(
    report: JudgeReport, carol: User, bob: User, program_of: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[int] = []
    monkeypatch.setattr(compute_judge_report, "delay_on_commit", sent.append)
    found = program_of(carol).get(API).json()
    assert [one["by"] for one in found["dimensions"]] == [LANGUAGE, TURNS, SOURCE, REWRITER]
    assert found["dimensions"] == report.data["dimensions"]
    assert (found["levels"], found["drift"]) == (report.data["levels"], report.data["drift"])
    assert found["overall"]["alphas"] == report.data["alphas"]
    assert program_of(bob).get(API).status_code == 403
    JudgeReport.objects.update(data={"form": 1})
    answer = program_of(carol).post(API)
    assert (answer.status_code, sent) == (202, [report.dataset_id])
    assert (answer.json()["awaited"], answer.json()["dimensions"]) == (True, None)


def test_a_report_by_slice_is_json_without_nan(report: JudgeReport) -> None:
    assert "NaN" not in json.dumps(report.data)
    assert all(math.isfinite(number) for number in numbers(report.data))


def numbers(part: Any) -> list[float]:
    if isinstance(part, dict):
        return [number for one in part.values() for number in numbers(one)]
    if isinstance(part, list):
        return [number for one in part for number in numbers(one)]
    return [part] if isinstance(part, int | float) else []


def test_a_report_of_an_earlier_form_is_wanted_again_unless_that_failed(
    report: JudgeReport,
) -> None:
    stored.want_old_forms()
    assert not JudgeReport.objects.awaiting().exists()
    JudgeReport.objects.update(data={"form": 1}, failure="It could not be computed.")
    stored.want_old_forms()
    assert not JudgeReport.objects.awaiting().exists()
    JudgeReport.objects.update(failure="")
    stored.want_old_forms()
    assert JudgeReport.objects.awaiting().exists()
