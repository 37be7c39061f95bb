"""The rubric: versions, what cannot be one, and scores that follow its weights."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from review import rubrics, tasks
from review.errors import Invalid, NotAllowed
from review.models import Candidate, Dataset, Dialogue, Judgement, Rubric, RubricCriterion, User

MakeDialogue = Callable[..., Dialogue]


def parts(dataset: Dataset, **changed: dict[str, Any]) -> list[RubricCriterion]:
    """The criteria in force, some of them changed."""
    return [replace(part, **changed.get(part.key, {})) for part in rubrics.current(dataset).parts]


def only(dataset: Dataset, key: str) -> list[RubricCriterion]:
    """One criterion counts and no other."""
    weights = {part.key: {"weight": 1.0 if part.key == key else 0.0} for part in parts(dataset)}
    return parts(dataset, **weights)


def test_a_dataset_begins_with_the_shipped_one(dataset: Dataset) -> None:
    rubric = rubrics.current(dataset)
    assert rubric.dataset is None
    assert rubric.parts[0].key == "correctness"
    assert not rubrics.awaiting()


def test_each_change_is_a_version_and_the_same_again_is_none(dataset: Dataset, carol: User) -> None:
    changed = parts(dataset, clarity={"weight": 3.0})
    first = rubrics.save(dataset=dataset, criteria=changed, by=carol)
    again = rubrics.save(dataset=dataset, criteria=changed, by=carol)
    back = rubrics.save(dataset=dataset, criteria=rubrics.shipped().parts, by=carol)
    assert (first.version, again.pk, back.version, back.by) == (1, first.pk, 2, carol)
    assert rubrics.current(dataset) == back


def test_only_wording_changes_what_judges_are_asked(dataset: Dataset) -> None:
    shipped = rubrics.shipped()
    weighed = rubrics.save(dataset=dataset, criteria=parts(dataset, clarity={"weight": 9.0}))
    worded = rubrics.save(dataset=dataset, criteria=parts(dataset, clarity={"question": "Clear?"}))
    assert weighed.hash == shipped.hash != worded.hash


@pytest.mark.parametrize(
    ("key", "changed", "field"),
    [
        ("clarity", {"question": " "}, "clarity-question"),
        ("clarity", {"question": "q" * 1001}, "clarity-question"),
        ("clarity", {"weight": -1.0}, "clarity-weight"),
        ("clarity", {"weight": float("nan")}, "clarity-weight"),
        ("clarity", {"weight": 101.0}, "clarity-weight"),
        ("clarity", {"pass_mark": 6}, "clarity-pass-mark"),
        ("clarity", {"levels": {5: "a", 4: "b", 3: "c", 2: "d"}}, "clarity-level-1"),
    ],
)
def test_what_cannot_be_is_named_at_its_field(
    dataset: Dataset, key: str, changed: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        rubrics.save(dataset=dataset, criteria=parts(dataset, **{key: changed}))
    assert refused.value.field == field


def test_something_must_count_and_no_criterion_may_lack(dataset: Dataset) -> None:
    nothing = {part.key: {"weight": 0.0} for part in parts(dataset)}
    with pytest.raises(Invalid, match="above 0"):
        rubrics.save(dataset=dataset, criteria=parts(dataset, **nothing))
    with pytest.raises(Invalid, match="in order"):
        rubrics.save(dataset=dataset, criteria=parts(dataset)[:4])


def test_only_admins_change_it(dataset: Dataset, alice: User) -> None:
    with pytest.raises(NotAllowed):
        rubrics.save(dataset=dataset, criteria=parts(dataset), by=alice)
    assert not Rubric.objects.filter(dataset=dataset).exists()


def test_scores_follow_the_weights(dataset: Dataset, dialogue: Dialogue) -> None:
    best = dialogue.candidates.first()
    assert best is not None
    Judgement.objects.filter(candidate=best, criterion="clarity").update(score=1)
    saved = rubrics.save(dataset=dataset, criteria=only(dataset, "clarity"))
    assert saved.reckoned is None
    assert list(rubrics.awaiting()) == [dataset]
    tasks.rescore(dataset.pk)
    best.refresh_from_db()
    dialogue.refresh_from_db()
    assert (best.panel_score, best.passes) == (1, False)
    assert dialogue.panel_score == 4
    assert not rubrics.awaiting()
    saved.refresh_from_db()
    assert saved.reckoned is not None


def test_words_alone_reckon_nothing_anew_unless_something_waits(dataset: Dataset) -> None:
    rubrics.save(dataset=dataset, criteria=parts(dataset, clarity={"question": "Is it clear?"}))
    assert not rubrics.awaiting()
    rubrics.save(dataset=dataset, criteria=parts(dataset, clarity={"weight": 3.0}))
    rubrics.save(dataset=dataset, criteria=parts(dataset, clarity={"question": "Clear?"}))
    assert list(rubrics.awaiting()) == [dataset]


def test_a_score_comes_back_that_no_weight_counted(dataset: Dataset, dialogue: Dialogue) -> None:
    Judgement.objects.exclude(criterion="clarity").delete()
    rubrics.save(dataset=dataset, criteria=only(dataset, "correctness"))
    tasks.rescore(dataset.pk)
    assert set(Candidate.objects.values_list("panel_score", flat=True)) == {None}
    rubrics.save(dataset=dataset, criteria=only(dataset, "clarity"))
    tasks.rescore(dataset.pk)
    assert list(Candidate.objects.values_list("panel_score", flat=True)) == [5, 4, 3]


def test_the_sweep_finds_scores_whose_message_was_lost(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[int, ...]] = []
    monkeypatch.setattr(tasks.rescore, "apply_async", lambda ids, **_: sent.append(ids))
    tasks.sweep_scores()
    assert sent == []
    rubrics.save(dataset=dataset, criteria=parts(dataset, clarity={"weight": 3.0}))
    tasks.sweep_scores()
    assert sent == [(dataset.pk,)]
