"""The strip shows what a check found, to those who may see it, and by itself."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from generation import retrievers
from generation.models import ConfiguredRetriever
from generation.vectors.tasks import fill_vectors
from review.models import Approval, Assignment, Dataset, Dialogue, Image, Stage, User
from review.panels import panels
from tests.cheap_encoder import CheapEncoder, CheapKind
from tests.conftest import check

Make = Callable[..., Dialogue]
ClientOf = Callable[[User], Client]


@pytest.fixture
def approved(make_dialogue: Make) -> Dialogue:
    """Approved with the second candidate, not yet checked. Its id needs care in addresses."""
    dialogue = make_dialogue("set/d 1")
    Dialogue.objects.filter(pk=dialogue.pk).update(
        stage=Stage.APPROVED,
        approval=Approval.ACCEPTED,
        approved_candidate=dialogue.candidates.all()[1],
        settled_at=timezone.now(),
    )
    dialogue.refresh_from_db()
    return dialogue


@pytest.fixture
def checked(approved: Dialogue) -> Dialogue:
    check(approved)
    return approved


def strip(browser: Client, external_id: str = "set/d 1", query: str = "") -> str:
    headers = {"HX-Request": "true"}
    response = browser.get(f"/datasets/coast/checks/{external_id}/{query}", headers=headers)
    assert response.status_code == 200
    return str(response.content.decode())


def test_it_says_what_the_rewrite_did(checked: Dialogue, bob: User, client_of: ClientOf) -> None:
    page = strip(client_of(bob))
    assert "The same: 1st of 3" in page
    assert "Final query" in page
    assert "Full history" in page
    assert "Approved rewrite" in page
    assert "Every candidate" in page
    assert "Left out, since the dialogue shows them: “pier”." in page
    assert 'class="hit"' in page
    assert "hx-trigger" not in page


def test_while_it_waits_it_asks_again_and_then_stops(
    approved: Dialogue, bob: User, client_of: ClientOf
) -> None:
    browser = client_of(bob)
    first = strip(browser)
    assert 'hx-get="/datasets/coast/checks/set/d%201/?asked=1"' in first
    assert 'hx-trigger="load delay:1s"' in first
    assert "Checking" in first
    last = strip(browser, query="?asked=120")
    assert "hx-trigger" not in last
    assert "Look again" in last
    check(approved)
    assert "The same" in strip(browser, query="?asked=2")


def test_without_a_worker_it_soon_says_so(
    approved: Dialogue, bob: User, client_of: ClientOf
) -> None:
    assert "waits for a worker" not in strip(client_of(bob))
    assert "waits for a worker" in strip(client_of(bob), query="?asked=3")
    assert "Checking" in strip(client_of(bob), query="?asked=nonsense")


@pytest.mark.parametrize(
    ("stage", "words"),
    [(Stage.REJECTED, "nothing to check"), (Stage.DISPUTED, "as soon as a rewrite is approved")],
)
def test_where_nothing_is_checked_it_says_why(
    make_dialogue: Make, bob: User, client_of: ClientOf, stage: Stage, words: str
) -> None:
    make_dialogue("d-1")
    Dialogue.objects.update(stage=stage)
    assert words in strip(client_of(bob), "d-1")


def test_without_a_target_there_is_nothing_to_check(
    make_dialogue: Make, carol: User, client_of: ClientOf
) -> None:
    make_dialogue("d-1", target_images=[])
    assert "No target: nothing to check." in strip(client_of(carol), "d-1")


def test_one_who_may_still_be_handed_the_dialogue_sees_nothing(
    checked: Dialogue, erin: User, client_of: ClientOf
) -> None:
    assert strip(client_of(erin)) == ""
    assert client_of(erin).get("/datasets/coast/checks/set/d 1/").status_code == 403


def test_one_who_decided_sees_it(checked: Dialogue, alice: User, client_of: ClientOf) -> None:
    now = timezone.now()
    Assignment.objects.create(
        dialogue=checked,
        reviewer=alice,
        place=0,
        state="decided",
        claimed_at=now,
        expires_at=now,
        ended_at=now,
    )
    assert "The same" in strip(client_of(alice))


def test_an_outsider_and_a_stranger_get_nothing(
    checked: Dialogue, dave: User, carol: User, client_of: ClientOf
) -> None:
    address = "/datasets/coast/checks/set/d 1/"
    assert client_of(dave).get(address).status_code == 404
    assert Client().get(address).status_code == 302
    assert client_of(carol).get("/datasets/coast/checks/gone/").status_code == 404
    assert client_of(carol).post(address).status_code == 405


def test_opened_by_itself_it_is_a_page(
    checked: Dialogue, bob: User, client_of: ClientOf, settings: object
) -> None:
    response = client_of(bob).get("/datasets/coast/checks/set/d 1/")
    assert "<!doctype html>" in response.content.decode().lower()
    assert "HX-Request" in response["Vary"]


def test_captions_and_ids_are_text_not_html(
    approved: Dialogue, bob: User, client_of: ClientOf
) -> None:
    Image.objects.filter(external_id="cabin").update(caption="<script>alert(1)</script> old")
    Dataset.objects.update(corpus_version=2)
    check(approved)
    page = strip(client_of(bob))
    assert "&lt;script&gt;" in page
    assert "<script" not in page


def test_a_check_of_an_older_corpus_says_so(
    checked: Dialogue, bob: User, client_of: ClientOf
) -> None:
    Dataset.objects.update(corpus_version=2)
    assert "Outdated: the corpus has changed since" in strip(client_of(bob))


def test_pages_find_it_in_its_place(dataset: Dataset, alice: User) -> None:
    membership = alice.memberships.get()
    urls = [panel.url(slug="coast", external_id="a/b") for panel in panels("dialogue", membership)]
    assert "/datasets/coast/checks/a/b/" in urls


def test_every_retriever_has_its_sentence_and_one_that_waits_says_why(
    approved: Dialogue, bob: User, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(retrievers.KINDS, "dense", CheapKind(CheapEncoder()))
    retrievers.primary(approved.dataset)
    row = ConfiguredRetriever.objects.create(dataset=approved.dataset, name="vectors", kind="dense")
    check(approved)
    page = strip(client_of(bob))
    assert "The same: 1st of 3" in page
    assert "<b>vectors</b> Not checked yet. Its vectors are being prepared" in page
    fill_vectors.apply(args=[row.pk], throw=True)
    check(approved)
    page = strip(client_of(bob))
    assert page.count("<span>Approved rewrite</span>") == 2
    assert "limit cut this text" in page
    assert "Not checked" not in page


def test_a_primary_that_waits_for_its_vectors_says_how_far_they_are(
    approved: Dialogue, bob: User, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(retrievers.KINDS, "dense", CheapKind(CheapEncoder()))
    row = ConfiguredRetriever.objects.create(
        dataset=approved.dataset, name="vectors", kind="dense", primary=True
    )
    fill_vectors.apply(args=[row.pk], throw=True)
    Image.objects.create(dataset=approved.dataset, external_id="new", added_version=2)
    Dataset.objects.update(corpus_version=2)
    page = strip(client_of(bob))
    assert "its check waits for the retriever. Vectors for 4 of 5 images are computed." in page
    assert 'hx-trigger="load delay:5s"' in page


def test_lists_find_what_is_outdated(
    checked: Dialogue, bob: User, client_of: ClientOf, make_dialogue: Make
) -> None:
    make_dialogue("other")
    browser, address = client_of(bob), "/datasets/coast/dialogues/?check=outdated"
    assert "set/d 1" not in browser.get(address).content.decode()
    Dataset.objects.update(corpus_version=2)
    page = browser.get(address).content.decode()
    assert "set/d 1" in page
    assert "other" not in page
