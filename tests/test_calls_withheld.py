"""Who may still be handed a dialogue that was drawn for calibration reads no judge's word of it,
not in the log of calls either."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from generation.models import Call, CallOutcome, Endpoint, EndpointKind, Run, RunItem, RunKind
from review.models import Dataset, Dialogue, Stage, User

SignIn = Callable[[User], Client]
Asked = Callable[[Dialogue, RunKind], Call]
SAID = '{"faithful": 5}'


@pytest.fixture
def asked(dataset: Dataset, carol: User) -> Asked:
    """An answered call of a run of some kind on a dialogue."""
    endpoint = Endpoint.objects.create(name="judge-1", kind=EndpointKind.OFFLINE)

    def make(dialogue: Dialogue, kind: RunKind) -> Call:
        run, _ = Run.objects.get_or_create(dataset=dataset, kind=kind, by=carol)
        item = RunItem.objects.create(run=run, dialogue=dialogue, endpoint=endpoint)
        said = {"request_hash": "h", "outcome": CallOutcome.OK, "reply": SAID}
        return Call.objects.create(run=run, item=item, endpoint=endpoint, **said)

    return make


@pytest.fixture
def drawn(dialogue: Dialogue) -> Dialogue:
    Dialogue.objects.filter(pk=dialogue.pk).update(drawn_place=10**9)
    dialogue.refresh_from_db()
    return dialogue


def replies(program: Client, run_id: int | None) -> list[str | None]:
    """As the API and the page of each call tell them; both alike."""
    rows = program.get(f"/api/v1/datasets/coast/runs/{run_id}/calls/").json()["results"]
    for row in rows:
        page = program.get(f"/datasets/coast/runs/{run_id}/calls/{row['id']}/").content.decode()
        assert ("faithful" in page) == (row["reply"] is not None)
        assert ("It shows once people have decided" in page) == (row["reply"] is None)
    return [row["reply"] for row in rows]


def test_a_judges_reply_shows_once_people_have_decided(
    carol: User, drawn: Dialogue, asked: Asked, client_of: SignIn
) -> None:
    call, browser = asked(drawn, RunKind.JUDGE), client_of(carol)
    assert replies(browser, call.run_id) == [None]
    Dialogue.objects.filter(pk=drawn.pk).update(stage=Stage.REJECTED)
    assert replies(browser, call.run_id) == [SAID]


def test_what_writers_said_and_what_was_not_drawn_is_withheld_from_no_admin(
    carol: User,
    drawn: Dialogue,
    make_dialogue: Callable[..., Dialogue],
    asked: Asked,
    client_of: SignIn,
) -> None:
    browser = client_of(carol)
    assert replies(browser, asked(drawn, RunKind.REWRITE).run_id) == [SAID]
    assert replies(browser, asked(make_dialogue("other"), RunKind.JUDGE).run_id) == [SAID]


def test_many_calls_are_asked_of_at_once(
    carol: User,
    drawn: Dialogue,
    make_dialogue: Callable[..., Dialogue],
    asked: Asked,
    client_of: SignIn,
) -> None:
    run_id, browser = asked(drawn, RunKind.JUDGE).run_id, client_of(carol)

    def queries() -> int:
        with CaptureQueriesContext(connection) as caught:
            browser.get(f"/api/v1/datasets/coast/runs/{run_id}/calls/")
        return len(caught)

    few = queries()
    for number in range(3):
        asked(make_dialogue(f"other-{number}"), RunKind.JUDGE)
    assert queries() == few
