"""A certificate is tested once, on waves that no other test has used, and ends with what it was
tested for."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from review import intake, rubrics
from review.calibration.certifying import certificates, listing
from review.calibration.certifying.watching import watch
from review.calibration.conditions import present
from review.errors import Conflict, Invalid, NotAllowed
from review.models import (
    Assignment,
    Candidate,
    CandidateKind,
    Certificate,
    CertificateEnd,
    Criterion,
    Dataset,
    Decision,
    Dialogue,
    Drawn,
    RubricCriterion,
    User,
    Wave,
)
from tests.certified import certificate_of

Make = Callable[..., Dialogue]
Program = Callable[[User], Client]
# Four accepted without a bad one certify that at most half are bad, at 90%.
LAX = {"share": 0.5, "confidence": 0.9}
# The same of a second test, and of a third.
SECOND, THIRD = ({"share": 0.5, "confidence": confidence} for confidence in (0.8, 0.7))


@pytest.fixture
def draw(dataset: Dataset, make_dialogue: Make, alice: User) -> Callable[..., Wave]:
    """A uniform wave of dialogues on which Alice has decided: True where she accepts the best,
    False where another, None where she has not."""

    def make(*accepted: bool | None, **fields: Any) -> Wave:
        number = Wave.objects.count() + 1
        dialogues = [make_dialogue(f"w{number}-{n}") for n in range(len(accepted))]
        now = present(dataset)
        assert now is not None
        values = {
            "kind": "uniform",
            "conditions_hash": now.hash,
            "drawn_at": "2026-11-26T12:00Z",
            **fields,
        }
        wave = Wave.objects.create(dataset=dataset, number=number, size=len(accepted), **values)
        for place, (dialogue, good) in enumerate(zip(dialogues, accepted, strict=True)):
            best, second = dialogue.candidates.order_by("pk")[:2]
            Drawn.objects.create(
                wave=wave,
                dialogue=dialogue,
                probability=0.5,
                place=place,
                round=0,
                candidate=best,
                score=5.0,
            )
            if good is not None:
                decided(dialogue, alice, best if good else second)
        return wave

    return make


def decided(dialogue: Dialogue, by: User, candidate: Candidate, **saw: Any) -> Decision:
    at = "2026-11-26T12:00Z"
    place = Assignment.objects.create(
        dialogue=dialogue,
        reviewer=by,
        place=0,
        state="decided",
        drawn=True,
        arm="blind",
        claimed_at=at,
        expires_at=at,
        ended_at=at,
    )
    offered = [{"id": one.pk} for one in dialogue.candidates.all()]
    return Decision.objects.create(
        dialogue=dialogue,
        assignment=place,
        reviewer=by,
        verdict="accept",
        candidate=candidate,
        seconds=1,
        saw={"scores": False, "candidates": offered, **saw},
    )


def test_enough_without_a_bad_one_certify_down_the_grid(
    dataset: Dataset, draw: Callable[..., Wave], carol: User
) -> None:
    wave = draw(True, True, True, True)
    before = certificates.preview(dataset=dataset, **LAX)
    assert (before.waves, before.drawn, before.decided, before.missing) == ([1], 4, 4, 0)
    assert (before.needed, before.words) == (4, "")
    made = certificates.test(dataset=dataset, by=carol, **LAX)
    wave.refresh_from_db()
    assert (made.number, made.by, made.is_in_force()) == (1, carol, True)
    assert made.threshold == 3.0
    assert wave.certificate == made
    now = present(dataset)
    assert now is not None
    assert made.conditions_hash == now.hash
    assert certificates.in_words(made) == (
        "At a panel score of 3.0 or above at most 50% of the rewrites are bad, with 90% confidence."
    )
    with pytest.raises(Conflict, match="No wave is left"):
        certificates.test(dataset=dataset, by=carol, **SECOND)


def test_what_is_bad_or_not_decided_counts_against_it_and_the_wave_is_used_all_the_same(
    dataset: Dataset, draw: Callable[..., Wave], carol: User
) -> None:
    draw(True, True, True, True, None, False)
    made = certificates.test(dataset=dataset, by=carol, **LAX)
    assert made.threshold is None
    assert not made.is_in_force()
    assert [(step["n"], step["bad"]) for step in made.steps] == [(6, 2)]
    assert "3 more" in certificates.in_words(made)
    assert certificates.preview(dataset=dataset, **LAX).waves == []


def test_a_test_that_could_not_pass_is_not_made_and_uses_nothing_up(
    dataset: Dataset, draw: Callable[..., Wave], carol: User
) -> None:
    draw(None, None, None)
    with pytest.raises(Conflict, match="Draw a larger wave"):
        certificates.test(dataset=dataset, by=carol, **LAX)
    draw(True, True, True)
    with pytest.raises(Conflict, match="3 of the 6 drawn dialogues are decided"):
        certificates.test(dataset=dataset, by=carol, **LAX)
    assert certificates.preview(dataset=dataset, **LAX).waves == [1, 2]


def test_nobody_draws_more_until_a_test_passes(
    dataset: Dataset, draw: Callable[..., Wave], carol: User
) -> None:
    draw(True, False, True, True)
    draw(True, True, True, True)
    assert certificates.preview(dataset=dataset, **LAX).waves == [1], "decided before the second"
    assert certificates.test(dataset=dataset, by=carol, **LAX).threshold is None
    assert certificates.test(dataset=dataset, by=carol, **SECOND).threshold is not None
    assert list(Wave.objects.values_list("certificate__number", flat=True)) == [1, 2]


def test_a_confidence_is_that_of_all_tests_under_the_same_conditions(
    dataset: Dataset, draw: Callable[..., Wave], carol: User, django_assert_num_queries: Any
) -> None:
    draw(True, False, True, True)
    certificates.test(dataset=dataset, by=carol, **LAX)
    draw(*[True] * 5)
    refused = certificates.preview(dataset=dataset, **LAX)
    assert "1 test was made already, at 90% together: that leaves nothing" in refused.words
    with pytest.raises(Conflict, match="leaves nothing for another at 90%"):
        certificates.test(dataset=dataset, by=carol, **LAX)
    assert certificates.preview(dataset=dataset, **SECOND).needed == 4, "at 90% by itself"
    narrow = certificates.preview(dataset=dataset, share=0.5, confidence=0.85)
    assert narrow.needed == 5, "at 95%"
    made = certificates.test(dataset=dataset, by=carol, **SECOND)
    assert made.steps[0]["bound"] == pytest.approx(1 - 0.1 ** (1 / 5))
    words = certificates.in_words(made)
    assert "with 80% confidence over the 2 tests so far under the same conditions." in words
    with django_assert_num_queries(3):
        newest, first = listing.listed(dataset)
    assert (newest.words, first.over_all) == (words, "")
    Certificate.objects.update(conditions_hash="others")
    assert certificates.preview(dataset=dataset, **LAX).needed == 4


def test_what_is_drawn_too_small_for_a_test_holds_up_no_other(
    dataset: Dataset, draw: Callable[..., Wave], carol: User
) -> None:
    draw(False, False)
    draw(True, True, True, True)
    assert certificates.test(dataset=dataset, by=carol, **LAX).threshold is not None
    assert list(Wave.objects.values_list("certificate__number", flat=True)) == [None, 1]


def test_a_drawn_dialogue_that_is_gone_counts_as_bad(
    dataset: Dataset, draw: Callable[..., Wave], carol: User
) -> None:
    wave = draw(True, True, True, True)
    wave.frame = {"drawn": 5}
    wave.save()
    made = certificates.test(dataset=dataset, by=carol, **LAX)
    assert (made.steps[0]["n"], made.steps[0]["bad"], made.threshold) == (5, 1, None)


def test_only_uniform_waves_of_the_whole_dataset_and_the_present_judges_are_tested_on(
    dataset: Dataset, draw: Callable[..., Wave]
) -> None:
    draw(True, kind="informative")
    draw(True, narrowed={"language": "de"})
    draw(True, conditions_hash="others")
    draw(True, drawn_at=None)
    assert certificates.preview(dataset=dataset, **LAX).waves == []


def test_only_what_was_said_without_scores_at_a_drawn_place_counts(
    dataset: Dataset, draw: Callable[..., Wave]
) -> None:
    draw(True, True)
    Decision.objects.filter(pk=Decision.objects.earliest("pk").pk).update(saw={"scores": True})
    assert certificates.preview(dataset=dataset, **LAX).decided == 1


def test_a_new_one_takes_the_place_of_the_one_in_force(
    dataset: Dataset, draw: Callable[..., Wave], carol: User
) -> None:
    draw(True, True, True, True)
    first = certificates.test(dataset=dataset, by=carol, **LAX)
    draw(*[True] * 5)
    second = certificates.test(dataset=dataset, by=carol, **SECOND)
    first.refresh_from_db()
    assert (first.end, first.ended_by) == (CertificateEnd.REPLACED, carol)
    assert first.end_note == "Certificate 2 took its place."
    assert certificates.in_force(dataset) == second
    draw(*[False] * 5)
    third = certificates.test(dataset=dataset, by=carol, **THIRD)
    assert third.threshold is None
    assert certificates.in_force(dataset) == second


def test_admins_alone_test_and_withdraw(
    dataset: Dataset, draw: Callable[..., Wave], alice: User, bob: User, carol: User
) -> None:
    draw(True, True, True, True)
    with pytest.raises(NotAllowed):
        certificates.test(dataset=dataset, by=bob, **LAX)
    with pytest.raises(Invalid, match=r"Give a share from 0\.1% to 50%"):
        certificates.test(dataset=dataset, share=0.6, confidence=0.9, by=carol)
    made = certificates.test(dataset=dataset, by=carol, **LAX)
    with pytest.raises(NotAllowed):
        certificates.withdraw(certificate=made, by=bob)
    certificates.withdraw(certificate=made, by=carol)
    made.refresh_from_db()
    assert (made.end, made.end_note, made.ended_by) == ("withdrawn", "Withdrawn by carol.", carol)
    with pytest.raises(Conflict, match="not in force any more"):
        certificates.withdraw(certificate=made, by=carol)


def score(dialogue: Dialogue, judge: str, **by: Any) -> None:
    intake.add_judgements(
        dialogue_id=dialogue.pk,
        by=intake.Provenance(author=judge, kind=CandidateKind.MODEL, **by),
        judged={
            dialogue.candidates.earliest("pk").pk: [
                intake.JudgedCriterion(Criterion.CLARITY, 4, "as tests say")
            ]
        },
    )


def propose(dialogue: Dialogue, author: str, **by: Any) -> None:
    provenance = intake.Provenance(author=author, kind=CandidateKind.MODEL, **by)
    intake.add_candidates(dialogue_id=dialogue.pk, texts=["a pier"], by=provenance, round=0)


def reword(dialogue: Dialogue) -> None:
    parts = [RubricCriterion.from_json(one) for one in rubrics.shipped().criteria]
    changed = replace(parts[0], question="Is it right?")
    rubrics.save(dataset=dialogue.dataset, criteria=[changed, *parts[1:]])


@pytest.mark.parametrize(
    ("change", "note"),
    [
        (lambda d: score(d, "newcomer"), "The judge newcomer is new."),
        (lambda d: score(d, "critic", prompt_hash="other"), "The judge critic has another prompt."),
        (lambda d: score(d, "critic", model="m", prompt_hash="j"), "has another model."),
        (lambda d: propose(d, "newcomer"), "The rewriter newcomer is new."),
        (lambda d: propose(d, "writer", prompt_hash="other"), "The rewriter writer has another"),
        (reword, "Version 1 of the rubric is in force."),
    ],
)
def test_it_ends_with_the_judges_rubric_and_rewriters_it_was_tested_for(
    dataset: Dataset, dialogue: Dialogue, change: Callable[[Dialogue], None], note: str
) -> None:
    certificate = certificate_of(dataset)
    change(dialogue)
    certificate.refresh_from_db()
    assert certificate.end == CertificateEnd.CHANGED
    assert note in certificate.end_note


def test_it_outlives_more_of_the_same_and_what_is_said_of_settled_dialogues(
    dataset: Dataset, make_dialogue: Make
) -> None:
    settled = make_dialogue("settled")
    certificate_of(dataset)
    make_dialogue("later")
    Dialogue.objects.filter(pk=settled.pk).update(
        stage="approved", approved_candidate=settled.candidates.earliest("pk")
    )
    score(settled, "newcomer")
    propose(settled, "newcomer")
    assert Certificate.objects.in_force().exists()


def test_an_import_of_other_rewriters_ends_it(
    dataset: Dataset, dialogue: Dialogue, tmp_path: Any
) -> None:
    certificate_of(dataset)
    lines = tmp_path / "dialogues.jsonl"
    line = '{"id": "i%d", "turns": [{"role": "user", "text": "a pier"}]%s}\n'
    lines.write_text(line % (1, ""))
    call_command("import_dialogues", "coast", str(lines), verbosity=0)
    assert Certificate.objects.in_force().exists()
    lines.write_text(line % (2, ', "candidates": [{"text": "the pier", "author": "elsewhere"}]'))
    call_command("import_dialogues", "coast", str(lines), verbosity=0)
    assert Certificate.objects.get().end_note == "The rewriter elsewhere is new."


def test_batches_of_a_dataset_without_one_look_at_nothing(
    dialogue: Dialogue, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(1):
        watch({dialogue.dataset_id}, iter([]))
    with django_assert_num_queries(0):
        watch(set(), iter([]))


def test_programs_test_read_and_withdraw(
    dataset: Dataset, draw: Callable[..., Wave], program_of: Program, alice: User, carol: User
) -> None:
    draw(True, True, True, True)
    url = "/api/v1/datasets/coast/certificates/"
    program = program_of(carol)
    assert program_of(alice).get(url).status_code == 403
    assert program_of(alice).post(url, LAX, "application/json").status_code == 403
    preview = program.post(f"{url}?dry_run=true", LAX, "application/json")
    assert (preview.status_code, preview.json()["drawn"]) == (200, 4)
    assert program.post(url, {"share": 2}, "application/json").status_code == 400
    made = program.post(url, LAX, "application/json")
    assert made.status_code == 201
    assert made.json()["in_force"]
    assert program.post(url, LAX, "application/json").status_code == 409
    assert program.get(url).json() == [made.json()]
    assert program.post(f"{url}9/withdraw/").status_code == 404
    assert program.post(f"{url}1/put-back/").status_code == 409
    assert program.post(f"{url}1/withdraw/").json()["end"] == "withdrawn"
    assert program.post(f"{url}1/withdraw/").status_code == 409


def test_the_command_says_first_and_tests_then(
    dataset: Dataset, draw: Callable[..., Wave], capsys: pytest.CaptureFixture[str]
) -> None:
    draw(True, True, True, True)
    asked = ["certify", "coast", "--share", "0.5", "--confidence", "0.9"]
    call_command(*asked, "--dry-run")
    assert "1 wave: 4 dialogues drawn, 4 decided, 0 missing" in capsys.readouterr().out
    call_command(*asked, "--json")
    assert '"threshold":3.0' in capsys.readouterr().out
    assert Certificate.objects.get().by is None
