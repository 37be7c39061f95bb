"""Dialogues are drawn for calibration by known probabilities, which are kept with what the panel
said of them."""

from collections.abc import Callable

from review import intake
from review.calibration import conditions
from review.models import CandidateKind, Criterion, Dataset, Dialogue, Judgement

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
    assert [now.covers(panel) for panel in panels.values()] == [False, True, True]
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
