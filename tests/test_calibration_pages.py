"""The pages of calibration: every state in words, who sees and may do what, what forms refuse, and
what can be taken away."""

import csv
import io
import json
import re
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from review.agreement.estimates import Estimate, undefined
from review.calibration.certifying.tasks import tend_certificates
from review.calibration.conditions import present
from review.calibration.draws import Moments
from review.calibration.estimating import stored
from review.calibration.report import (
    FORM,
    Alternative,
    Annotator,
    Basis,
    Bin,
    Line,
    PassRate,
    WaveLine,
    Week,
)
from review.calibration.sampling import drawing, following
from review.calibration.sampling.frames import Frame, Part
from review.calibration.sampling.tasks import draw_waves
from review.models import (
    CalibrationReport,
    Certificate,
    CertificateEnd,
    Certified,
    CertifiedAs,
    Dataset,
    Dialogue,
    User,
    Wave,
    WaveKind,
)
from review.report_tasks import compute_calibration

SignIn = Callable[[User], Client]
MakeDialogue = Callable[..., Dialogue]

ADDRESS = "/datasets/coast/calibration/"
WAVES_API = "/api/v1/datasets/coast/waves/"
NEW_WAVE, PREVIEW = f"{ADDRESS}waves/new/", f"{ADDRESS}waves/preview/"
NEW_CERTIFICATE = f"{ADDRESS}certificates/new/"
HTMX = {"HX-Request": "true"}
NOBODY = undefined("nobody has decided on one yet")


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was sent to a worker."""
    found: list[str] = []
    for task in (
        compute_calibration,
        draw_waves,
        tend_certificates,
    ):
        name = task.name.rsplit(".", 1)[-1]
        monkeypatch.setattr(task, "delay_on_commit", lambda _, name=name: found.append(name))
    return found


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where a report is not reckoned while somebody waits."""
    monkeypatch.setattr(stored, "is_small", lambda _: False)
    monkeypatch.setattr(stored, "MOST_LIVE", -1)


def line(name: str, share: float, n: int = 200) -> Line:
    both = Estimate(share, share - 0.042, share + 0.042, n, n)
    rate = PassRate(
        debiased=both,
        people=Estimate(share + 0.01, share - 0.06, share + 0.08, n, n),
        judges=Estimate(0.71, 0.7, 0.72, 11_000, 11_000),
        tuning=0.8,
        correlation=0.62,
        worth=1.645 * n,
        missing=14,
        if_missing=(share - 0.1, share + 0.1),
    )
    return Line(name, 11_000, rate, Estimate(0.81, 0.75, 0.87, n, n), Estimate(0.45, n=n))


def unknown(name: str) -> Line:
    rate = PassRate(NOBODY, NOBODY, Estimate(0.5, n=3), None, None, None, 3, None)
    return Line(name, 3, rate, undefined("one label alone"), undefined("one label alone"))


def alternative(*annotators: Annotator, words: str = "") -> Alternative:
    known = bool(annotators)
    return Alternative(
        0.15, list(annotators), 0.5 if known else None, 0.8 if known else None, known or None, words
    )


def basis(overall: Line | None, **more: Any) -> Basis:
    values: dict[str, Any] = {
        "of": "dialogues that waited with a score",
        "words": "",
        "left_out": [],
        "criteria": [],
        "slices": {},
        "scores": [],
        "weeks": [],
        "drift": "",
        "alternative": alternative(words="There are two reviewers; the test takes three."),
    }
    return Basis(overall=overall, **{**values, **more})


def figures(waves: list[WaveLine] | None = None) -> dict[str, Any]:
    """A stored report with every kind of figure from waves, and none from blind places."""
    from_waves = basis(
        line("all", 0.612),
        left_out=["Wave 1 does not count: the judge critic has another prompt."],
        criteria=[line("correct", 0.66)],
        slices={"language": [line("de", 0.52), unknown("zh")], "turns": [line("3-4", 0.6)]},
        scores=[
            Bin(4, 4.5, 500, 40, Estimate(0.8, 0.65, 0.9, 40, 40)),
            Bin(4.5, 5, 300, 0, NOBODY),
        ],
        weeks=[
            Week("2026-11-09", 30, Estimate(0.6, 0.4, 0.8, 30, 30), Estimate(0.1, 0, 0.2, 30, 30)),
            Week("2026-11-16", 40, Estimate(0.7, 0.5, 0.9, 40, 40), Estimate(0.2, 0.1, 0.3, 40)),
        ],
        alternative=alternative(
            Annotator("erin", 40, 0.8, 0.82, 0.01, True, ""),
            Annotator("alice", 12, 0.7, 0.8, None, False, "fewer than thirty dialogues"),
        ),
    )
    from_blind = basis(None, words="Only 4 places are decided: an interval takes 30.")
    return {
        "form": FORM,
        "conditions": {},
        "waves": [asdict(wave) for wave in waves or []],
        "from_waves": asdict(from_waves),
        "from_blind": asdict(from_blind),
    }


def keep(dataset: Dataset, data: dict[str, Any], **more: Any) -> CalibrationReport:
    values = {"computed": timezone.now(), "seconds": 1.0, **more}
    return CalibrationReport.objects.create(dataset=dataset, data=data, **values)


@pytest.fixture
def report(dataset: Dataset, large: None) -> CalibrationReport:
    return keep(dataset, figures())


@pytest.fixture
def dialogues(make_dialogue: MakeDialogue) -> list[Dialogue]:
    return [make_dialogue(f"c-{number}") for number in range(6)]


def read(browser: Client, address: str = ADDRESS, **more: Any) -> str:
    response = browser.get(address, **more)
    assert response.status_code == 200
    page = response.content.decode()
    assert "style=" not in page
    assert not re.search(r"\bnan\b", page, re.IGNORECASE)
    return page


def made(dataset: Dataset, number: int = 1, **more: Any) -> Wave:
    """A wave as a worker left it, without what it drew."""
    frame = Frame(Part(Moments(6, 3, 2), 3), {}, {}, [0] * 16, {}, 4, 4, 0.6, 0.6)
    values = {
        "kind": WaveKind.UNIFORM,
        "size": 4,
        "seed": "s",
        "drawn_at": timezone.now(),
        "frame": frame.as_json(),
        "conditions": conditions(dataset),
        **more,
    }
    return Wave.objects.create(dataset=dataset, number=number, **values)


def conditions(dataset: Dataset) -> dict[str, Any]:
    now = present(dataset)
    return now.as_json() if now else {"judges": [], "rubric": {}, "rewriters": []}


def certificate(dataset: Dataset, number: int = 1, **more: Any) -> Certificate:
    step = {"score": 4.8, "n": 61, "bad": 0, "bound": 0.048, "passed": True}
    values = {
        "share": 0.05,
        "confidence": 0.95,
        "threshold": 4.8,
        "grid": [5.0, 4.8],
        "steps": [step],
        "conditions": conditions(dataset),
        **more,
    }
    return Certificate.objects.create(dataset=dataset, number=number, **values)


def test_with_nothing_drawn_it_says_what_a_wave_is_and_what_one_would_bring(
    carol: User, dialogues: list[Dialogue], client_of: SignIn
) -> None:
    page = read(client_of(carol))
    assert "Nothing is drawn yet" in page
    assert f'href="{NEW_WAVE}"' in page
    assert "How many decisions does it take?" in page
    assert "People would accept" not in page
    assert not Wave.objects.exists()


def test_a_wave_is_previewed_drawn_waited_for_and_closed(
    dataset: Dataset, carol: User, dialogues: list[Dialogue], client_of: SignIn, sent: list[str]
) -> None:
    browser = client_of(carol)
    asked = {"kind": "uniform", "size": "4", "even_share": "50", "narrow": ""}
    preview = browser.post(PREVIEW, asked, headers=HTMX).content.decode()
    assert "6 dialogues" in preview
    assert "points" in preview
    assert not Wave.objects.exists()

    page = browser.post(NEW_WAVE, asked, follow=True).content.decode()
    assert sent == ["draw_waves"]
    assert "Being drawn." in page
    assert "awaited=wave1" in page
    assert browser.get(f"{ADDRESS}?awaited=wave1", headers=HTMX).status_code == 204

    drawing.carry_out(dataset)
    fragment = read(browser, f"{ADDRESS}?awaited=wave1", headers=HTMX)
    assert "<html" not in fragment
    assert "every 2s" not in fragment
    assert "0 of 4" in fragment
    assert "4 waiting" in fragment

    browser.post(f"{ADDRESS}waves/1/close/")
    assert Wave.objects.get().closed_at is not None
    assert (
        "is closed already"
        in browser.post(f"{ADDRESS}waves/1/close/", follow=True).content.decode()
    )
    assert browser.post(f"{ADDRESS}waves/2/close/").status_code == 404


def test_a_wave_that_failed_says_why(dataset: Dataset, carol: User, client_of: SignIn) -> None:
    made(dataset, drawn_at=None, failure="There are 2 dialogues to draw from.")
    assert "Not drawn.</b> There are 2 dialogues to draw from." in read(client_of(carol))


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"size": "700"}, "There are 6 dialogues to draw from"),
        ({"size": "many"}, "Give a whole number."),
        ({"kind": "informative", "even_share": "20"}, "At least half of a wave"),
        ({"narrow": "language:xx"}, "There is no such part"),
    ],
)
def test_what_cannot_be_drawn_is_said_at_its_field_and_nothing_typed_is_lost(
    wrong: dict[str, str], told: str, carol: User, dialogues: list[Dialogue], client_of: SignIn
) -> None:
    browser = client_of(carol)
    asked = {"kind": "uniform", "size": "5", "even_share": "60", "narrow": "", **wrong}
    for address in (NEW_WAVE, PREVIEW):
        response = browser.post(address, asked)
        page = response.content.decode()
        assert response.status_code == 422
        assert told in page
        assert f'value="{asked["size"]}"' in page
        assert f'value="{asked["even_share"]}"' in page
    assert browser.post(PREVIEW, asked, headers=HTMX).status_code == 422
    assert not Wave.objects.exists()


def test_a_link_of_the_plan_fills_the_form(
    carol: User, dialogues: list[Dialogue], client_of: SignIn
) -> None:
    page = read(client_of(carol), f"{NEW_WAVE}?narrow=turns:3-4&size=30")
    assert '<option value="turns:3-4" selected>3 to 4 turns' in page
    assert 'value="30"' in page


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


def test_where_many_are_drawn_what_became_of_them_is_told_as_it_was_reckoned(
    dataset: Dataset,
    large: None,
    carol: User,
    client_of: SignIn,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = {"decided": 3, "skipped": 0, "uncounted": 0, "waiting": 1}
    line = replace(following.line(made(dataset)), **told, used=True)
    keep(dataset, figures([line]))
    assert "0 of 4</b> decided</p>" in read(client_of(carol))
    [now] = client_of(carol).get(WAVES_API).json()
    assert (now["decided"], now["as_of"]) == (0, None)
    monkeypatch.setattr(following, "MOST_FOLLOWED", 3)
    assert '3 of 4</b> decided <span class="quiet">when it was reckoned' in read(client_of(carol))
    [then] = client_of(carol).get(WAVES_API).json()
    assert then["decided"] == 3
    assert then["as_of"] is not None


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


def test_a_certificate_in_force_tells_its_terms_its_test_and_what_it_did(
    dataset: Dataset, carol: User, dialogues: list[Dialogue], client_of: SignIn
) -> None:
    found = certificate(dataset, by=carol)
    made(dataset, certificate=found)
    for dialogue, used, good in [
        (dialogues[0], CertifiedAs.ACCEPTED, None),
        (dialogues[1], CertifiedAs.AUDIT, False),
    ]:
        top = dialogue.candidates.earliest("pk")
        since = None if good is None else timezone.now()
        row = {"round": dialogue.round, "candidate": top, "score": 5, "used_as": used}
        Certified.objects.create(
            certificate=found, dialogue=dialogue, good=good, good_since=since, **row
        )
    page = read(client_of(carol))
    for words in (
        "<b>In force:</b> At a panel score of 4.8 or above at most 5%",
        "by carol on wave 1, for judge critic",
        "People decide on every dialogue, also where a certificate is in force.",
        "Bad among the last 1 of these</dt><dd>1",
        "4.8%",
        "Withdraw certificate 1",
        'href="#certificate-1"',
    ):
        assert words in page


def test_an_ended_certificate_says_why_and_a_failed_test_what_it_would_take(
    dataset: Dataset, carol: User, client_of: SignIn
) -> None:
    ended = {"ended_at": timezone.now(), "end": CertificateEnd.CHANGED, "end_note": "A new judge."}
    certificate(dataset, 1, **ended)
    certificate(dataset, 2, threshold=None, steps=[])
    page = read(client_of(carol))
    assert "None is in force:</b> a person decides on every dialogue." in page
    assert "A new judge." in page
    assert "Nothing passed.</b> No score of the grid has the 59" in page
    assert "Withdraw" not in page


def test_a_certificate_is_withdrawn_once(
    dataset: Dataset, carol: User, client_of: SignIn, sent: list[str]
) -> None:
    certificate(dataset)
    browser = client_of(carol)
    withdraw = f"{ADDRESS}certificates/1/withdraw/"
    assert "is withdrawn" in browser.post(withdraw, follow=True).content.decode()
    assert sent == ["tend_certificates"]
    assert "is not in force any more" in browser.post(withdraw, follow=True).content.decode()
    put_back = browser.post(f"{ADDRESS}certificates/1/put-back/", follow=True)
    assert "can be put back" in put_back.content.decode()


def test_before_a_test_it_is_said_what_it_uses_up_and_what_is_refused_stays_typed(
    carol: User, dialogues: list[Dialogue], client_of: SignIn
) -> None:
    browser = client_of(carol)
    assert "No wave is left to test on" in read(browser, NEW_CERTIFICATE)
    refused = browser.post(NEW_CERTIFICATE, {"share": "5", "confidence": "95"})
    assert refused.status_code == 422
    wrong = browser.post(NEW_CERTIFICATE, {"share": "90", "confidence": "95"})
    page = wrong.content.decode()
    assert wrong.status_code == 422
    assert "Give a share from 0.1% to 50%." in page
    assert 'value="90"' in page
    preview = f"{ADDRESS}certificates/preview/"
    asked = {"share": "10", "confidence": "90"}
    assert "22 dialogues" in browser.post(preview, asked, headers=HTMX).content.decode()
    assert not Certificate.objects.exists()


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
