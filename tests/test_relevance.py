"""People say which other images fit a dialogue: who may, what is kept, and where it shows."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import orjson
import pytest
from django.test import Client

from generation import pooling
from generation.models import ImageLikeness
from review import decisions, exporting, relevance
from review.checking import Checked, CheckedForm, Checker, record_checks
from review.errors import Invalid, Missing, NotAllowed
from review.models import (
    Assignment,
    CheckOutcome,
    Dataset,
    Dialogue,
    Image,
    Relevance,
    RetrievalCheck,
    Trait,
    User,
    Verdict,
)
from review.rulings import Ruling
from review.undoing import reopen
from tests.conftest import check

Make = Callable[..., Dialogue]
Claim = Callable[[User], Assignment]
ClientOf = Callable[[User], Client]
Approve = Callable[[str], Dialogue]


@pytest.fixture
def approve(alice: User, claim: Claim, make_dialogue: Make) -> Approve:
    """A dialogue that Alice approved, and that was checked."""

    def approve(external_id: str = "set/d 1") -> Dialogue:
        make_dialogue(external_id)
        place = claim(alice)
        first = place.dialogue.candidates.all()[0]
        ruling = Ruling(Verdict.ACCEPT, candidate_id=first.pk)
        decisions.decide(assignment=place, ruling=ruling, by=alice)
        dialogue = Dialogue.objects.select_related("dataset").get(pk=place.dialogue_id)
        check(dialogue)
        return dialogue

    return approve


def corpus(dataset: Dataset, count: int) -> list[str]:
    names = [f"more-{number:02}" for number in range(count)]
    Image.objects.bulk_create(
        Image(dataset=dataset, external_id=name, caption=name, added_version=1) for name in names
    )
    return names


# What is said


def test_the_last_word_stands_and_no_word_is_lost(approve: Approve, alice: User, bob: User) -> None:
    dialogue = approve("d-1")
    said = {"lighthouse-sunny": True, "cabin": False}
    assert len(relevance.judge(dialogue=dialogue, fits=said, by=alice)) == 2
    assert relevance.judge(dialogue=dialogue, fits=said, by=alice) == []
    relevance.judge(dialogue=dialogue, fits={"lighthouse-sunny": False}, by=bob)
    standing = relevance.standing(dialogue)
    assert {image: (word.fits, word.by) for image, word in standing.items()} == {
        "lighthouse-sunny": (False, bob),
        "cabin": (False, alice),
    }
    assert Relevance.objects.count() == 3


def test_what_was_said_of_many_dialogues_comes_in_one_question(
    approve: Approve, alice: User, django_assert_num_queries: Any
) -> None:
    first, second = approve("d-1"), approve("d-2")
    relevance.judge(dialogue=first, fits={"lighthouse-sunny": True, "cabin": False}, by=alice)
    with django_assert_num_queries(1):
        said = relevance.others([first.pk, second.pk])
    assert said == {first.pk: {"lighthouse-sunny": True, "cabin": False}}


def test_ten_others_make_a_query_too_broad_until_one_is_taken_back(
    approve: Approve, dataset: Dataset, alice: User
) -> None:
    dialogue = approve("d-1")
    Dialogue.objects.update(traits=[Trait.SHORTCUT])
    names = corpus(dataset, 10)
    relevance.judge(dialogue=dialogue, fits=dict.fromkeys(names, True), by=alice)
    dialogue.refresh_from_db()
    assert dialogue.traits == [Trait.SHORTCUT, Trait.TOO_BROAD]
    relevance.judge(dialogue=dialogue, fits={names[0]: False}, by=alice)
    dialogue.refresh_from_db()
    assert dialogue.traits == [Trait.SHORTCUT]


def test_only_images_of_the_corpus_are_judged_and_never_a_target(
    approve: Approve, make_dialogue: Make, alice: User, carol: User
) -> None:
    dialogue = approve("d-1")
    with pytest.raises(Invalid, match="is a target"):
        relevance.judge(dialogue=dialogue, fits={"lighthouse-cloudy": False}, by=alice)
    with pytest.raises(Missing, match="no image “nowhere”"):
        relevance.judge(dialogue=dialogue, fits={"cabin": True, "nowhere": True}, by=alice)
    without = make_dialogue("d-2", target_images=[])
    with pytest.raises(Invalid, match="no target"):
        relevance.judge(dialogue=without, fits={"cabin": True}, by=carol)
    assert not Relevance.objects.exists()


def test_who_may_still_be_handed_the_dialogue_says_nothing_of_its_images(
    approve: Approve, make_dialogue: Make, claim: Claim, erin: User, bob: User, dave: User
) -> None:
    settled, open_one = approve("d-1"), make_dialogue("d-2")
    for person in (erin, dave):
        with pytest.raises(NotAllowed):
            relevance.judge(dialogue=settled, fits={"cabin": True}, by=person)
    with pytest.raises(NotAllowed):
        relevance.judge(dialogue=open_one, fits={"cabin": True}, by=bob)
    claim(bob)
    with pytest.raises(NotAllowed):
        relevance.judge(dialogue=open_one, fits={"cabin": True}, by=bob)
    relevance.judge(dialogue=settled, fits={"cabin": True}, by=bob)


# What is looked at


def names_of(dialogue: Dialogue) -> list[str]:
    return [entry.image.external_id for entry in pooling.pool_of(dialogue).images]


def test_every_list_has_its_say_to_one_depth_and_what_looks_like_a_target_comes_first(
    approve: Approve, dataset: Dataset, alice: User
) -> None:
    dialogue = approve("d-1")
    a, b, c, d, e, f = corpus(dataset, 6)
    RetrievalCheck.objects.all().delete()
    rewrite = dialogue.approved_candidate_id

    def found(form: str, *images: str, **fields: Any) -> None:
        RetrievalCheck.objects.create(
            dialogue=dialogue,
            candidate_id=rewrite if form == "rewrite" else None,
            form=form,
            text_key=f"{form} {images}",
            retriever=fields.pop("retriever", "bm25"),
            retriever_hash=form,
            corpus_version=1,
            corpus_size=9,
            rank=1,
            tied=fields.pop("tied", 1),
            top=[[image, 1.0] for image in images],
        )

    found("rewrite", "lighthouse-cloudy", a, b)
    found("history", c, a, "pier")
    found("final_query", d, e, retriever="clip")
    found("rewrite", f, retriever="chance", tied=9)
    # The target and what the dialogue shows are no others; a list that fits all alike is chance.
    assert names_of(dialogue) == [c, d, a, e, b]
    ImageLikeness.objects.create(dataset=dataset, first="lighthouse-cloudy", second=e, bits=4)
    ImageLikeness.objects.create(dataset=dataset, first="cabin", second="lighthouse-cloudy", bits=0)
    assert names_of(dialogue) == ["cabin", e, c, d, a, b]
    # What was judged is there to be looked at again, whoever found it.
    relevance.judge(dialogue=dialogue, fits={f: True}, by=alice)
    pool = pooling.pool_of(dialogue)
    assert [entry.image.external_id for entry in pool.images if entry.fits] == [f]
    assert pool.unjudged == 6


def test_a_pool_has_its_bound(
    approve: Approve, dataset: Dataset, django_assert_max_num_queries: Any
) -> None:
    dialogue = approve("d-1")
    names = corpus(dataset, 90)
    RetrievalCheck.objects.update(top=[[name, 1.0] for name in names])
    with django_assert_max_num_queries(5):
        assert names_of(dialogue) == names[: pooling.MOST]


# The page


def test_the_grid_is_a_form_that_keeps_all_it_shows(
    approve: Approve, alice: User, client_of: ClientOf
) -> None:
    dialogue = approve("set/d 1")
    browser = client_of(alice)
    page = browser.get("/datasets/coast/relevance/", follow=True)
    assert page.redirect_chain[-1][0] == "/datasets/coast/relevance/set/d%201/"
    text = page.content.decode()
    assert "0 of 1 judged" in text
    assert dialogue.approved_candidate.text in text  # type: ignore[union-attr]
    shown = names_of(dialogue)
    assert "lighthouse-sunny" in shown
    sent = {"shown": shown, "fits": ["lighthouse-sunny"]}
    answer = browser.post("/datasets/coast/relevance/set/d 1/", sent, follow=True)
    words = relevance.standing(dialogue)
    assert {image: word.fits for image, word in words.items()} == {
        image: image == "lighthouse-sunny" for image in shown
    }
    text = answer.content.decode()
    assert "All 1 are judged" in text
    assert "1 fits" in text
    browser.post("/datasets/coast/relevance/set/d 1/", {"shown": shown, "none": "1"})
    assert not any(word.fits for word in relevance.standing(dialogue).values())


def test_htmx_gets_the_next_dialogue_in_place_and_the_worst_found_comes_first(
    approve: Approve, bob: User, client_of: ClientOf
) -> None:
    for name, rank in [("d-1", 1), ("d-2", 3), ("d-3", 2)]:
        Dialogue.objects.filter(pk=approve(name).pk).update(lowest_place=rank)
    browser = client_of(bob)
    headers = {"HX-Request": "true"}

    def next_of(answer: Any) -> str:
        assert "<html" not in answer.content.decode()
        return str(answer["HX-Push-Url"])

    first = browser.get("/datasets/coast/relevance/", headers=headers)
    assert next_of(first) == "/datasets/coast/relevance/d-2/"
    passed = browser.get("/datasets/coast/relevance/?after=d-2", headers=headers)
    assert next_of(passed) == "/datasets/coast/relevance/d-3/"
    sent = {"shown": ["cabin"]}
    saved = browser.post("/datasets/coast/relevance/d-3/", sent, headers=headers)
    assert next_of(saved) == "/datasets/coast/relevance/d-1/"
    assert "1 of 3 judged" in saved.content.decode()
    # What found its target alone has nothing to be looked at.
    Dialogue.objects.filter(external_id="d-1").update(lowest_place=None)
    passed = browser.get("/datasets/coast/relevance/?after=d-3", headers=headers)
    assert next_of(passed) == "/datasets/coast/relevance/d-2/"
    assert "1 of 2 judged" in passed.content.decode()
    around = browser.get("/datasets/coast/relevance/?after=d-1", headers=headers)
    assert next_of(around) == "/datasets/coast/relevance/d-2/"


def test_what_a_check_finds_beside_the_target_waits_to_be_judged_until_another_is_approved(
    approve: Approve,
) -> None:
    dialogue = approve("d-1")
    rewrite = dialogue.retrieval_checks.get(form="rewrite")
    assert dialogue.lowest_place == rewrite.rank
    checker = Checker("second", "h2", 1, decides=False)
    form = CheckedForm("rewrite", "the pier", 3, 1, top=[("cabin", 1.0)])
    alone = replace(form, rank=1, tied=4, top=[("cabin", 0.0)])

    def found(form: CheckedForm) -> int | None:
        Dialogue.objects.update(lowest_place=None)
        record_checks([Checked(dialogue, 4, [form], CheckOutcome.SAME)], by=checker)
        dialogue.refresh_from_db()
        return dialogue.lowest_place

    assert found(form) == 3
    # A list that fits all alike is chance.
    assert found(alone) is None
    assert found(replace(form, rank=1, top=[(dialogue.target_images[0], 1.0)])) is None
    assert found(form) == 3
    reopen(dialogue)
    dialogue.refresh_from_db()
    assert (dialogue.lowest_place, dialogue.checked_as) == (None, {})


def test_what_cannot_be_taken_is_said_on_the_page(
    approve: Approve, alice: User, erin: User, client_of: ClientOf
) -> None:
    approve("d-1")
    answer = client_of(alice).post("/datasets/coast/relevance/d-1/", {"shown": ["lost"]})
    assert answer.status_code == 404
    assert "no image “lost”" in answer.content.decode()
    assert client_of(erin).get("/datasets/coast/relevance/d-1/").status_code == 403
    page = client_of(erin).get("/datasets/coast/relevance/")
    assert "Nothing to look at yet" in page.content.decode()
    assert client_of(erin).get("/datasets/coast/relevance-ahead/d-1/").content.strip() == b""


def test_the_page_of_the_dialogue_leads_there(
    approve: Approve, alice: User, erin: User, client_of: ClientOf
) -> None:
    dialogue = approve("d-1")
    address = "/datasets/coast/relevance-panel/d-1/"
    headers = {"HX-Request": "true"}
    assert address in client_of(alice).get("/datasets/coast/dialogues/d-1/").content.decode()
    panel = client_of(alice).get(address, headers=headers).content.decode()
    assert "Nobody has looked" in panel
    relevance.judge(dialogue=dialogue, fits={"lighthouse-sunny": True}, by=alice)
    assert "1 fit" in client_of(alice).get(address, headers=headers).content.decode()
    assert client_of(erin).get(address, headers=headers).content == b""
    assert client_of(alice).get(address)["Location"] == "/datasets/coast/relevance/d-1/"


def test_a_sheet_costs_the_same_however_many_images_and_dialogues_there_are(
    approve: Approve,
    dataset: Dataset,
    alice: User,
    client_of: ClientOf,
    django_assert_max_num_queries: Any,
) -> None:
    for number in range(4):
        dialogue = approve(f"d-{number}")
    names = corpus(dataset, 50)
    RetrievalCheck.objects.update(top=[[name, 1.0] for name in names])
    relevance.judge(dialogue=dialogue, fits=dict.fromkeys(names[:20], False), by=alice)
    browser = client_of(alice)
    browser.get("/datasets/coast/relevance/d-0/")
    with django_assert_max_num_queries(20):
        browser.get("/datasets/coast/relevance/d-0/")


def test_lists_are_narrowed_to_what_was_judged(
    approve: Approve, make_dialogue: Make, alice: User, erin: User, client_of: ClientOf
) -> None:
    judged = approve("d-1")
    approve("d-2")
    make_dialogue("d-3")
    relevance.judge(dialogue=judged, fits={"cabin": False}, by=alice)

    def listed(person: User, said: str) -> list[str]:
        page = client_of(person).get("/datasets/coast/dialogues/", {"images": said})
        return [row.dialogue.external_id for row in page.context["rows"]]

    assert listed(alice, "judged") == ["d-1"]
    assert listed(alice, "unjudged") == ["d-2"]
    assert listed(erin, "judged") == []


# Programs and releases


def test_programs_read_and_judge(
    approve: Approve, alice: User, erin: User, program_of: ClientOf
) -> None:
    approve("d-1")
    address = "/api/v1/datasets/coast/dialogues/d-1/relevance/"
    program = program_of(alice)
    found = program.get(address).json()
    assert found["target_images"] == ["lighthouse-cloudy"]
    assert found["images"][0]["said"] is None
    sent = {"images": {"lighthouse-sunny": True, "cabin": False}}
    told = program.post(address, sent, content_type="application/json").json()
    said = {image["id"]: image["said"] for image in told["images"]}
    assert said["lighthouse-sunny"]["fits"] is True
    assert said["cabin"]["by"] == "alice"
    assert told["fitting"] == 1
    for wrong in ({}, {"images": {}}, {"images": {"cabin": "yes"}}, {"images": {"lost": True}}):
        answer = program.post(address, wrong, content_type="application/json")
        assert answer.status_code in {400, 404}, wrong
    assert program_of(erin).get(address).status_code == 403


def test_a_release_carries_grades_and_what_was_judged(
    approve: Approve, dataset: Dataset, alice: User, carol: User
) -> None:
    dialogue = approve("d-1")
    relevance.judge(dialogue=dialogue, fits={"lighthouse-sunny": True, "cabin": False}, by=alice)
    with exporting.open_release(exporting.write_release(dataset=dataset, by=carol)) as file:
        line = orjson.loads(file.read())
    target, other = line["relevant_images"]
    assert target == {"id": "lighthouse-cloudy", "grade": 2}
    assert (other["id"], other["grade"]) == ("lighthouse-sunny", 1)
    assert other["by"].startswith("reviewer-")
    assert line["judged_images"] == ["cabin", "lighthouse-sunny"]
