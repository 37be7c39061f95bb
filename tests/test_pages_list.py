"""The list of dialogues: filters in the address, page by page, and nothing seen too early."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from review import decisions
from review.models import Arm, Assignment, Candidate, Dialogue, Stage, User, Verdict
from review.pages.listing import PAGE_SIZE
from review.rulings import Ruling
from tests.conftest import TEXTS

SignIn = Callable[[User], Client]
MakeDialogue = Callable[..., Dialogue]
Claim = Callable[[User], Assignment]

ADDRESS = "/datasets/coast/dialogues/"


def _ids(browser: Client, query: str = "") -> list[str]:
    response = browser.get(f"{ADDRESS}{query}")
    assert response.status_code == 200
    return [row.dialogue.external_id for row in response.context["rows"]]


def _accept(assignment: Assignment, by: User) -> None:
    candidate = assignment.dialogue.candidates.earliest("pk")
    ruling = Ruling(Verdict.ACCEPT, candidate_id=candidate.pk)
    decisions.decide(assignment=assignment, ruling=ruling, by=by)


def test_it_lists_dialogues_by_stage_and_by_words(
    alice: User, make_dialogue: MakeDialogue, client_of: SignIn
) -> None:
    make_dialogue("d-1")
    make_dialogue("d-2", final_query="Show me the red boat")
    Dialogue.objects.filter(external_id="d-2").update(stage=Stage.REJECTED)
    browser = client_of(alice)
    assert _ids(browser) == ["d-1", "d-2"]
    assert _ids(browser, "?stage=rejected") == ["d-2"]
    assert _ids(browser, "?q=RED+boat") == ["d-2"]
    assert _ids(browser, "?q=d-1") == ["d-1"]
    assert _ids(browser, "?stage=judged&q=boat") == []


def test_an_admin_finds_dialogues_by_what_judges_say(
    alice: User, carol: User, make_dialogue: MakeDialogue, client_of: SignIn
) -> None:
    for name in ("differ", "pass", "fail", "unscored"):
        make_dialogue(f"d-{name}", stage=Stage.PROPOSED if name == "unscored" else Stage.JUDGED)
    Dialogue.objects.filter(external_id="d-differ").update(disagreement=1.5)
    Candidate.objects.update(passes=False)
    Candidate.objects.filter(dialogue__external_id="d-pass", text=TEXTS[1]).update(passes=True)
    browser = client_of(carol)
    assert _ids(browser, "?judges=differ") == ["d-differ"]
    assert _ids(browser, "?judges=pass") == ["d-pass"]
    assert _ids(browser, "?judges=fail") == ["d-differ", "d-fail"]
    # To reviewers scores may be hidden: for them there is no such filter.
    assert len(_ids(client_of(alice), "?judges=differ")) == 4
    assert "judges" not in client_of(alice).get(ADDRESS).content.decode().lower()


def test_a_search_does_not_tell_of_hidden_candidates(
    alice: User, dialogue: Dialogue, client_of: SignIn
) -> None:
    assert _ids(client_of(alice), "?q=breakwater") == []


def test_the_approved_rewrite_shows_only_to_those_who_may_see_it(
    alice: User, erin: User, bob: User, dialogue: Dialogue, claim: Claim, client_of: SignIn
) -> None:
    _accept(claim(alice), alice)
    assert TEXTS[0] in client_of(alice).get(ADDRESS).content.decode()
    assert TEXTS[0] in client_of(bob).get(ADDRESS).content.decode()
    assert TEXTS[0] not in client_of(erin).get(ADDRESS).content.decode()


def test_an_annotator_cannot_filter_by_checks_they_may_not_see(
    alice: User, erin: User, dialogue: Dialogue, claim: Claim, client_of: SignIn
) -> None:
    _accept(claim(alice), alice)
    Dialogue.objects.update(check_outcome="worse")
    assert _ids(client_of(alice), "?check=worse") == ["d-1"]
    assert _ids(client_of(erin), "?check=worse") == []


def test_each_filter_is_a_chip_that_links_to_the_list_without_it(
    alice: User, dialogue: Dialogue, client_of: SignIn
) -> None:
    response = client_of(alice).get(f"{ADDRESS}?stage=judged&q=cloudy")
    chips = {chip.words: chip.without for chip in response.context["chips"]}
    assert chips == {"“cloudy”": "?stage=judged", "Judged": "?q=cloudy"}


def test_pages_follow_each_other_in_both_directions(
    alice: User, make_dialogue: MakeDialogue, client_of: SignIn
) -> None:
    for number in range(2 * PAGE_SIZE + 1):
        make_dialogue(f"d-{number:03}", stage=Stage.IMPORTED)
    browser = client_of(alice)
    first = browser.get(ADDRESS).context["page"]
    second = browser.get(f"{ADDRESS}{first.later}").context["page"]
    third = browser.get(f"{ADDRESS}{second.later}").context["page"]
    back = browser.get(f"{ADDRESS}{third.earlier}").context["page"]
    assert [len(p.dialogues) for p in (first, second, third)] == [PAGE_SIZE, PAGE_SIZE, 1]
    assert back.dialogues == second.dialogues
    assert (first.earlier, third.later) == ("", "")


def test_a_page_keeps_its_filters(
    alice: User, make_dialogue: MakeDialogue, client_of: SignIn
) -> None:
    for number in range(PAGE_SIZE + 1):
        make_dialogue(f"d-{number:03}", stage=Stage.IMPORTED)
    page = client_of(alice).get(f"{ADDRESS}?stage=imported").context["page"]
    assert page.later.startswith("?stage=imported&after=")


@pytest.mark.parametrize(
    "query", ["?stage=nonsense", "?check=nonsense", "?q=%00", "?after=x", "?before=" + "9" * 40]
)
def test_a_broken_address_is_answered_with_a_page(
    query: str, alice: User, dialogue: Dialogue, client_of: SignIn
) -> None:
    assert client_of(alice).get(f"{ADDRESS}{query}").status_code == 200


def test_a_filter_that_is_none_is_named(alice: User, dialogue: Dialogue, client_of: SignIn) -> None:
    page = client_of(alice).get(f"{ADDRESS}?stage=nonsense").content.decode()
    assert "No dialogue fits" in page
    assert "nonsense is not one of the available choices" in page


def test_htmx_gets_the_results_alone(alice: User, dialogue: Dialogue, client_of: SignIn) -> None:
    response = client_of(alice).get(ADDRESS, headers={"HX-Request": "true"})
    page = response.content.decode()
    assert "<html" not in page
    assert 'id="results"' in page
    assert "HX-Request" in response["Vary"]


def test_going_back_in_history_gets_the_whole_page(
    alice: User, dialogue: Dialogue, client_of: SignIn
) -> None:
    headers = {"HX-Request": "true", "HX-History-Restore-Request": "true"}
    assert "<html" in client_of(alice).get(ADDRESS, headers=headers).content.decode()


def test_what_people_wrote_is_never_markup(
    alice: User, make_dialogue: MakeDialogue, client_of: SignIn
) -> None:
    make_dialogue("d-1", final_query="<script>alert(1)</script>")
    assert "<script>alert" not in client_of(alice).get(ADDRESS).content.decode()


def test_an_outsider_finds_no_list(dave: User, dialogue: Dialogue, client_of: SignIn) -> None:
    assert client_of(dave).get(ADDRESS).status_code == 404


def test_it_takes_no_post(alice: User, client_of: SignIn) -> None:
    assert client_of(alice).post(ADDRESS).status_code == 405


def test_more_dialogues_cost_no_more_queries(
    alice: User, make_dialogue: MakeDialogue, claim: Claim, client_of: SignIn
) -> None:
    make_dialogue("d-0")
    browser = client_of(alice)
    few = _queries(browser)
    for number in range(1, 5):
        make_dialogue(f"d-{number}")
        _accept(claim(alice), alice)
    assert _queries(browser) == few


def _queries(browser: Client) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert browser.get(ADDRESS).status_code == 200
    return len(queries)


def test_an_admin_may_start_a_run_over_what_the_list_shows(
    make_dialogue: MakeDialogue, carol: User, alice: User, client_of: SignIn
) -> None:
    make_dialogue()
    link = "/datasets/coast/runs/?words=that+scene&amp;stage=judged"
    wanted = {"q": "that scene", "stage": "judged"}
    assert link in client_of(carol).get(ADDRESS, wanted).content.decode()
    assert "Run over these" not in client_of(alice).get(ADDRESS, wanted).content.decode()
    checked = client_of(carol).get(ADDRESS, {"check": "awaiting"}).content.decode()
    assert "Run over these" not in checked


def test_who_is_not_to_see_the_target_does_not_see_it_in_lists(
    dialogue: Dialogue, alice: User, claim: Claim, client_of: SignIn, program_of: SignIn
) -> None:
    place = claim(alice)
    Assignment.objects.filter(pk=place.pk).update(arm=Arm.NO_TARGET)
    page = client_of(alice).get(ADDRESS)
    [row] = page.context["rows"]
    assert (row.targets, row.more_targets) == ([], 0)
    assert "under a cloudy sky" not in page.content.decode()
    [told] = program_of(alice).get("/api/v1/datasets/coast/dialogues/").json()["results"]
    assert told["target_images"] == []


def test_who_decided_in_an_earlier_round_does_not_learn_of_checks(
    dialogue: Dialogue, alice: User, claim: Claim, client_of: SignIn
) -> None:
    _accept(claim(alice), alice)
    Dialogue.objects.update(check_outcome="worse")
    assert _ids(client_of(alice), "?check=worse") == ["d-1"]
    Dialogue.objects.update(round=1)
    assert _ids(client_of(alice), "?check=worse") == []
