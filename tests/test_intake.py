"""What machines hand in enters the record once, and moves a dialogue only where it may."""

from collections.abc import Callable

from review import checking, decisions, intake
from review.models import (
    Approval,
    Assignment,
    Candidate,
    CandidateKind,
    CheckOutcome,
    Criterion,
    Dataset,
    Dialogue,
    Judgement,
    RetrievalCheck,
    Stage,
    User,
    Verdict,
)
from review.rulings import Ruling

Claim = Callable[[User], Assignment]
Make = Callable[..., Dialogue]
WRITER = intake.Provenance(author="writer-a", kind=CandidateKind.MODEL, model="m", prompt_hash="p")
OTHER = intake.Provenance(author="writer-b", kind=CandidateKind.MODEL, model="n", prompt_hash="q")
RETRIEVER = checking.Checker("bm25", retriever_hash="h", corpus_version=1)


def add(dialogue: Dialogue, by: intake.Provenance, *texts: str) -> list[Candidate]:
    return intake.add_candidates(dialogue_id=dialogue.pk, texts=texts, by=by, round=0)


def score(dialogue: Dialogue, judge: str, scores: dict[Candidate, int | None]) -> None:
    by = intake.Provenance(author=judge, kind=CandidateKind.MODEL, prompt_hash="r")
    intake.add_judgements(
        dialogue_id=dialogue.pk,
        by=by,
        judged={
            candidate.pk: [
                intake.JudgedCriterion(c, value, unscored_reason="" if value else "unreadable")
                for c in Criterion.values
            ]
            for candidate, value in scores.items()
        },
    )


def test_candidates_move_an_imported_dialogue_to_proposed(make_dialogue: Make) -> None:
    dialogue = make_dialogue(stage=Stage.IMPORTED)
    add(dialogue, WRITER, "a", "b")
    dialogue.refresh_from_db()
    assert dialogue.stage == Stage.PROPOSED


def test_the_same_work_handed_in_twice_changes_nothing(make_dialogue: Make) -> None:
    dialogue = make_dialogue(stage=Stage.IMPORTED)
    assert add(dialogue, WRITER, "a", "b") == add(dialogue, WRITER, "a", "b")
    assert [c.authors() for c in dialogue.candidates.all()] == [["writer-a"], ["writer-a"]]


def test_equal_texts_are_one_candidate_with_both_authors(make_dialogue: Make) -> None:
    dialogue = make_dialogue(stage=Stage.IMPORTED)
    add(dialogue, WRITER, "caf\u00e9")
    add(dialogue, OTHER, "cafe\u0301 ")
    (candidate,) = dialogue.candidates.all()
    assert candidate.authors() == ["writer-a", "writer-b"]
    assert candidate.also_by[0]["model"] == "n"


def test_late_candidates_leave_a_settled_dialogue_settled(dialogue: Dialogue) -> None:
    Dialogue.objects.update(stage=Stage.REJECTED)
    add(dialogue, WRITER, "late")
    dialogue.refresh_from_db()
    assert dialogue.stage == Stage.REJECTED


def test_the_panel_is_the_mean_of_its_judges(make_dialogue: Make) -> None:
    dialogue = make_dialogue(stage=Stage.IMPORTED)
    good, poor = add(dialogue, WRITER, "good", "poor")
    score(dialogue, "judge-a", {good: 5, poor: 1})
    score(dialogue, "judge-b", {good: 3, poor: 1})
    good.refresh_from_db()
    dialogue.refresh_from_db()
    assert (good.panel_score, good.disagreement) == (4.0, 2.0)
    assert (dialogue.stage, dialogue.panel_score, dialogue.disagreement) == (Stage.JUDGED, 4, 2)


def test_an_unreadable_judge_is_unscored_and_never_a_low_score(make_dialogue: Make) -> None:
    dialogue = make_dialogue(stage=Stage.IMPORTED)
    (candidate,) = add(dialogue, WRITER, "good")
    score(dialogue, "judge-a", {candidate: None})
    dialogue.refresh_from_db()
    assert (dialogue.stage, dialogue.panel_score) == (Stage.PROPOSED, None)
    score(dialogue, "judge-b", {candidate: 4})
    candidate.refresh_from_db()
    assert candidate.panel_score == 4.0


def test_a_judge_is_heard_once_per_prompt(make_dialogue: Make) -> None:
    dialogue = make_dialogue(stage=Stage.IMPORTED)
    (candidate,) = add(dialogue, WRITER, "good")
    score(dialogue, "judge-a", {candidate: 5})
    score(dialogue, "judge-a", {candidate: 1})
    assert set(Judgement.objects.values_list("score", flat=True)) == {5}


def check(dialogue: Dialogue, outcome: CheckOutcome) -> bool:
    rewrite = dialogue.approved_candidate
    assert rewrite is not None
    forms = [
        checking.CheckedForm("final_query", dialogue.final_query, rank=2, tied=1),
        checking.CheckedForm("rewrite", rewrite.text, rank=1, tied=1, candidate_id=rewrite.pk),
    ]
    found = checking.Checked(dialogue, 4, forms, outcome)
    return bool(checking.record_checks([found], by=RETRIEVER))


def approve(dialogue: Dialogue, place: Assignment) -> None:
    ruling = Ruling(Verdict.EDIT, text="as people say")
    decisions.decide(assignment=place, ruling=ruling, by=place.reviewer)
    dialogue.refresh_from_db()


def test_a_check_is_recorded_once(dialogue: Dialogue, alice: User, claim: Claim) -> None:
    approve(dialogue, claim(alice))
    assert Dialogue.objects.awaiting_check().exists()
    check(dialogue, CheckOutcome.IMPROVED)
    check(dialogue, CheckOutcome.IMPROVED)
    dialogue.refresh_from_db()
    assert RetrievalCheck.objects.count() == 2
    assert dialogue.check_outcome == CheckOutcome.IMPROVED
    assert not Dialogue.objects.awaiting_check().exists()


def test_a_check_of_a_rewrite_that_was_replaced_is_not_recorded(
    dialogue: Dialogue, alice: User, claim: Claim
) -> None:
    approve(dialogue, claim(alice))
    stale = Dialogue.objects.get(pk=dialogue.pk)
    other = dialogue.candidates.order_by("pk")[0]
    Dialogue.objects.update(approved_candidate=other)
    assert check(stale, CheckOutcome.IMPROVED) is False
    assert Dialogue.objects.awaiting_check().exists()


def test_a_worse_check_disputes_only_where_the_policy_says_so(
    dialogue: Dialogue, alice: User, claim: Claim
) -> None:
    approve(dialogue, claim(alice))
    check(dialogue, CheckOutcome.WORSE)
    dialogue.refresh_from_db()
    assert dialogue.stage == Stage.APPROVED


def test_a_worse_check_is_disputed_once_and_then_the_adjudicators_word_stands(
    dialogue: Dialogue, alice: User, bob: User, claim: Claim
) -> None:
    Dataset.objects.update(dispute_when_worse=True)
    approve(dialogue, claim(alice))
    check(dialogue, CheckOutcome.WORSE)
    dialogue.refresh_from_db()
    assert dialogue.stage == Stage.DISPUTED
    ruling = Ruling(Verdict.EDIT, text="as people say")
    decisions.adjudicate(dialogue=dialogue, ruling=ruling, by=bob)
    dialogue.refresh_from_db()
    check(dialogue, CheckOutcome.WORSE)
    dialogue.refresh_from_db()
    assert (dialogue.stage, dialogue.approval) == (Stage.APPROVED, Approval.ADJUDICATED)


def test_what_a_release_holds_is_not_disputed_again(
    dialogue: Dialogue, alice: User, claim: Claim
) -> None:
    Dataset.objects.update(dispute_when_worse=True)
    approve(dialogue, claim(alice))
    Dialogue.objects.update(released=True)
    check(dialogue, CheckOutcome.WORSE)
    dialogue.refresh_from_db()
    assert dialogue.stage == Stage.APPROVED
