"""Dialogues are drawn for calibration by known probabilities, which are kept with what the panel
said of them."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from review import intake, rubrics, scoring
from review.calibration import conditions
from review.calibration.draws import Moments
from review.calibration.sampling import drawing, frames, selection, waves
from review.calibration.sampling.frames import Frame, Part
from review.errors import Invalid, NotAllowed
from review.models import (
    CandidateKind,
    Criterion,
    Dataset,
    Dialogue,
    Judgement,
    Stage,
    User,
    Wave,
    WaveKind,
)

Make = Callable[..., Dialogue]


def ask_judge(dialogue: Dialogue, name: str, *, prompt: str = "j", **said: object) -> None:
    intake.add_judgements(
        dialogue_id=dialogue.pk,
        by=intake.Provenance(
            author=name, kind=CandidateKind.MODEL, prompt_hash=prompt, family=name
        ),
        judged={
            candidate.pk: [intake.JudgedCriterion(c, 4, "as tests say") for c in Criterion.values]
            for candidate in dialogue.candidates.all()
        },
    )
    Judgement.objects.filter(judge=name).update(**said)


def test_present_conditions_are_those_of_most_that_wait(
    dataset: Dataset, make_dialogue: Make
) -> None:
    assert conditions.present(dataset) is None
    old, *new = [make_dialogue(f"d-{n}") for n in range(3)]
    for dialogue in new:
        ask_judge(dialogue, "second")
    now = conditions.present(dataset)
    assert now is not None
    assert {judge.judge for judge in now.judges} == {"critic", "second"}
    assert {wrote.author for wrote in now.rewriters} == {"writer"}
    panels = conditions.panels_of([old.pk, *(one.pk for one in new)])
    assert [now.covers(panels[one.pk]) for one in (old, *new)] == [False, True, True]
    assert panels[old.pk].candidate == old.candidates.earliest("pk").pk
    assert (panels[old.pk].score, panels[old.pk].passes) == (5, True)
    assert conditions.Conditions.from_json(now.as_json()) == now


def test_a_judge_is_heard_for_its_last_prompt_and_of_its_own_family_only_alone(
    dataset: Dataset, make_dialogue: Make
) -> None:
    dialogue = make_dialogue()
    before = conditions.present(dataset)
    ask_judge(dialogue, "critic", prompt="new")
    ask_judge(dialogue, "kin", self_judged=True)
    panel = conditions.panels_of([dialogue.pk])[dialogue.pk]
    assert [(judge.judge, judge.prompt_hash) for judge in panel.judges] == [("critic", "new")]
    now = conditions.present(dataset)
    assert before is not None
    assert now is not None
    assert now.hash != before.hash
    assert now.changes_since(before) == ["The judge critic has another prompt."]
    assert now.covers(panel)
    assert not before.covers(panel)


def drawn(dataset: Dataset, *, size: int = 2, **asked: Any) -> Wave:
    wave = waves.draw(dataset=dataset, **{"kind": "uniform", "size": size, **asked})
    drawing.carry_out(dataset)
    wave.refresh_from_db()
    assert wave.failure == ""
    return wave


def test_a_wave_keeps_what_the_panel_said_and_what_it_was_drawn_from(
    dataset: Dataset, make_dialogue: Make, carol: User
) -> None:
    dialogues = [make_dialogue(f"d-{n}", language="de" if n else "en") for n in range(4)]
    Dialogue.objects.filter(pk=dialogues[3].pk).update(places_taken=1)
    make_dialogue("unscored", stage=Stage.PROPOSED)
    wave = drawn(dataset, by=carol)
    assert (wave.number, wave.by, wave.frame["drawn"]) == (1, carol, 2)
    frame = Frame.from_json(wave.frame)
    assert frame.overall == Part(Moments(3, 3.0, 3.0), 3)
    assert frame.slices["language"]["de"].word.n == 2
    assert frame.criteria["clarity"].word == Moments(3, 3.0, 3.0)
    assert (sum(frame.bins), frame.bins[-1]) == (3, 3)
    assert frame.left_out == {
        **{"begun": 1, "unscored": 1, "drawn": 0},
        **{"covered": 0, "others": 0, "elsewhere": 0},
    }
    rows = list(wave.drawn.select_related("dialogue"))
    assert [row.place for row in rows] == [0, 1]
    for row in rows:
        top = row.dialogue.candidates.earliest("pk")
        assert row.probability == pytest.approx(2 / 3)
        assert (row.candidate, row.score, row.passes, row.round) == (top, 5, True, 0)
        assert row.by_criterion["correctness"] == [top.pk, 5.0]
        assert row.slices["rewriter"] == "writer"
        assert row.dialogue.drawn_place == 10**9 + row.place
    now = conditions.present(dataset)
    assert now is not None
    assert wave.conditions_hash == now.hash


def test_a_dialogue_is_drawn_once_ever(dataset: Dataset, make_dialogue: Make) -> None:
    for n in range(5):
        make_dialogue(f"d-{n}")
    first, second = drawn(dataset, size=3), drawn(dataset, size=2)
    assert second.number == 2
    keys = [row.dialogue_id for wave in (first, second) for row in wave.drawn.all()]
    assert len(set(keys)) == 5
    assert Frame.from_json(second.frame).left_out["drawn"] == 3
    with pytest.raises(Invalid, match="There are 0 dialogues to draw from") as refused:
        waves.draw(dataset=dataset, kind="uniform", size=1)
    assert refused.value.field == "size"
    assert "Left out: 5 dialogues drawn before." in str(refused.value)


def test_a_narrowed_wave_draws_from_its_part_alone(dataset: Dataset, make_dialogue: Make) -> None:
    for n in range(4):
        make_dialogue(f"d-{n}", language="de" if n % 2 else "en")
    wave = drawn(dataset, narrowed={"language": "de"})
    assert {row.dialogue.language for row in wave.drawn.all()} == {"de"}
    frame = Frame.from_json(wave.frame)
    assert (frame.dialogues, frame.left_out["elsewhere"]) == (2, 2)


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"kind": "quick"}, "kind"),
        ({"size": 0}, "size"),
        ({"size": 3}, "size"),
        ({"kind": "informative", "even_share": 0.4}, "even_share"),
        ({"kind": "informative", "even_share": float("nan")}, "even_share"),
        ({"even_share": 0.7}, "even_share"),
        ({"kind": "informative"}, "kind"),
        ({"narrowed": {"author": "gpt"}}, "narrowed"),
        ({"narrowed": {"language": "en", "turns": "1-2"}}, "narrowed"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_the_field_at_fault(
    dataset: Dataset, make_dialogue: Make, asked: dict[str, Any], field: str
) -> None:
    for n in range(2):
        make_dialogue(f"d-{n}")
    with pytest.raises(Invalid) as refused:
        waves.draw(dataset=dataset, **{"kind": "uniform", "size": 1, **asked})
    assert refused.value.field == field
    assert not Wave.objects.exists()


def test_nothing_scored_is_said(dataset: Dataset, make_dialogue: Make, alice: User) -> None:
    make_dialogue(stage=Stage.PROPOSED)
    with pytest.raises(Invalid, match="Have judges score some first"):
        waves.preview(dataset, kind="uniform", size=1)
    with pytest.raises(NotAllowed):
        waves.draw(dataset=dataset, kind="uniform", size=1, by=alice)


def test_an_informative_wave_draws_rather_where_judges_or_ranks_differ(
    dataset: Dataset, make_dialogue: Make
) -> None:
    dialogues = [make_dialogue(f"d-{n}") for n in range(8)]
    Dialogue.objects.filter(pk=dialogues[0].pk).update(disagreement=4, rank_spread=2.0)
    Dialogue.objects.filter(pk=dialogues[1].pk).update(rank_spread=1.0)
    told = waves.preview(dataset, kind="informative", size=2)
    assert told.expected == pytest.approx(2)
    assert 0 < told.lowest < 2 / 8 < told.highest <= 1
    assert "6 dialogues of these have no ranks" in " ".join(told.sentences)
    wave = drawn(dataset, kind="informative", size=2)
    chances = dict(wave.drawn.values_list("dialogue", "probability"))
    assert wave.frame["drawn"] == len(chances)
    for key, chance in chances.items():
        assert told.lowest <= chance <= told.highest, key


def test_where_many_wait_a_look_ahead_leaves_out_whose_judges_they_were_and_says_so(
    dataset: Dataset, make_dialogue: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(4):
        make_dialogue(f"d-{n}", language="de" if n else "en")
    Dialogue.objects.filter(external_id="d-2").update(disagreement=4, rank_spread=2.0)
    asked = {"kind": "informative", "size": 2, "narrowed": {"language": "de"}}
    told = waves.preview(dataset, **asked)
    monkeypatch.setattr(waves, "QUICKLY_READ", 0)
    glanced = waves.preview(dataset, **asked)
    assert glanced == replace(told, sentences=[waves.AT_MOST, *told.sentences])
    assert glanced.dialogues == 3


def test_probabilities_add_up_to_the_size_where_none_is_cut_off() -> None:
    u = np.random.default_rng(1).exponential(size=200)
    assert selection.probabilities(20, 0.5, u).sum() == pytest.approx(20)
    u[0] = 1e6
    cut = selection.probabilities(20, 0.5, u)
    assert cut.max() == 1
    assert cut.sum() < 20
    unknown = selection.informative_of(np.array([0.0, 2.0, np.nan]), np.full(3, np.nan))
    assert unknown.tolist() == [0, 2, 1]


@pytest.mark.parametrize("kind", WaveKind.values)
def test_over_many_seeds_each_is_drawn_as_often_as_its_probability_says(kind: str) -> None:
    size, seeds = 4, 2000
    names = [f"d-{n}" for n in range(12)]
    u = np.arange(12.0) ** 2
    share = 1.0 if kind == "uniform" else 0.5
    probability = selection.probabilities(size, share, u)
    counts, first = np.zeros(12), np.zeros(12)
    for seed in range(seeds):
        wave = Wave(kind=kind, size=size, seed=str(seed), number=1)
        chosen = selection.chosen(wave, names, probability)
        counts[chosen] += 1
        first[chosen[:1]] += 1
        assert kind == "informative" or len(chosen) == size
    error = np.sqrt(probability * (1 - probability) / seeds)
    assert (np.abs(counts / seeds - probability) <= 4 * error + 1e-9).all()
    # Where in the order it comes hangs on nothing but the lot.
    assert kind == "informative" or np.ptp(first) < 8 * np.sqrt(seeds / 12)


def weigh_otherwise(dataset: Dataset) -> None:
    first, *rest = rubrics.current(dataset).parts
    rubrics.save(dataset=dataset, criteria=[replace(first, weight=first.weight + 7), *rest])


def test_no_wave_has_scores_of_an_earlier_rubric(dataset: Dataset, make_dialogue: Make) -> None:
    dialogue = make_dialogue("d-1")
    best = dialogue.candidates.earliest("pk")
    Judgement.objects.filter(candidate=best, criterion=Criterion.CORRECTNESS).update(score=4)
    weigh_otherwise(dataset)
    wave = waves.draw(dataset=dataset, kind="uniform", size=1)
    drawing.carry_out(dataset)
    wave.refresh_from_db()
    assert (wave.drawn_at, wave.failure) == (None, ""), "a sweep comes back to it"
    scoring.catch_up(dataset)
    drawing.carry_out(dataset)
    dialogue.refresh_from_db()
    assert wave.drawn.get().score == dialogue.panel_score


def test_a_rubric_that_changes_while_a_wave_is_drawn_has_it_drawn_again(
    dataset: Dataset, make_dialogue: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_dialogue("d-1")
    wave = waves.draw(dataset=dataset, kind="uniform", size=1)
    read = frames.read

    def slowly(*asked: Any) -> frames.Rows:
        rows = read(*asked)
        weigh_otherwise(dataset)
        return rows

    with monkeypatch.context() as patched:
        patched.setattr(frames, "read", slowly)
        drawing.carry_out(dataset)
    wave.refresh_from_db()
    assert (wave.drawn_at, wave.leased_until, wave.drawn.count()) == (None, None, 0)
    scoring.catch_up(dataset)
    drawing.carry_out(dataset)
    wave.refresh_from_db()
    assert wave.conditions["rubric"] == conditions.rubric_of(rubrics.current(dataset))
