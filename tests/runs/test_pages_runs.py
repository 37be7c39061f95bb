"""The runs pages: for admins, with live progress, plain words where no worker is alive."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from generation.models import (
    Batch,
    BatchState,
    Call,
    CallOutcome,
    Endpoint,
    ItemState,
    Run,
    RunItem,
    RunKind,
    RunStatus,
)
from review.models import Dataset, Dialogue, Stage, User

SignIn = Callable[[User], Client]
MakeDialogue = Callable[..., Dialogue]
MakeCall = Callable[..., Call]

ADDRESS = "/datasets/coast/runs/"
HTMX = {"HX-Request": "true"}


def test_an_admin_starts_a_run_with_the_defaults(
    carol: User, make_dialogue: MakeDialogue, client_of: SignIn
) -> None:
    make_dialogue(stage=Stage.IMPORTED)
    response = client_of(carol).post(
        f"{ADDRESS}start/", {"kind": "rewrite", "candidates": "3"}, follow=True
    )
    run = Run.objects.get()
    assert (run.kind, run.by) == (RunKind.REWRITE, carol)
    assert f"Rewrite run {run.pk}" in response.content.decode()
    assert "No worker is running" in response.content.decode()


def test_the_form_begins_with_the_first_kind_that_has_work(
    carol: User, make_dialogue: MakeDialogue, client_of: SignIn
) -> None:
    make_dialogue(stage=Stage.PROPOSED)
    page = client_of(carol).get(ADDRESS)
    assert page.context["form"].initial["kind"] == "judge"
    assert {kind.value: kind.waits for kind in page.context["kinds"]} == {
        "rewrite": "0 dialogues have no candidate",
        "judge": "1 dialogue has no score",
        "check": "0 rewrites wait",
    }


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"kind": "", "candidates": "4"}, "Choose what to do"),
        ({"kind": "benchmark", "candidates": "4"}, "benchmark is not one of"),
        ({"kind": "rewrite", "candidates": "many"}, "Give a whole number from 1 to 20"),
        ({"kind": "rewrite", "candidates": "0"}, "Give a whole number from 1 to 20"),
        ({"kind": "rewrite", "candidates": "4", "limit": "-1"}, "It is at least 1"),
        ({"kind": "rewrite", "candidates": "4", "budget": "free"}, "Give an amount in dollars"),
        ({"kind": "rewrite", "candidates": "4", "endpoints": "nope"}, "nope"),
    ],
)
def test_bad_input_is_named_and_starts_nothing(
    sent: dict[str, str], words: str, carol: User, client_of: SignIn
) -> None:
    response = client_of(carol).post(f"{ADDRESS}start/", sent)
    assert response.status_code == 422
    assert words in response.content.decode()
    assert not Run.objects.exists()


def test_a_live_list_asks_again_and_a_quiet_one_does_not(
    carol: User, run: Run, client_of: SignIn
) -> None:
    browser = client_of(carol)
    assert "every 2s" in browser.get(ADDRESS, headers=HTMX).content.decode()
    Run.objects.update(status=RunStatus.DONE)
    page = browser.get(ADDRESS, headers=HTMX).content.decode()
    assert "every 2s" not in page
    assert "<html" not in page


def test_a_run_shows_what_was_done_what_failed_and_why(
    carol: User, item: RunItem, make_dialogue: MakeDialogue, client_of: SignIn, make_call: MakeCall
) -> None:
    item.state, item.failure = ItemState.FAILED, "The reply could not be read."
    item.save()
    RunItem.objects.create(
        run=item.run, dialogue=make_dialogue("d-2"), endpoint=item.endpoint, state=ItemState.DONE
    )
    make_call(item, outcome=CallOutcome.FAILED, status_code=500, error="overloaded")
    page = client_of(carol).get(f"{ADDRESS}{item.run_id}/").content.decode()
    for words in ("1 of 2 done", "1 failed", "The reply could not be read.", "overloaded", "500"):
        assert words in page


def test_the_cost_is_the_exact_sum_and_unknown_where_a_price_is(
    carol: User, item: RunItem, client_of: SignIn, make_call: MakeCall
) -> None:
    make_call(item, cost_usd=Decimal("0.1"))
    make_call(item, cost_usd=Decimal("0.2"))
    browser = client_of(carol)
    view = browser.get(f"{ADDRESS}{item.run_id}/").context["view"]
    assert view.spend.cost_usd == Decimal("0.3")
    make_call(item, cost_usd=None)
    page = browser.get(f"{ADDRESS}{item.run_id}/")
    assert page.context["view"].spend.cost_usd is None
    assert "unknown" in page.content.decode()


def test_a_run_is_stopped_and_resumed(carol: User, item: RunItem, client_of: SignIn) -> None:
    browser = client_of(carol)
    browser.post(f"{ADDRESS}{item.run_id}/stop/")
    item.run.refresh_from_db()
    assert item.run.status == RunStatus.STOPPED
    assert "Resume 1 item" in browser.get(f"{ADDRESS}{item.run_id}/").content.decode()
    browser.post(f"{ADDRESS}{item.run_id}/resume/")
    item.run.refresh_from_db()
    assert item.run.status == RunStatus.RUNNING


def test_the_form_comes_filled_from_the_address(
    carol: User, make_dialogue: MakeDialogue, client_of: SignIn
) -> None:
    make_dialogue(stage=Stage.IMPORTED)
    page = client_of(carol).get(ADDRESS, {"words": "the lake", "stage": "proposed"})
    form = page.context["form"]
    assert (form["words"].value(), form["stage"].value()) == ("the lake", "proposed")
    assert form["kind"].value() == "judge"
    assert "as chosen" in page.content.decode()


def test_everything_that_the_form_says_is_kept_with_the_run(
    carol: User,
    make_dialogue: MakeDialogue,
    make_endpoint: Callable[..., Endpoint],
    client_of: SignIn,
) -> None:
    make_dialogue()
    make_endpoint("eyes", sees_images=True, has_batches=True)
    dialogues = {"words": "scene", "stage": "judged", "sample": "5", "limit": "3"}
    images = {"images": "on", "longest_side": "300", "format": "webp", "most": "2"}
    judging = {"target": ["caption", "image"], "pairwise": "on", "best": "2", "batch": "on"}
    sent = {"kind": "judge", "endpoints": ["eyes"], "budget": "2.50", **dialogues, **images}
    response = client_of(carol).post(f"{ADDRESS}start/", {**sent, **judging}, follow=True)
    run = Run.objects.get()
    assert run.parameters == {
        **run.parameters,
        "filter": {"words": "scene", "stage": "judged", "sample": 5},
        "limit": 3,
        "images": {"longest_side": 300, "format": "webp", "most": 2},
        "target": ["caption", "image"],
        "pairwise": True,
        "best": 2,
        "batch": True,
    }
    page = response.content.decode()
    for words in (
        "with “scene”, judged when it started, a sample of 5, the first 3",
        "300 px, WEBP, at most 2 images a request",
        "caption and image shown to models",
        "the best 2 in pairs, both orders",
        "Left of $2.50",
        run.parameters["seed"],
    ):
        assert words in page


def test_what_does_not_belong_to_the_kind_is_not_looked_at(
    carol: User, make_dialogue: MakeDialogue, client_of: SignIn
) -> None:
    make_dialogue(stage=Stage.IMPORTED)
    odd = {"best": "99", "longest_side": "7", "target": ["image"], "endpoints": ["offline"]}
    client_of(carol).post(f"{ADDRESS}start/", {"kind": "check", "candidates": "many", **odd})
    assert Run.objects.get().parameters == {"limit": None, "models": {}}


def test_an_estimate_is_a_part_for_htmx_and_a_page_without(
    carol: User, make_dialogue: MakeDialogue, client_of: SignIn
) -> None:
    make_dialogue(stage=Stage.IMPORTED)
    browser, sent = client_of(carol), {"kind": "rewrite", "candidates": "7"}
    part = browser.post(f"{ADDRESS}estimate/", sent, headers=HTMX).content.decode()
    assert "<html" not in part
    assert "no calls, no cost" in part
    page = browser.post(f"{ADDRESS}estimate/", sent).content.decode()
    assert "<html" in page
    assert "no calls, no cost" in page
    assert 'value="7"' in page
    assert not Run.objects.exists()


def test_an_estimate_shows_a_refusal_at_its_field(
    carol: User, dataset: Dataset, make_endpoint: Callable[..., Endpoint], client_of: SignIn
) -> None:
    make_endpoint(prices=None)
    browser = client_of(carol)
    for sent, field, words in [
        ({"candidates": "99"}, "candidates", "from 1 to 20"),
        ({"endpoints": "remote", "budget": "1"}, "budget", "no budget can be kept"),
        ({"target": "image"}, "target", "send them"),
        ({"endpoints": "gone"}, "endpoints", "gone"),
    ]:
        response = browser.post(f"{ADDRESS}estimate/", {"kind": "rewrite", **sent}, headers=HTMX)
        assert response.status_code == 422
        part = response.content.decode()
        place = part[part.index(f'id="id_{field}_errors"') :]
        assert words in place[: place.index("</div>")]
        assert 'hx-swap-oob="true"' in part


def test_batches_show_how_far_they_are(carol: User, item: RunItem, client_of: SignIn) -> None:
    values = {"run": item.run, "endpoint": item.endpoint, "lines": 24, "lines_done": 11}
    Batch.objects.create(state=BatchState.SUBMITTED, remote_id="batch_abc", **values)
    Batch.objects.create(state=BatchState.FAILED, problem="line 3 is odd", **values)
    page = client_of(carol).get(f"{ADDRESS}{item.run_id}/").content.decode()
    for words in ("batch_abc", "submitted", "line 3 is odd", "24", "11"):
        assert words in page


@pytest.mark.parametrize(("person", "status"), [("alice", 403), ("bob", 403), ("dave", 404)])
def test_only_admins_see_or_change_runs(
    person: str,
    status: int,
    request: pytest.FixtureRequest,
    item: RunItem,
    client_of: SignIn,
    make_call: MakeCall,
) -> None:
    browser = client_of(request.getfixturevalue(person))
    call = make_call(item)
    one = f"{ADDRESS}{item.run_id}/"
    for address in (ADDRESS, one, f"{one}calls/", f"{one}calls/{call.pk}/"):
        assert browser.get(address).status_code == status
    for address in (f"{ADDRESS}start/", f"{ADDRESS}estimate/", f"{one}stop/", f"{one}resume/"):
        assert browser.post(address, {"kind": "rewrite"}).status_code == status
    assert Run.objects.get().status == RunStatus.RUNNING


@pytest.mark.parametrize(
    "action", ["start/", "estimate/", "1/stop/", "1/resume/", "1/pause/", "1/retry/"]
)
def test_no_change_is_a_link(action: str, carol: User, client_of: SignIn) -> None:
    assert client_of(carol).get(ADDRESS + action).status_code == 405


def test_a_run_of_another_dataset_is_out_of_reach(carol: User, client_of: SignIn) -> None:
    other = Dataset.objects.create(slug="other", title="Other")
    run = Run.objects.create(dataset=other, kind=RunKind.JUDGE)
    browser = client_of(carol)
    assert browser.get(f"{ADDRESS}{run.pk}/").status_code == 404
    assert browser.post(f"{ADDRESS}{run.pk}/stop/").status_code == 404


def test_more_runs_and_calls_cost_no_more_queries(
    carol: User, item: RunItem, make_dialogue: MakeDialogue, client_of: SignIn, make_call: MakeCall
) -> None:
    make_call(item)
    browser = client_of(carol)
    pages = [ADDRESS, f"{ADDRESS}{item.run_id}/", f"{ADDRESS}{item.run_id}/calls/"]
    _queries(browser, ADDRESS)  # the first gives the dataset its retriever
    few = [_queries(browser, page) for page in pages]
    for number in range(4):
        other = Run.objects.create(dataset=item.run.dataset, kind=RunKind.JUDGE)
        RunItem.objects.create(run=other, dialogue=item.dialogue, endpoint=item.endpoint)
        dialogue = make_dialogue(f"more-{number}")
        make_call(RunItem.objects.create(run=item.run, dialogue=dialogue, endpoint=item.endpoint))
        name = f"endpoint-{number}"
        Endpoint.objects.create(name=name, dataset=item.run.dataset)
        Batch.objects.create(run=item.run, endpoint=item.endpoint)
    assert few == [_queries(browser, page) for page in pages]


def _queries(browser: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert browser.get(address).status_code == 200
    return len(queries)
