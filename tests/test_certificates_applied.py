"""A certificate in force approves without a person, or lets one decision do: each dialogue once,
and none under a person's hands."""

from collections.abc import Callable
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from review import assignments, decisions, intake, policy, rubrics, undoing, visibility
from review.calibration.certifying import applying, putting_back
from review.calibration.sampling import frames
from review.checking import Checked, Checker, record_checks
from review.events import rewrite_approved
from review.models import (
    Approval,
    Assignment,
    Candidate,
    CandidateKind,
    Certificate,
    Certified,
    CertifiedAs,
    CertifiedUse,
    CheckOutcome,
    Criterion,
    Dataset,
    Decision,
    Dialogue,
    PolicyChange,
    Rubric,
    Stage,
    User,
    Verdict,
)
from review.practice import pool
from review.rulings import Ruling
from tests.certified import certificate_of, ids, make_some, stages_of

Make = Callable[..., Dialogue]
Claim = Callable[[User], Assignment]


def use(dataset: Dataset, how: CertifiedUse, **fields: Any) -> None:
    for name, value in {"certified_use": how, **fields}.items():
        setattr(dataset, name, value)
    dataset.save()


def accept(place: Assignment, nth: int = 0) -> Decision:
    chosen = place.dialogue.candidates.order_by("pk")[nth]
    ruling = Ruling(Verdict.ACCEPT, candidate_id=chosen.pk)
    return decisions.decide(assignment=place, ruling=ruling, by=place.reviewer)


def edit(place: Assignment) -> Decision:
    ruling = Ruling(Verdict.EDIT, text="the lighthouse under clouds, from the sea")
    return decisions.decide(assignment=place, ruling=ruling, by=place.reviewer)


def test_what_it_covers_is_approved_without_a_person_and_checked(
    dataset: Dataset, make_dialogue: Make, django_capture_on_commit_callbacks: Any
) -> None:
    dialogues = make_some(make_dialogue, 3)
    certificate = certificate_of(dataset)
    use(dataset, CertifiedUse.ACCEPT)
    heard: list[int] = []

    def hear(dialogue_id: int, **_: Any) -> None:
        heard.append(dialogue_id)

    rewrite_approved.connect(hear)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            assert applying.apply(dataset) == 3
    finally:
        rewrite_approved.disconnect(hear)
    assert heard == [dialogues[0].pk]
    for dialogue in dialogues:
        dialogue.refresh_from_db()
        top = dialogue.candidates.earliest("pk")
        assert (dialogue.stage, dialogue.approval) == (Stage.APPROVED, Approval.CERTIFIED)
        assert (dialogue.approved_candidate, top.author) == (top, "writer")
        assert dialogue.checks_due
        assert dialogue.settled_at
    rows = Certified.objects.filter(certificate=certificate)
    assert {(row.used_as, row.score, row.good) for row in rows} == {("accepted", 5, None)}
    assert applying.apply(dataset) == 0


def test_one_in_twenty_goes_to_people_all_the_same_blind_and_before_all_others(
    dataset: Dataset, make_dialogue: Make, alice: User, claim: Claim
) -> None:
    [audited] = make_some(make_dialogue, 1, audited=True)
    use(dataset, CertifiedUse.ACCEPT)
    certificate_of(dataset)
    applying.apply(dataset)
    make_dialogue("other")
    assert Certified.objects.get(dialogue=audited).used_as == CertifiedAs.AUDIT
    place = claim(alice)
    assert place.dialogue == audited
    assert place.drawn
    assert place.hides_scores()


def test_it_covers_nothing_but_what_it_was_tested_for(
    dataset: Dataset, make_dialogue: Make, alice: User, claim: Claim
) -> None:
    names = ids(audited=False)
    held, low, others, drawn = (make_dialogue(next(names)) for _ in range(4))
    Dialogue.objects.exclude(pk=held.pk).update(places_taken=1)
    assert claim(alice).dialogue == held
    Dialogue.objects.exclude(pk=held.pk).update(places_taken=0)
    certificate_of(dataset)
    use(dataset, CertifiedUse.ACCEPT)
    Candidate.objects.filter(dialogue=low).update(panel_score=4)
    Dialogue.objects.filter(pk=low.pk).update(panel_score=4)
    Candidate.objects.filter(dialogue=others).update(author="somebody else")
    Dialogue.objects.filter(pk=drawn.pk).update(drawn_place=5)
    assert applying.apply(dataset) == 0
    assert set(stages_of([held, low, others, drawn])) == {Stage.JUDGED}


@pytest.mark.parametrize(
    ("how", "covers"), [(CertifiedUse.ACCEPT, False), (CertifiedUse.ONE_DECISION, True)]
)
def test_what_a_validator_blocks_is_approved_by_people_alone(
    dataset: Dataset, make_dialogue: Make, how: CertifiedUse, covers: bool
) -> None:
    [blocked, other] = make_some(make_dialogue, 2)
    Candidate.objects.filter(dialogue=blocked).update(text=blocked.final_query)
    certificate_of(dataset)
    use(dataset, how, validators={"equal": "block"})
    applying.apply(dataset)
    assert Certified.objects.filter(dialogue=other).exists()
    assert Certified.objects.filter(dialogue=blocked).exists() == covers
    blocked.refresh_from_db()
    assert blocked.stage == Stage.JUDGED


def test_a_score_that_is_the_certified_one_but_for_rounding_is_covered_and_in_no_wave(
    dataset: Dataset, make_dialogue: Make
) -> None:
    make_dialogue()
    certificate = certificate_of(dataset)
    use(dataset, CertifiedUse.ACCEPT)
    Dialogue.objects.update(panel_score=4.5 - 1e-12)
    assert (applying.may_cover(certificate), frames.count(dataset)) == (1, 0)
    Dialogue.objects.update(panel_score=4.49)
    assert (applying.may_cover(certificate), frames.count(dataset)) == (0, 1)


def test_what_is_free_again_is_covered_within_a_quarter_of_an_hour(
    dataset: Dataset, make_dialogue: Make
) -> None:
    make_some(make_dialogue, 1)
    certificate = certificate_of(dataset)
    use(dataset, CertifiedUse.ACCEPT)
    Dialogue.objects.update(places_taken=1)
    assert applying.apply(dataset) == 0
    Dialogue.objects.update(places_taken=0)
    certificate.refresh_from_db()
    assert certificate.walked_at is not None
    certificate.walked_at -= applying.WALK_AGAIN
    certificate.save()
    assert applying.apply(dataset) == 1


def test_what_is_put_back_for_people_can_be_drawn_into_a_wave(
    dataset: Dataset, make_dialogue: Make, bob: User
) -> None:
    [dialogue] = make_some(make_dialogue, 1)
    certificate_of(dataset)
    use(dataset, CertifiedUse.ACCEPT)
    assert (applying.apply(dataset), frames.count(dataset)) == (1, 0)
    putting_back.put_back_one(dialogue=dialogue, by=bob)
    assert frames.count(dataset) == 1


def test_it_covers_what_is_scored_later_too(dataset: Dataset, make_dialogue: Make) -> None:
    names = ids(audited=False)
    make_dialogue(next(names))
    certificate_of(dataset)
    use(dataset, CertifiedUse.ACCEPT)
    assert applying.apply(dataset) == 1
    late = make_dialogue(next(names))
    assert Certificate.objects.in_force().exists()
    assert applying.apply(dataset) == 1
    assert stages_of([late]) == [Stage.APPROVED]


def test_nothing_is_covered_where_the_dataset_does_not_use_it(
    dataset: Dataset, make_dialogue: Make
) -> None:
    make_some(make_dialogue, 1)
    certificate_of(dataset)
    assert applying.apply(dataset) == 0


def test_a_worker_that_dies_between_leaves_nothing_half_done(
    dataset: Dataset, make_dialogue: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialogues = make_some(make_dialogue, 4)
    certificate_of(dataset)
    use(dataset, CertifiedUse.ACCEPT)
    monkeypatch.setattr(applying, "BATCH", 2)
    with monkeypatch.context() as dying:
        calls = iter([applying.announce_approval])
        dying.setattr(applying, "announce_approval", lambda dialogue: next(calls)(dialogue))
        with pytest.raises((StopIteration, RuntimeError)):
            applying.apply(dataset)
    assert sorted(stages_of(dialogues)) == ["approved"] * 2 + ["judged"] * 2
    assert Certified.objects.count() == 2
    assert applying.apply(dataset) == 2
    assert set(stages_of(dialogues)) == {Stage.APPROVED}
    assert Certified.objects.count() == 4


def at_once(*acts: Callable[[], object]) -> list[object]:
    """What each of them came to, begun at the same moment, each with a connection of its own."""
    start, came = Barrier(len(acts)), [None] * len(acts)

    def run(place: int, act: Callable[[], object]) -> None:
        try:
            start.wait()
            came[place] = act()  # type: ignore[call-overload]
        finally:
            connection.close()

    threads = [Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return list(came)


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_cover_each_dialogue_once(
    dataset: Dataset, make_dialogue: Make
) -> None:
    dialogues = make_some(make_dialogue, 6)
    certificate = certificate_of(dataset)
    use(dataset, CertifiedUse.ACCEPT)
    keys = [dialogue.pk for dialogue in dialogues]

    def cover() -> int | None:
        return applying.cover(certificate_id=certificate.pk, keys=keys)

    came = at_once(cover, cover, lambda: applying.apply(dataset))
    assert sum(int(str(count)) for count in came) == 6
    assert Certified.objects.count() == 6
    assert set(stages_of(dialogues)) == {Stage.APPROVED}


@pytest.mark.django_db(transaction=True)
def test_a_dialogue_that_somebody_claims_meanwhile_is_left_to_them(
    dataset: Dataset, make_dialogue: Make, alice: User
) -> None:
    [dialogue] = make_some(make_dialogue, 1)
    certificate = certificate_of(dataset)
    use(dataset, CertifiedUse.ACCEPT)
    came: list[object] = []
    with transaction.atomic():
        place = assignments.claim_next(dataset=dataset, by=alice)
        worker = Thread(
            target=lambda: came.append(
                applying.cover(certificate_id=certificate.pk, keys=[dialogue.pk])
            )
        )
        worker.start()
        worker.join()
    assert came == [0]
    assert place is not None
    applying.apply(dataset)
    assert stages_of([dialogue]) == [Stage.JUDGED]
    visibility.record_shown(visibility.at_place(place))
    accept(place)
    dialogue.refresh_from_db()
    assert dialogue.approval == Approval.ACCEPTED


@pytest.fixture
def sufficing(dataset: Dataset, make_dialogue: Make) -> Dialogue:
    """Two decide on each dialogue, and one is enough on this one."""
    [dialogue] = make_some(make_dialogue, 1)
    certificate_of(dataset)
    use(dataset, CertifiedUse.ONE_DECISION, decisions_needed=2)
    applying.apply(dataset)
    dialogue.refresh_from_db()
    assert dialogue.one_suffices
    return dialogue


def test_one_reviewer_who_agrees_is_enough(
    sufficing: Dialogue, alice: User, erin: User, claim: Claim
) -> None:
    place = claim(alice)
    assert assignments.claim_next(dataset=sufficing.dataset, by=erin) is None
    assert accept(place).stage_after == Stage.APPROVED
    sufficing.refresh_from_db()
    assert sufficing.approval == Approval.ACCEPTED
    assert Certified.objects.get().good


@pytest.mark.parametrize("other", [edit, lambda place: accept(place, nth=1)])
def test_any_other_word_takes_as_many_as_usual(
    sufficing: Dialogue,
    alice: User,
    erin: User,
    claim: Claim,
    other: Callable[[Assignment], Decision],
) -> None:
    assert other(claim(alice)).stage_after == Stage.JUDGED
    sufficing.refresh_from_db()
    assert not sufficing.one_suffices
    assert Certified.objects.get().good is False
    assert accept(claim(erin)).stage_after == Stage.DISPUTED


def test_who_takes_the_one_decision_back_holds_the_place_and_decides_again(
    sufficing: Dialogue, alice: User, erin: User, claim: Claim
) -> None:
    place = undoing.undo(decision=accept(claim(alice)), by=alice)
    sufficing.refresh_from_db()
    assert (sufficing.stage, Certified.objects.get().good) == (Stage.JUDGED, None)
    assert assignments.claim_next(dataset=sufficing.dataset, by=erin) is None
    edit(place)
    assert claim(erin).dialogue == sufficing


def test_who_skips_leaves_the_one_decision_to_the_next(
    sufficing: Dialogue, alice: User, erin: User, claim: Claim
) -> None:
    decisions.decide(assignment=claim(alice), ruling=Ruling(Verdict.SKIP), by=alice)
    assert accept(claim(erin)).stage_after == Stage.APPROVED


def test_once_the_certificate_has_ended_one_is_enough_no_more(
    sufficing: Dialogue, alice: User, erin: User, claim: Claim
) -> None:
    place = claim(alice)
    intake.add_judgements(
        dialogue_id=sufficing.pk,
        by=intake.Provenance(author="newcomer", kind=CandidateKind.MODEL),
        judged={
            sufficing.candidates.earliest("pk").pk: [
                intake.JudgedCriterion(Criterion.CLARITY, 2, "as tests say")
            ]
        },
    )
    assert accept(place).stage_after == Stage.JUDGED
    assert accept(claim(erin)).stage_after == Stage.APPROVED


def test_the_policy_says_what_its_use_would_do_does_it_and_keeps_who_changed_it(
    dataset: Dataset, make_dialogue: Make, carol: User
) -> None:
    dialogues = make_some(make_dialogue, 2)
    assert policy.consequences(dataset, {"certified_use": "accept"}) == [
        "No certificate is in force: nothing is approved without a person before a test passes, "
        "and then at once."
    ]
    certificate_of(dataset)
    [said] = policy.consequences(dataset, {"certified_use": "accept"})
    assert said.startswith("Up to 2 dialogues that wait are approved now without a person")
    change = policy.save(dataset=dataset, changes={"certified_use": "accept"}, by=carol)
    assert change is not None
    assert change.applied is None
    policy.catch_up(dataset)
    assert set(stages_of(dialogues)) == {Stage.APPROVED}
    kept = PolicyChange.objects.get()
    assert (kept.by, kept.before) == (carol, {"certified_use": "nothing"})
    dataset.refresh_from_db()
    assert policy.consequences(dataset, {"certified_use": "nothing"}) == [
        "Nothing more is approved without a person. 2 dialogues approved so stay approved."
    ]


def test_what_waits_for_one_decision_is_approved_once_the_policy_says_so(
    sufficing: Dialogue, carol: User
) -> None:
    dataset = sufficing.dataset
    policy.save(dataset=dataset, changes={"certified_use": "accept"}, by=carol)
    policy.catch_up(dataset)
    sufficing.refresh_from_db()
    assert (sufficing.approval, sufficing.one_suffices) == (Approval.CERTIFIED, False)
    assert Certified.objects.get().used_as == CertifiedAs.ACCEPTED


def test_who_has_claimed_it_decides_alone_whatever_the_policy_says_since(
    sufficing: Dialogue, alice: User, carol: User, claim: Claim
) -> None:
    place = claim(alice)
    policy.save(dataset=sufficing.dataset, changes={"certified_use": "nothing"}, by=carol)
    policy.catch_up(sufficing.dataset)
    assert accept(place).stage_after == Stage.APPROVED


def test_nobody_practises_on_what_no_person_decided(
    dataset: Dataset, make_dialogue: Make, carol: User
) -> None:
    dialogues = make_some(make_dialogue, 1)
    certificate_of(dataset)
    use(dataset, CertifiedUse.ACCEPT)
    applying.apply(dataset)
    dialogues[0].refresh_from_db()
    assert not pool.pool_of(dataset).exists()
    with pytest.raises(Exception, match="approved by a certificate"):
        pool.mark(dialogue=dialogues[0], by=carol)


def test_a_worse_check_disputes_it_as_any_other(dataset: Dataset, make_dialogue: Make) -> None:
    dialogues = make_some(make_dialogue, 1)
    certificate_of(dataset)
    use(dataset, CertifiedUse.ACCEPT, dispute_when_worse=True)
    applying.apply(dataset)
    dialogues[0].refresh_from_db()
    checked = Checked(dialogues[0], corpus_size=4, forms=[], outcome=CheckOutcome.WORSE)
    record_checks([checked], by=Checker("bm25", "hash", 1))
    assert stages_of(dialogues) == [Stage.DISPUTED]


def test_nothing_is_covered_while_its_rubric_is_reckoned_anew(
    dataset: Dataset, make_dialogue: Make
) -> None:
    dialogues = make_some(make_dialogue, 1)
    certificate_of(dataset)
    use(dataset, CertifiedUse.ACCEPT)
    shipped = rubrics.shipped()
    Rubric.objects.create(
        dataset=dataset, version=1, criteria=shipped.criteria, hash=shipped.hash, reckoned=None
    )
    assert applying.apply(dataset) == 0
    Rubric.objects.update(reckoned=timezone.now())
    assert applying.apply(dataset) == 1
    assert stages_of(dialogues) == [Stage.APPROVED]
