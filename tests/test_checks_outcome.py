"""A check ranks the target for every text of a dialogue, and says how the rewrite did."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from generation import checks, retrievers
from generation.checks import outcome_of
from generation.models import ConfiguredRetriever
from generation.retrievers.corpora import index_of
from generation.retrievers.setting_up import make_primary
from generation.runs import lifecycle
from generation.runs.draining import drain
from generation.runs.progress import progress_of
from generation.vectors.tasks import fill_vectors
from review import checking, decisions, visibility
from review.checking import CheckedForm
from review.models import (
    Assignment,
    CheckOutcome,
    Dataset,
    Dialogue,
    Image,
    QueryForm,
    RetrievalCheck,
    Stage,
    User,
    Verdict,
)
from review.retrieval import standing
from review.rulings import Ruling
from review.undoing import undo
from tests.cheap_encoder import CheapEncoder, CheapKind
from tests.conftest import TEXTS, check

Claim = Callable[[User], Assignment]
Make = Callable[..., Dialogue]
VAGUE = [
    {"role": "user", "text": "Remember the old lighthouse?", "images": ["pier"]},
    {"role": "assistant", "text": "The one on the breakwater?"},
    {"role": "user", "text": "Yes, please show it when clouds gather"},
]


@pytest.fixture
def approve(alice: User, claim: Claim) -> Callable[[str], Dialogue]:
    """Approves the reviewer's own text for the dialogue that waits."""

    def approve(text: str) -> Dialogue:
        place = claim(alice)
        ruling = Ruling(Verdict.EDIT, text=text)
        decisions.decide(assignment=place, ruling=ruling, by=alice)
        return Dialogue.objects.get(pk=place.dialogue_id)

    return approve


def row(dialogue: Dialogue, form: QueryForm) -> RetrievalCheck:
    return dialogue.retrieval_checks.get(form=form)


def test_a_rewrite_that_finds_the_image_better_is_improved(
    make_dialogue: Make, approve: Callable[[str], Dialogue]
) -> None:
    make_dialogue(turns=VAGUE)
    dialogue = approve("old lighthouse under a cloudy sky")
    assert check(dialogue) == CheckOutcome.IMPROVED
    before, after = row(dialogue, QueryForm.FINAL_QUERY), row(dialogue, QueryForm.REWRITE)
    assert (before.rank, before.tied) == (1, 3)
    assert (after.rank, after.tied) == (1, 1)
    assert (before.outcome, after.outcome) == ("", CheckOutcome.IMPROVED)
    assert after.top[0][0] == "lighthouse-cloudy"
    dialogue.refresh_from_db()
    assert dialogue.check_outcome == CheckOutcome.IMPROVED
    assert dialogue.checked_at is not None


def test_a_rewrite_that_loses_the_image_is_worse(
    make_dialogue: Make, approve: Callable[[str], Dialogue]
) -> None:
    make_dialogue()
    dialogue = approve("a cabin at a mountain lake")
    assert check(dialogue) == CheckOutcome.WORSE
    assert Dialogue.objects.get(pk=dialogue.pk).stage == Stage.APPROVED


def test_a_worse_rewrite_is_disputed_where_the_policy_says_so(
    make_dialogue: Make, approve: Callable[[str], Dialogue], dataset: Dataset
) -> None:
    Dataset.objects.filter(pk=dataset.pk).update(dispute_when_worse=True)
    make_dialogue()
    dialogue = approve("a cabin at a mountain lake")
    check(dialogue)
    dialogue.refresh_from_db()
    assert dialogue.stage == Stage.DISPUTED
    found = standing(dialogue, dialogue.retrieval_checks.all())
    assert [check.outcome for check in found if check.form == QueryForm.REWRITE] == ["worse"]


def test_every_form_and_every_candidate_is_ranked(
    make_dialogue: Make, approve: Callable[[str], Dialogue]
) -> None:
    make_dialogue()
    dialogue = approve("old lighthouse, cloudy")
    check(dialogue)
    forms = list(dialogue.retrieval_checks.values_list("form", flat=True))
    assert forms[:3] == ["final_query", "history", "rewrite"]
    candidates = dialogue.retrieval_checks.filter(form="candidate").values_list("candidate")
    assert set(candidates) == set(dialogue.candidates.values_list("pk"))
    assert row(dialogue, QueryForm.REWRITE).candidate == dialogue.approved_candidate


def test_images_that_the_dialogue_shows_are_left_out(
    make_dialogue: Make, approve: Callable[[str], Dialogue]
) -> None:
    make_dialogue()
    dialogue = approve("people on a wooden pier in the sun")
    check(dialogue)
    found = row(dialogue, QueryForm.REWRITE)
    assert found.left_out == ["pier"]
    assert found.corpus_size == 3
    assert "pier" not in [image_id for image_id, _ in found.top]


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("pier", "Image “pier” is shown in the dialogue itself."),
        ("gone", "Image “gone” is not in the corpus."),
        ("bare", "Image “bare” has no caption, and bm25 searches captions."),
    ],
)
def test_a_target_that_cannot_be_ranked_is_named_with_its_reason(
    make_dialogue: Make,
    approve: Callable[[str], Dialogue],
    dataset: Dataset,
    target: str,
    reason: str,
) -> None:
    Image.objects.create(dataset=dataset, external_id="bare", added_version=1)
    make_dialogue(target_images=[target])
    dialogue = approve("old lighthouse")
    assert check(dialogue) == CheckOutcome.UNRANKED
    found = row(dialogue, QueryForm.REWRITE)
    assert (found.rank, found.unranked_reason) == (None, reason)
    dialogue.refresh_from_db()
    assert dialogue.check_outcome == CheckOutcome.UNRANKED


def test_of_several_targets_the_best_counts_and_all_are_kept(
    make_dialogue: Make, approve: Callable[[str], Dialogue]
) -> None:
    make_dialogue(target_images=["cabin", "lighthouse-sunny", "pier"])
    dialogue = approve("old lighthouse in bright sun")
    check(dialogue)
    found = row(dialogue, QueryForm.REWRITE)
    assert found.rank == 1
    assert found.ranks == {"cabin": [3, 1], "lighthouse-sunny": [1, 1]}


def test_a_dialogue_without_targets_or_approval_is_not_checked(
    make_dialogue: Make, approve: Callable[[str], Dialogue], dataset: Dataset
) -> None:
    make_dialogue(target_images=[])
    approve("old lighthouse")
    make_dialogue("d-2")
    assert checks.drain(dataset.pk) == 0
    assert not RetrievalCheck.objects.exists()


def test_a_check_twice_is_a_check_once(
    make_dialogue: Make, approve: Callable[[str], Dialogue]
) -> None:
    make_dialogue()
    dialogue = approve("old lighthouse")
    outcomes = {check(dialogue) for _ in range(2)}
    assert len(outcomes) == 1
    assert dialogue.retrieval_checks.filter(form="rewrite").count() == 1


def test_a_change_of_the_corpus_makes_a_check_outdated_and_a_new_one_is_kept_beside_it(
    make_dialogue: Make, approve: Callable[[str], Dialogue], dataset: Dataset
) -> None:
    make_dialogue()
    dialogue = approve("old lighthouse")
    assert list(checks.outdated(dataset)) == [dialogue]
    check(dialogue)
    assert not checks.outdated(dataset)
    Image.objects.create(
        dataset=dataset, external_id="new", caption="old lighthouse", added_version=2
    )
    Dataset.objects.filter(pk=dataset.pk).update(corpus_version=2)
    dataset.refresh_from_db()
    assert list(checks.outdated(dataset)) == [dialogue]
    check(dialogue)
    rewrites = dialogue.retrieval_checks.filter(form="rewrite").order_by("pk")
    assert [(r.corpus_version, r.corpus_size) for r in rewrites] == [(1, 3), (2, 4)]
    assert not checks.outdated(dataset)


def form(name: QueryForm, rank: int | None, tied: int | None = 1) -> CheckedForm:
    return CheckedForm(name, "text", rank, tied if rank else None)


@pytest.mark.parametrize(
    ("before", "after", "outcome"),
    [
        ((212, 1), (3, 1), CheckOutcome.IMPROVED),
        ((3, 1), (212, 1), CheckOutcome.WORSE),
        ((1, 1), (1, 1), CheckOutcome.SAME),
        ((900, 1), (850, 1), CheckOutcome.SAME),
        ((1, 1000), (8, 1), CheckOutcome.IMPROVED),  # 1st of 1,000 tied is worth 0.007
        ((1, 2), (1, 1), CheckOutcome.IMPROVED),
        ((None, None), (1, 1), CheckOutcome.UNRANKED),
        ((1, 1), (None, None), CheckOutcome.UNRANKED),
    ],
)
def test_the_outcome_compares_expected_reciprocal_ranks_with_a_margin(
    before: tuple[int | None, int | None],
    after: tuple[int | None, int | None],
    outcome: CheckOutcome,
) -> None:
    forms = [form(QueryForm.FINAL_QUERY, *before), form(QueryForm.REWRITE, *after)]
    assert outcome_of(forms, margin=0.001) == outcome


def test_a_rewrite_approved_a_second_time_shows_its_own_check_again(
    make_dialogue: Make, approve: Callable[[str], Dialogue], alice: User
) -> None:
    make_dialogue()
    for text in ["old lighthouse", "cabin", "old lighthouse"]:
        dialogue = approve(text)
        check(dialogue)
        found = standing(dialogue, dialogue.retrieval_checks.all())
        rewrites = [check for check in found if check.form == QueryForm.REWRITE]
        assert [check.candidate for check in rewrites] == [dialogue.approved_candidate]
        undo(decision=alice.decisions.standing().get(), by=alice)
        dialogue.refresh_from_db()
        found = standing(dialogue, dialogue.retrieval_checks.all())
        assert QueryForm.REWRITE not in [check.form for check in found]


def test_ranks_equal_a_brute_force_over_the_corpus(
    make_dialogue: Make, approve: Callable[[str], Dialogue], dataset: Dataset
) -> None:
    draws = np.random.default_rng(3)
    words = ["old", "lighthouse", "pier", "cloudy", "sun", "sky", "boat", "gull"]
    for number in range(40):
        caption = " ".join(draws.choice(words, draws.integers(5)))
        Image.objects.create(
            dataset=dataset, external_id=f"i-{number}", caption=caption, added_version=1
        )
    make_dialogue(target_images=["i-7", "i-8", "lighthouse-sunny"])
    dialogue = approve("old pier under a cloudy sky")
    check(dialogue)
    retriever = retrievers.primary(dataset)
    _, index = index_of(dataset, retriever)
    texts = {
        "final_query": dialogue.final_query,
        "history": checks.history_text(dialogue.turns),
        "rewrite": "old pier under a cloudy sky",
    }
    for name, text in texts.items():
        scores = dict(zip(index.image_ids, index.scores(retriever.queries([text]))[0], strict=True))
        del scores["pier"]
        expected = {
            target: [
                1 + sum(score > scores[target] + 1e-6 for score in scores.values()),
                sum(abs(score - scores[target]) <= 1e-6 for score in scores.values()),
            ]
            for target in dialogue.target_images
            if target in scores
        }
        found = row(dialogue, QueryForm(name))
        assert found.ranks == expected
        assert [found.rank, found.tied] == min(expected.values())


def test_another_margin_is_another_outcome_of_the_same_ranks(
    make_dialogue: Make, approve: Callable[[str], Dialogue], dataset: Dataset
) -> None:
    make_dialogue(turns=VAGUE)
    dialogue = approve("old lighthouse under clouds on a cloudy day")
    assert check(dialogue) == CheckOutcome.IMPROVED
    renew(dataset, check_margin=1.0)
    dialogue.refresh_from_db()
    found = row(dialogue, QueryForm.REWRITE)
    assert (dialogue.check_outcome, found.outcome, found.margin) == ("same", "same", 1.0)


def test_where_shown_images_are_ranked_as_well_the_check_says_so_and_stands_beside_the_other(
    make_dialogue: Make, approve: Callable[[str], Dialogue], dataset: Dataset
) -> None:
    make_dialogue()
    dialogue = approve("people on a wooden pier in the sun")
    check(dialogue)
    renew(dataset, leave_out_shown=False)
    rewrites = dialogue.retrieval_checks.filter(form="rewrite").order_by("pk")
    sizes = [(one.leaves_out, one.corpus_size, one.left_out) for one in rewrites]
    assert sizes == [(True, 3, ["pier"]), (False, 4, [])]
    assert rewrites[1].top[0][0] == "pier"


def renew(dataset: Dataset, **rule: Any) -> None:
    """Changes the rule, and runs what is outdated by it."""
    Dataset.objects.filter(pk=dataset.pk).update(**rule)
    dataset.refresh_from_db()
    (old,) = checking.outdated(dataset)
    run = lifecycle.start(dataset=dataset, kind="check")
    drain(run.pk)
    assert not checking.outdated(dataset)
    assert progress_of(run).done == 1
    old.refresh_from_db()
    assert old.checked_at is not None


def test_a_run_renews_outcomes_where_another_retriever_decides_that_had_checked_before(
    make_dialogue: Make, approve: Callable[[str], Dialogue], dataset: Dataset, monkeypatch: Any
) -> None:
    monkeypatch.setitem(retrievers.KINDS, "dense", CheapKind(CheapEncoder()))
    words = retrievers.configured(dataset)[0]
    meaning = ConfiguredRetriever.objects.create(dataset=dataset, name="meaning", kind="dense")
    fill_vectors.apply(args=[meaning.pk], throw=True)
    make_dialogue(turns=VAGUE)
    dialogue = approve("old lighthouse under a cloudy sky")
    for decides in (words, meaning, words):
        decides.refresh_from_db()
        make_primary(retriever=decides)
        if decides == words and not dialogue.checked_at:
            check(dialogue)
        else:
            renew(dataset)
        rewrites = dialogue.retrieval_checks.filter(form=QueryForm.REWRITE)
        assert rewrites.count() == 2
        dialogue.refresh_from_db()
        assert dialogue.check_outcome == rewrites.get(retriever=decides.name).outcome
        assert dialogue.ranked_as.startswith(retrievers.made(decides).hash)


def test_a_run_ranks_what_nobody_has_decided_on_and_the_desk_shows_nothing_of_it(
    make_dialogue: Make, dataset: Dataset, alice: User, claim: Claim
) -> None:
    dialogue = make_dialogue()
    run = lifecycle.start(dataset=dataset, kind="check")
    drain(run.pk)
    dialogue.refresh_from_db()
    forms = dialogue.retrieval_checks.values_list("form", "outcome")
    assert sorted(forms) == sorted(
        [("final_query", ""), ("history", ""), *[("candidate", "")] * len(TEXTS)]
    )
    ranks = [
        one.rank + (one.tied - 1) / 2 for one in dialogue.retrieval_checks.filter(form="candidate")
    ]
    assert dialogue.rank_spread == pytest.approx(np.std(np.log(ranks)))
    assert (dialogue.stage, dialogue.checked_at) == (Stage.JUDGED, None)
    assert visibility.at_place(claim(alice)).checks == []
    again = lifecycle.start(dataset=dataset, kind="check")
    assert progress_of(again).done == 1


def test_a_new_retriever_makes_checks_outdated_and_a_run_adds_its_own(
    make_dialogue: Make,
    approve: Callable[[str], Dialogue],
    dataset: Dataset,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_dialogue()
    dialogue = approve("old lighthouse")
    check(dialogue)
    monkeypatch.setitem(retrievers.KINDS, "dense", CheapKind(CheapEncoder()))
    added = ConfiguredRetriever.objects.create(dataset=dataset, name="vectors", kind="dense")
    run = lifecycle.start(dataset=dataset, kind="check")
    assert not run.items.pending().exists()  # its model is not known yet
    fill_vectors.apply(args=[added.pk], throw=True)
    assert list(checking.outdated(dataset)) == [dialogue]
    drain(lifecycle.start(dataset=dataset, kind="check").pk)
    assert not checking.outdated(dataset)
    found = dialogue.retrieval_checks.filter(form="rewrite").values_list("retriever", flat=True)
    assert sorted(found) == ["bm25", "vectors"]
    assert dialogue.retrieval_checks.get(retriever="vectors", form="history").cut
