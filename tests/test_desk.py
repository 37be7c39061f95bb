"""The desk: one dialogue at a time, decided by plain forms, and nothing lost."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache.backends.locmem import LocMemCache
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from review import intake, progress
from review.assignments import release_overdue
from review.models import (
    Assignment,
    CandidateKind,
    Dataset,
    Decision,
    Dialogue,
    Image,
    Membership,
    PlaceState,
    Stage,
    User,
)
from review.progress import MOST_COUNTED
from tests.conftest import TEXTS

SignIn = Callable[[User], Client]
MakeDialogue = Callable[..., Dialogue]

DESK = "/datasets/coast/desk/"


def _open(browser: Client) -> HttpResponse:
    response = browser.get(DESK)
    assert response.status_code == 200
    return response


def _decide(browser: Client, shown: Any, **fields: Any) -> Any:
    """Sends the form of a desk page as a browser does."""
    data = {"key": shown.context["key"], **fields}
    if "verdict" not in data:
        data |= {"verdict": "accept", "candidate": shown.context["reading"].cards[0].view.id}
    address = f"/places/{shown.context['assignment'].pk}/decide/"
    return browser.post(address, data)


def test_it_hands_over_the_next_dialogue_and_keeps_what_was_shown(
    alice: User, dialogue: Dialogue, client_of: SignIn
) -> None:
    response = _open(client_of(alice))
    place = Assignment.objects.get(reviewer=alice)
    assert [shown["id"] for shown in place.shown["candidates"]] == [
        card.view.id for card in response.context["reading"].cards
    ]
    text = response.content.decode()
    assert dialogue.final_query in text
    assert "an old lighthouse on a breakwater under a cloudy sky" in text


def test_an_outsider_learns_nothing(dave: User, dialogue: Dialogue, client_of: SignIn) -> None:
    response = client_of(dave).get(DESK)
    assert response.status_code == 404
    assert dialogue.final_query not in response.content.decode()


def test_a_paused_member_has_no_desk(alice: User, dialogue: Dialogue, client_of: SignIn) -> None:
    Membership.objects.filter(user=alice).update(paused=True)
    assert client_of(alice).get(DESK).status_code == 404


@pytest.mark.parametrize(
    "address", ["/places/1/decide/", "/places/1/give-back/", "/decisions/1/undo/"]
)
def test_what_changes_the_record_is_never_a_link(
    alice: User, client_of: SignIn, address: str
) -> None:
    assert client_of(alice).get(address).status_code == 405


def test_a_decision_leads_back_to_the_desk(
    alice: User, make_dialogue: MakeDialogue, client_of: SignIn
) -> None:
    make_dialogue("d-1")
    make_dialogue("d-2")
    browser = client_of(alice)
    response = _decide(browser, _open(browser))
    assert response.status_code == 302
    assert response["Location"] == DESK
    assert Dialogue.objects.get(external_id="d-1").stage == Stage.APPROVED
    after = _open(browser)
    assert after.context["dialogue"].external_id == "d-2"
    assert after.context["last"].dialogue.external_id == "d-1"


def test_an_edit_is_approved_as_it_was_written(
    alice: User, dialogue: Dialogue, client_of: SignIn
) -> None:
    browser = client_of(alice)
    _decide(browser, _open(browser), verdict="edit", text="  the lighthouse under clouds ")
    dialogue.refresh_from_db()
    assert dialogue.approved_candidate is not None
    assert dialogue.approved_candidate.text == "the lighthouse under clouds"


def test_a_rejection_keeps_its_reason_and_its_own_note(
    alice: User, dialogue: Dialogue, client_of: SignIn
) -> None:
    browser = client_of(alice)
    _decide(
        browser,
        _open(browser),
        verdict="reject",
        reject_reason="ambiguous",
        reject_note="which scene?",
        more_note="typed into the other panel",
    )
    decision = Decision.objects.get()
    assert (decision.reason, decision.note) == ("ambiguous", "which scene?")


def test_asking_for_more_sends_the_note_to_the_models(
    alice: User, dialogue: Dialogue, client_of: SignIn
) -> None:
    browser = client_of(alice)
    _decide(browser, _open(browser), verdict="more", more_note="name the weather")
    dialogue.refresh_from_db()
    assert (dialogue.stage, dialogue.note_to_models) == (Stage.IMPORTED, "name the weather")


def test_a_skipped_dialogue_goes_to_somebody_else(
    alice: User, erin: User, dialogue: Dialogue, client_of: SignIn
) -> None:
    browser = client_of(alice)
    _decide(browser, _open(browser), verdict="skip", skip_reason="later")
    assert _open(browser).context["nothing_waits"]
    assert Decision.objects.get().reason == "later"
    assert _open(client_of(erin)).context["dialogue"] == dialogue


def test_an_empty_edit_is_refused_at_its_field_and_stays_open(
    alice: User, dialogue: Dialogue, client_of: SignIn
) -> None:
    browser = client_of(alice)
    response = _decide(browser, _open(browser), verdict="edit", text=" ")
    assert response.status_code == 400
    text = response.content.decode()
    assert 'aria-invalid="true"' in text
    assert "Write the rewrite: the text is empty." in text
    assert not Decision.objects.exists()


def test_a_rejection_without_a_reason_asks_for_one(
    alice: User, dialogue: Dialogue, client_of: SignIn
) -> None:
    browser = client_of(alice)
    response = _decide(browser, _open(browser), verdict="reject", reject_note="hm")
    assert response.status_code == 400
    assert "Choose a reason first: 1 to 5" in response.content.decode()
    assert ">hm</textarea>" in response.content.decode()


@pytest.mark.parametrize("verdict", ["", "undo", "burn"])
def test_an_unknown_verdict_changes_nothing(
    alice: User, dialogue: Dialogue, client_of: SignIn, verdict: str
) -> None:
    browser = client_of(alice)
    response = _decide(browser, _open(browser), verdict=verdict)
    assert response.status_code == 400
    assert not Decision.objects.exists()


def test_accepting_what_was_not_shown_is_refused(
    alice: User, make_dialogue: MakeDialogue, client_of: SignIn
) -> None:
    make_dialogue("d-1")
    other = make_dialogue("d-2").candidates.earliest("pk")
    browser = client_of(alice)
    response = _decide(browser, _open(browser), verdict="accept", candidate=other.pk)
    assert response.status_code == 400
    assert "is not among those you were shown" in response.content.decode()


def test_a_lost_place_says_so_and_gives_the_text_back(
    alice: User, erin: User, make_dialogue: MakeDialogue, client_of: SignIn
) -> None:
    make_dialogue("d-1")
    make_dialogue("d-2")
    browser = client_of(alice)
    shown = _open(browser)
    past = timezone.now() - timedelta(minutes=1)
    Assignment.objects.filter(reviewer=alice).update(expires_at=past)
    release_overdue()
    _open(client_of(erin))
    response = _decide(browser, shown, verdict="edit", text="my careful words")
    assert response.status_code == 409
    text = response.content.decode()
    assert "Your time for this dialogue ended" in text
    assert "my careful words" in text
    assert response.context["dialogue"].external_id == "d-2"


def test_deciding_again_in_another_tab_is_told_and_goes_on(
    alice: User, make_dialogue: MakeDialogue, client_of: SignIn
) -> None:
    make_dialogue("d-1")
    make_dialogue("d-2")
    browser = client_of(alice)
    first, second = _open(browser), _open(browser)
    _decide(browser, first)
    response = _decide(browser, second)
    assert response.status_code == 409
    assert "You have decided on this dialogue already" in response.content.decode()
    assert response.context["dialogue"].external_id == "d-2"


def test_nobody_decides_at_anothers_place(
    alice: User, erin: User, dialogue: Dialogue, client_of: SignIn
) -> None:
    shown = _open(client_of(alice))
    assert _decide(client_of(erin), shown).status_code == 404
    assert not Decision.objects.exists()


def test_what_cannot_be_undone_says_why(
    alice: User, make_dialogue: MakeDialogue, client_of: SignIn
) -> None:
    make_dialogue("d-1")
    browser = client_of(alice)
    _decide(browser, _open(browser))
    Dialogue.objects.update(released=True)
    refused = browser.post(f"/decisions/{Decision.objects.get().pk}/undo/")
    assert refused.status_code == 409
    assert "part of a release" in refused.content.decode()


def test_undo_brings_the_dialogue_back_with_what_was_written(
    alice: User, make_dialogue: MakeDialogue, client_of: SignIn
) -> None:
    make_dialogue("d-1")
    make_dialogue("d-2")
    browser = client_of(alice)
    _decide(browser, _open(browser), verdict="edit", text="my careful words")
    browser.post(f"/decisions/{Decision.objects.get().pk}/undo/")
    back = _open(browser)
    assert back.context["dialogue"].external_id == "d-1"
    assert ">my careful words</textarea>" in back.content.decode()


def test_the_last_ten_are_listed_to_be_taken_back(
    alice: User, make_dialogue: MakeDialogue, client_of: SignIn
) -> None:
    browser = client_of(alice)
    for number in range(12):
        make_dialogue(f"d-{number}")
        _decide(browser, _open(browser))
    text = _open(browser).content.decode()
    assert text.count("Take back") == 10
    assert "Last 10" in text


def test_also_right_candidates_are_kept_with_the_decision(
    alice: User, dialogue: Dialogue, client_of: SignIn
) -> None:
    browser = client_of(alice)
    shown = _open(browser)
    first, second, _ = [card.view.id for card in shown.context["reading"].cards]
    _decide(browser, shown, verdict="accept", candidate=first, also=[first, second])
    assert [also.pk for also in Decision.objects.get().also.all()] == [second]


def test_what_a_rule_blocks_asks_for_a_reason_and_takes_one(
    alice: User, dialogue: Dialogue, client_of: SignIn
) -> None:
    Dataset.objects.update(validators={"unsupported": "block"})
    browser = client_of(alice)
    shown = _open(browser)
    edit = {"verdict": "edit", "text": "elephants on a cloudy day"}
    refused = _decide(browser, shown, **edit)
    assert refused.status_code == 400
    assert "say why it is right all the same" in refused.content.decode()
    _decide(browser, refused, **edit, edit_override="the target has them")
    decision = Decision.objects.get()
    assert (decision.findings, decision.override) == (["unsupported"], "the target has them")


def test_the_unaided_write_before_they_see_any_candidate(
    alice: User, dialogue: Dialogue, client_of: SignIn
) -> None:
    Dataset.objects.update(arms={"unaided": 1.0})
    browser = client_of(alice)
    before = _open(browser)
    assert 'class="card"' not in before.content.decode()
    address = f"/places/{before.context['assignment'].pk}/first-text/"
    assert browser.post(address, {"text": " "}).status_code == 400
    browser.post(address, {"text": "a grey lighthouse"})
    after = _open(browser).content.decode()
    assert "You wrote" in after
    assert 'class="card"' in after
    assert ">a grey lighthouse</textarea>" in after


def test_a_hidden_target_is_said_to_be_hidden(
    alice: User, dialogue: Dialogue, client_of: SignIn
) -> None:
    Dataset.objects.update(arms={"no-target": 1.0})
    text = _open(client_of(alice)).content.decode()
    assert "The target is not shown for this dialogue" in text
    assert "under a cloudy sky" not in text


def test_what_was_sent_back_says_by_whom_and_why(
    alice: User, bob: User, dialogue: Dialogue, client_of: SignIn
) -> None:
    browser = client_of(alice)
    _open(browser)
    Assignment.objects.update(
        sent_back_at=timezone.now(), sent_back_by=bob, sent_back_note="which pier?"
    )
    text = _open(browser).content.decode()
    assert "bob sent this back" in text
    assert "which pier?" in text


def test_more_than_anybody_counts_is_said_as_more(
    alice: User, dialogue: Dialogue, client_of: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (
        '0 today <span class="of quiet">· 1 waits</span>'
        in _open(client_of(alice)).content.decode()
    )
    monkeypatch.setattr("review.pages.desk.showing.waiting", lambda _: MOST_COUNTED)
    text = _open(client_of(alice)).content.decode()
    assert "1,000+ wait" in text
    assert "<progress" not in text.partition('id="today"')[2].partition("</p>")[0]


def test_as_many_as_nobody_counts_are_not_counted_with_each_dialogue(
    alice: User, dialogue: Dialogue, make_dialogue: MakeDialogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    member = Membership.objects.select_related("dataset").get(user=alice)
    assert progress.waiting(member) == 1
    make_dialogue("d-18", stage=Stage.PROPOSED)
    assert progress.waiting(member) == 2
    monkeypatch.setattr(progress, "MOST_COUNTED", 2)
    monkeypatch.setattr(progress, "cache", LocMemCache("here alone", {}))
    assert progress.waiting(member) == 2
    with CaptureQueriesContext(connection) as asked:
        assert progress.waiting(member) == 2
    assert not asked.captured_queries


def test_anothers_decision_is_not_there_to_undo(
    alice: User, erin: User, dialogue: Dialogue, client_of: SignIn
) -> None:
    browser = client_of(alice)
    _decide(browser, _open(browser))
    decision = Decision.objects.get()
    assert client_of(erin).post(f"/decisions/{decision.pk}/undo/").status_code == 404


def test_giving_back_keeps_the_draft(alice: User, dialogue: Dialogue, client_of: SignIn) -> None:
    browser = client_of(alice)
    place = _open(browser).context["assignment"]
    response = browser.post(f"/places/{place.pk}/give-back/", {"text": "half a thought"})
    assert response["Location"] == "/datasets/coast/"
    place.refresh_from_db()
    assert (place.state, place.draft) == (PlaceState.RETURNED, "half a thought")


def test_hidden_authors_and_scores_reach_no_template(
    alice: User, dataset: Dataset, dialogue: Dialogue, client_of: SignIn
) -> None:
    Dataset.objects.update(hide_authors=True, hide_scores=True)
    text = _open(client_of(alice)).content.decode()
    assert "authors and scores hidden" in text
    assert "writer" not in text
    assert "critic" not in text
    assert "as tests say" not in text


def test_an_offline_author_is_named_as_such(
    alice: User, make_dialogue: MakeDialogue, client_of: SignIn
) -> None:
    dialogue = make_dialogue(stage=Stage.IMPORTED)
    intake.add_candidates(
        dialogue_id=dialogue.pk,
        texts=TEXTS,
        by=intake.Provenance(author="rules", kind=CandidateKind.OFFLINE),
        round=dialogue.round,
    )
    assert "by rules (offline)" in _open(client_of(alice)).content.decode()


def test_words_from_nowhere_and_the_final_query_itself_are_named(
    alice: User, make_dialogue: MakeDialogue, client_of: SignIn
) -> None:
    dialogue = make_dialogue(stage=Stage.IMPORTED)
    intake.add_candidates(
        dialogue_id=dialogue.pk,
        texts=["a lighthouse with elephants on a cloudy day", dialogue.final_query],
        by=intake.Provenance(author="writer", kind=CandidateKind.MODEL),
        round=dialogue.round,
    )
    text = _open(client_of(alice)).content.decode()
    assert "“elephants” is nowhere in the dialogue" in text
    assert "This is the final query as it stands" in text


def test_markup_in_a_dialogue_stays_text(
    alice: User, make_dialogue: MakeDialogue, client_of: SignIn
) -> None:
    make_dialogue(turns=[{"role": "user", "text": "<script>alert(1)</script> & \u202eabc"}])
    text = _open(client_of(alice)).content.decode()
    assert "<script>alert" not in text
    assert "&lt;script&gt;" in text


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "Declared without a file"),
        ({"refused": "the file is SVG, not a picture"}, "the file is SVG, not a picture"),
    ],
)
def test_a_target_without_a_picture_says_why(
    alice: User, dialogue: Dialogue, client_of: SignIn, fields: dict[str, str], words: str
) -> None:
    Image.objects.filter(external_id="lighthouse-cloudy").update(**fields)
    text = _open(client_of(alice)).content.decode()
    assert words in text
    assert "under a cloudy sky" in text


def test_a_dialogue_without_target_is_judged_by_itself(
    alice: User, make_dialogue: MakeDialogue, client_of: SignIn
) -> None:
    make_dialogue(target_images=[])
    assert "No target image was given" in _open(client_of(alice)).content.decode()


def test_an_empty_desk_tells_each_role_what_to_do(
    alice: User, carol: User, make_dialogue: MakeDialogue, client_of: SignIn
) -> None:
    assert "No dialogue yet" in _open(client_of(alice)).content.decode()
    make_dialogue(stage=Stage.IMPORTED)
    assert "when an admin starts a run" in _open(client_of(alice)).content.decode()
    assert "start a rewrite run" in _open(client_of(carol)).content.decode()


def test_a_finished_dataset_thanks_with_counts(
    alice: User, dialogue: Dialogue, client_of: SignIn
) -> None:
    browser = client_of(alice)
    _decide(browser, _open(browser))
    text = _open(browser).content.decode()
    assert "Everything is settled" in text
    assert "1 of them today by you" in text


def test_questions_to_the_database_do_not_grow(
    alice: User, make_dialogue: MakeDialogue, client_of: SignIn
) -> None:
    browser = client_of(alice)
    make_dialogue("d-1")
    _open(browser)
    with CaptureQueriesContext(connection) as few:
        _open(browser)
    for number in range(2, 12):
        make_dialogue(f"d-{number}")
    dialogue = Dialogue.objects.get(external_id="d-1")
    intake.add_candidates(
        dialogue_id=dialogue.pk,
        texts=[f"lighthouse number {number}" for number in range(40)],
        by=intake.Provenance(author="writer", kind=CandidateKind.MODEL),
        round=dialogue.round,
    )
    with CaptureQueriesContext(connection) as many:
        _open(browser)
    assert len(many) == len(few)
