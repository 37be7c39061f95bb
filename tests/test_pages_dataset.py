"""A dataset's own page: its way in counts, its policy in words, and for admins its people."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from review import decisions
from review.models import Assignment, Dataset, Dialogue, Import, Stage, User, Verdict
from review.rulings import Ruling

SignIn = Callable[[User], Client]
MakeDialogue = Callable[..., Dialogue]
Claim = Callable[[User], Assignment]

ADDRESS = "/datasets/coast/"


def test_every_stage_counts_its_dialogues_and_links_to_them(
    alice: User, make_dialogue: MakeDialogue, client_of: SignIn
) -> None:
    make_dialogue("d-1")
    make_dialogue("d-2")
    Dialogue.objects.filter(external_id="d-2").update(stage=Stage.REJECTED)
    page = client_of(alice).get(ADDRESS)
    assert {item.stage: item.dialogues for item in page.context["flow"]} == {
        Stage.IMPORTED: 0,
        Stage.PROPOSED: 0,
        Stage.JUDGED: 1,
        Stage.APPROVED: 0,
        Stage.DISPUTED: 0,
        Stage.REJECTED: 1,
    }
    assert "/datasets/coast/dialogues/?stage=judged" in page.content.decode()


def test_the_policy_is_told_in_words(
    alice: User, dataset: Dataset, dialogue: Dialogue, client_of: SignIn
) -> None:
    Dataset.objects.filter(pk=dataset.pk).update(decisions_needed=3, quorum=2, hide_scores=True)
    page = client_of(alice).get(ADDRESS).content.decode()
    assert "A dialogue needs 3 decisions; 2 of them must agree" in page
    assert "Reviewers do not see scores before they decide." in page


def test_an_outsider_finds_no_such_dataset(
    dave: User, dialogue: Dialogue, client_of: SignIn
) -> None:
    assert client_of(dave).get(ADDRESS).status_code == 404


def test_an_annotator_does_not_see_how_others_work(
    alice: User, carol: User, dialogue: Dialogue, client_of: SignIn
) -> None:
    assert "Who works" not in client_of(alice).get(ADDRESS).content.decode()
    assert "Who works" in client_of(carol).get(ADDRESS).content.decode()


def test_an_admin_sees_who_holds_what(
    alice: User, carol: User, dialogue: Dialogue, claim: Claim, client_of: SignIn
) -> None:
    claim(alice)
    workers = client_of(carol).get(ADDRESS).context["workers"]
    assert {w.membership.user.username: w.holds and str(w.holds.dialogue) for w in workers} == {
        "alice": "d-1",
        "carol": None,
    }


def test_what_everybody_skipped_can_be_offered_again(
    alice: User, carol: User, dialogue: Dialogue, claim: Claim, client_of: SignIn
) -> None:
    browser = client_of(carol)
    _skip(claim(alice), alice)
    assert browser.get(ADDRESS).context["skipped"].by_everybody == 0
    _skip(claim(carol), carol)
    assert browser.get(ADDRESS).context["skipped"].by_everybody == 1

    response = browser.post(reverse("offer_again", kwargs={"slug": "coast"}), follow=True)

    assert "1 dialogue can be claimed by everybody again." in response.content.decode()
    assert claim(alice).dialogue == dialogue


def _skip(assignment: Assignment, by: User) -> None:
    decisions.decide(assignment=assignment, ruling=Ruling(Verdict.SKIP), by=by)


@pytest.mark.parametrize(("person", "status"), [("alice", 403), ("bob", 403), ("dave", 404)])
def test_only_admins_offer_again(
    person: str, status: int, request: pytest.FixtureRequest, dataset: Dataset, client_of: SignIn
) -> None:
    browser = client_of(request.getfixturevalue(person))
    assert browser.post("/datasets/coast/offer-again/").status_code == status


def test_offering_again_is_no_link(carol: User, client_of: SignIn) -> None:
    assert client_of(carol).get("/datasets/coast/offer-again/").status_code == 405


def test_an_import_shows_each_rejected_record_with_its_reason(
    carol: User, dataset: Dataset, dialogue: Dialogue, client_of: SignIn
) -> None:
    error = {"file": "dialogues.jsonl", "line": 7, "field": "turns", "reason": "It has no turns."}
    report = {
        "dialogues": {"created": 1200, "updated": 0, "unchanged": 0, "rejected": 1},
        "images": {"created": 0, "rejected": 0, "missing": 0},
        "errors": [error],
        "seconds": 1.5,
    }
    Import.objects.create(
        dataset=dataset, source="diary.zip", format="native", finished=dataset.created,
        report=report,
    )  # fmt: skip
    page = client_of(carol).get(ADDRESS).content.decode()
    for words in ("diary.zip", "1,200 new", "1 rejected", "dialogues.jsonl", "It has no turns."):
        assert words in page


def test_an_empty_dataset_says_how_to_fill_it(alice: User, carol: User, client_of: SignIn) -> None:
    assert "import_dialogues coast PATH" in client_of(carol).get(ADDRESS).content.decode()
    assert "An admin imports dialogues" in client_of(alice).get(ADDRESS).content.decode()


def test_more_dialogues_and_people_cost_no_more_queries(
    alice: User,
    carol: User,
    erin: User,
    make_dialogue: MakeDialogue,
    claim: Claim,
    client_of: SignIn,
) -> None:
    browser = client_of(carol)
    make_dialogue("d-0")
    claim(alice)
    few = _queries(browser)
    for number in range(1, 6):
        make_dialogue(f"d-{number}")
    claim(erin)
    assert _queries(browser) == few


def _queries(browser: Client) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert browser.get(ADDRESS).status_code == 200
    return len(queries)
