"""The page of calibration: every state in words, who sees it, and what can be taken away."""

import csv
import io
import json
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from review.models import (
    CalibrationReport,
    CertificateEnd,
    Dataset,
    Dialogue,
    User,
)
from tests.calibration.kept import ADDRESS, HTMX, NEW_WAVE, certificate, keep, made, read

SignIn = Callable[[User], Client]
MakeDialogue = Callable[..., Dialogue]


def test_figures_are_told_with_interval_worth_missing_and_time(
    dataset: Dataset, carol: User, report: CalibrationReport, client_of: SignIn
) -> None:
    made(dataset)
    page = read(client_of(carol))
    for words in (
        "<b>61.2%</b>",
        "95% interval 57.0% to 65.4%",
        "200 decisions count as 329.",
        "14 drawn dialogues are not decided",
        "from 51.2% to 71.2%",
        "Reckoned <time",
        "Wave 1 does not count",
        "German",
        "1 more language with fewer than 30 decisions",
        "fewer than thirty dialogues",
        "16 Nov",
    ):
        assert words in page


def test_without_an_interval_words_say_why(
    carol: User, report: CalibrationReport, client_of: SignIn
) -> None:
    page = read(client_of(carol), f"{ADDRESS}?basis=blind")
    assert "No estimate from blind places" in page
    assert "Only 4 places are decided" in page
    assert 'href="?basis=waves"' in page


def test_it_is_reckoned_again_on_demand_and_the_page_waits(
    carol: User, report: CalibrationReport, client_of: SignIn, sent: list[str]
) -> None:
    browser = client_of(carol)
    page = browser.post(f"{ADDRESS}compute/", follow=True).content.decode()
    assert sent == ["compute_calibration"]
    assert "awaited=report" in page
    assert "No worker is running" in page
    assert browser.get(f"{ADDRESS}?awaited=report", headers=HTMX).status_code == 204


def test_a_report_that_failed_says_so(
    dataset: Dataset, carol: User, large: None, client_of: SignIn
) -> None:
    keep(dataset, {}, computed=None, failure="It could not be computed.")
    made(dataset)
    page = read(client_of(carol))
    assert "It could not be computed." in page
    assert "Reckon it now" in page


def test_figures_can_be_taken_away(
    carol: User, report: CalibrationReport, client_of: SignIn
) -> None:
    browser = client_of(carol)
    table = browser.get(f"{ADDRESS}files/calibration.csv")
    rows = list(csv.DictReader(io.StringIO(table.content.decode())))
    assert "attachment" in table["Content-Disposition"]
    [first] = [row for row in rows if (row["part"], row["measure"]) == ("all", "debiased")]
    assert (first["basis"], float(first["low"])) == ("waves", pytest.approx(0.57))
    [told] = [row for row in rows if (row["part"], row["measure"]) == ("zh", "auc")]
    assert (told["value"], told["words"]) == ("", "one label alone")
    report.refresh_from_db()
    whole = json.loads(browser.get(f"{ADDRESS}files/calibration.json").content)
    assert whole["from_waves"] == report.data["from_waves"]
    assert browser.get(f"{ADDRESS}files/other.txt").status_code == 404
    CalibrationReport.objects.all().delete()
    assert browser.get(f"{ADDRESS}files/calibration.csv").status_code == 404


def test_an_adjudicator_sees_all_and_has_no_button(
    dataset: Dataset, bob: User, report: CalibrationReport, client_of: SignIn
) -> None:
    made(dataset, certificate=certificate(dataset))
    browser = client_of(bob)
    page = read(browser)
    assert "61.2%" in page
    main = page[page.index("<main") :]
    assert 'method="post"' not in main
    assert NEW_WAVE not in main
    for address in ("waves/new/", "certificates/new/"):
        assert browser.get(f"{ADDRESS}{address}").status_code == 403
    for address in ("compute/", "waves/1/close/", "certificates/1/withdraw/", "waves/preview/"):
        assert browser.post(f"{ADDRESS}{address}").status_code == 403


@pytest.mark.parametrize(("person", "status"), [("alice", 403), ("dave", 404)])
def test_nobody_else_sees_it(
    person: str, status: int, dataset: Dataset, request: pytest.FixtureRequest, client_of: SignIn
) -> None:
    browser = client_of(request.getfixturevalue(person))
    assert browser.get(ADDRESS).status_code == status
    assert browser.get(f"{ADDRESS}files/calibration.json").status_code == status
    assert browser.post(ADDRESS).status_code == 405


def test_more_waves_and_dialogues_cost_no_more_queries(
    dataset: Dataset,
    carol: User,
    report: CalibrationReport,
    make_dialogue: MakeDialogue,
    client_of: SignIn,
) -> None:
    browser = client_of(carol)
    ended = {"ended_at": timezone.now(), "end": CertificateEnd.CHANGED}
    made(dataset, certificate=certificate(dataset, 1, **ended))
    few = queries(browser)
    for number in range(2, 5):
        more = ended if number % 2 else {"threshold": None}
        made(dataset, number, certificate=certificate(dataset, number, **more))
        make_dialogue(f"more-{number}")
    assert queries(browser) == few


def queries(browser: Client) -> int:
    with CaptureQueriesContext(connection) as found:
        read(browser)
    return len(found)
