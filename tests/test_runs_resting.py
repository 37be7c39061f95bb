"""A run rests and goes on as a person says: paused, resumed, stopped, its failed items retried."""

import asyncio
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.test import Client

from generation.calls.asking import gate_to
from generation.calls.flow import Flow
from generation.errors import RunEnded
from generation.models import Endpoint, ItemState, Run, RunStatus
from generation.runs import lifecycle
from generation.runs.draining import drain
from review.errors import NotAllowed
from review.models import Dataset, Dialogue, Stage, User
from tests.model_server import Fault, ModelServer

SignIn = Callable[[User], Client]
Change = Callable[..., object]


@pytest.fixture
def run(
    dataset: Dataset,
    make_dialogue: Callable[..., Dialogue],
    make_endpoint: Callable[..., Endpoint],
) -> Run:
    for number in range(3):
        make_dialogue(f"d-{number}", stage=Stage.IMPORTED)
    make_endpoint()
    return lifecycle.start(dataset=dataset, kind="rewrite", endpoints=["remote"])


def status(run: Run) -> str:
    run.refresh_from_db()
    return run.status


def press(browser: Client, run: Run, action: str) -> str:
    response = browser.post(f"/datasets/coast/runs/{run.pk}/{action}/", follow=True)
    return response.content.decode()


def test_a_paused_run_is_left_alone_until_it_is_resumed(run: Run) -> None:
    lifecycle.pause(run=run)
    drain(run.pk)
    assert (status(run), run.note) == (RunStatus.PAUSED, "Paused by a person.")
    assert run.items.pending().count() == 3
    lifecycle.resume(run=run)
    drain(run.pk)
    assert (status(run), run.note) == (RunStatus.DONE, "")


def test_failed_items_are_tried_again_and_nothing_else_is(
    run: Run, model_server: ModelServer
) -> None:
    model_server.fail(Fault.answers(400))
    drain(run.pk)
    assert status(run) == RunStatus.DONE
    asked = len(model_server.completions)
    assert lifecycle.retry_failed(run=run) == 1
    assert (status(run), run.finished) == (RunStatus.RUNNING, None)
    drain(run.pk)
    assert status(run) == RunStatus.DONE
    assert not run.items.exclude(state=ItemState.DONE).exists()
    assert len(model_server.completions) == asked + 1


def test_a_budget_that_is_spent_pauses_with_the_reason_on_the_page(
    run: Run, carol: User, client_of: SignIn
) -> None:
    Run.objects.filter(pk=run.pk).update(budget_usd="0.000001")
    drain(run.pk)
    page = client_of(carol).get(f"/datasets/coast/runs/{run.pk}/").content.decode()
    assert status(run) == RunStatus.PAUSED
    assert "could pass the budget" in page
    assert "Resume 3 items" in page


@pytest.mark.parametrize(
    ("state", "change", "words"),
    [
        (RunStatus.DONE, lifecycle.pause, "is not going"),
        (RunStatus.PAUSED, lifecycle.pause, "is not going"),
        (RunStatus.RUNNING, lifecycle.resume, "is going"),
        (RunStatus.DONE, lifecycle.stop, "has ended"),
        (RunStatus.STOPPED, lifecycle.stop, "has ended"),
        (RunStatus.DONE, lifecycle.retry_failed, "nothing to try again"),
    ],
)
def test_what_does_not_fit_is_refused_and_changes_nothing(
    run: Run, state: RunStatus, change: Change, words: str
) -> None:
    Run.objects.filter(pk=run.pk).update(status=state)
    with pytest.raises(RunEnded, match=words):
        change(run=run)
    assert status(run) == state


def test_the_page_has_the_buttons_that_fit(
    run: Run, carol: User, client_of: SignIn, model_server: ModelServer
) -> None:
    browser = client_of(carol)
    page = press(browser, run, "pause")
    assert "The run is paused" in page
    assert ("Resume 3 items" in page, ">Pause<" in page, ">Stop<" in page) == (True, False, True)
    page = press(browser, run, "resume")
    assert ("Resume" in page, ">Pause<" in page, ">Stop<" in page) == (False, True, True)
    model_server.fail(Fault.answers(400))
    drain(run.pk)
    page = browser.get(f"/datasets/coast/runs/{run.pk}/").content.decode()
    assert ("Retry 1 failed item" in page, ">Pause<" in page, ">Stop<" in page) == (
        True,
        False,
        False,
    )
    assert "1 item will be tried again" in press(browser, run, "retry")
    assert status(run) == RunStatus.RUNNING


def test_a_refusal_of_a_button_says_why(run: Run, carol: User, client_of: SignIn) -> None:
    """On the page of the run, where it can be mended."""
    address = f"/datasets/coast/runs/{run.pk}/"
    response = client_of(carol).post(f"{address}retry/", follow=True)
    assert response.redirect_chain == [(address, 302)]
    assert "nothing to try again" in response.content.decode()


def test_a_run_that_spent_its_budget_goes_on_with_a_larger_one(
    run: Run, carol: User, client_of: SignIn
) -> None:
    Run.objects.update(status=RunStatus.PAUSED, budget_usd="0.5", note="It is spent.")
    browser, address = client_of(carol), f"/datasets/coast/runs/{run.pk}/"
    assert 'name="budget" value="0.5"' in browser.get(address).content.decode()
    for wrong in ("much", "-1", "NaN"):
        said = browser.post(f"{address}resume/", {"budget": wrong}, follow=True).content.decode()
        assert "amount in dollars such as 2.50" in said
    browser.post(f"{address}resume/", {"budget": "2.5"})
    run.refresh_from_db()
    assert (run.status, run.budget_usd, run.note) == (RunStatus.RUNNING, Decimal("2.5"), "")


@pytest.mark.parametrize(
    "change", [lifecycle.pause, lifecycle.resume, lifecycle.stop, lifecycle.retry_failed]
)
def test_only_admins_rest_a_run(run: Run, alice: User, change: Change) -> None:
    with pytest.raises(NotAllowed):
        change(run=run, by=alice)
    assert status(run) == RunStatus.RUNNING


@pytest.mark.parametrize("action", ["pause", "resume", "stop", "retry"])
def test_only_admins_press_the_buttons(
    run: Run, alice: User, dave: User, client_of: SignIn, action: str
) -> None:
    address = f"/datasets/coast/runs/{run.pk}/{action}/"
    assert client_of(alice).post(address).status_code == 403
    assert client_of(dave).post(address).status_code == 404
    assert client_of(dave).get(address).status_code == 405


def test_a_live_run_says_which_server_asked_to_be_left_alone(
    run: Run, carol: User, client_of: SignIn
) -> None:
    browser, address = client_of(carol), f"/datasets/coast/runs/{run.pk}/"
    words = "remote asked to be left alone"
    assert words not in browser.get(address).content.decode()
    asyncio.run(_shut(Endpoint.objects.get(name="remote"), run, seconds=30))
    assert words in browser.get(address).content.decode()


async def _shut(endpoint: Endpoint, run: Run, *, seconds: float) -> None:
    flow = Flow()
    await gate_to(flow, endpoint, run.model_of(endpoint)).shut(seconds)
    await flow.close()
