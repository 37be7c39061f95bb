"""The page that compares judges: from a stored report, in words where there is nothing."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from generation import tasks
from generation.judges_compared import stored
from generation.models import JudgeReport
from generation.report_tasks import compute_judge_report
from review import decisions, intake
from review.models import (
    Assignment,
    Candidate,
    CandidateKind,
    Criterion,
    Dataset,
    Decision,
    Dialogue,
    Judgement,
    Stage,
    User,
    Verdict,
)
from review.rulings import Ruling

SignIn = Callable[[User], Client]
MakeDialogue = Callable[..., Dialogue]
Claim = Callable[[User], Assignment]

ADDRESS = "/datasets/coast/models/judges/"
HTMX = {"HX-Request": "true"}
WROTE = {"gpt-9": "gpt", "qwen-9": "qwen", "glm-9": "glm"}


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The datasets whose report was sent to a worker."""
    found: list[int] = []
    monkeypatch.setattr(compute_judge_report, "delay_on_commit", found.append)
    return found


def propose(*dialogues: Dialogue) -> list[list[Candidate]]:
    """A rewrite of each dialogue by each of three families."""
    intake.add_proposals(
        [
            intake.Proposal(dialogue.pk, [f"{dialogue.external_id} by {by.author}"], by, 0)
            for dialogue in dialogues
            for by in map(author, WROTE)
        ]
    )
    return [list(dialogue.candidates.all()) for dialogue in dialogues]


def author(model: str, prompt: str = "p") -> intake.Provenance:
    family = WROTE.get(model, model)
    return intake.Provenance(
        model, CandidateKind.MODEL, model=model, family=family, prompt_hash=prompt
    )


def opinion(
    candidates: list[Candidate], scores: list[int], *, model: str, prompt: str = "p", **more: Any
) -> intake.Opinion:
    places = {candidate.pk: place for place, candidate in enumerate(candidates)}
    judged = {
        candidate.pk: [intake.JudgedCriterion(key, score) for key in Criterion.values]
        for candidate, score in zip(candidates, scores, strict=True)
    }
    by = author(model, prompt)
    return intake.Opinion(candidates[0].dialogue_id, by, judged, places, **more)


@pytest.fixture
def judged(make_dialogue: MakeDialogue) -> list[Dialogue]:
    """Twelve dialogues, each with a rewrite by three families, judged by two of them."""
    made = [make_dialogue(f"j-{number:02}", stage=Stage.IMPORTED) for number in range(12)]
    opinions = []
    for number, candidates in enumerate(propose(*made)):
        opinions += [
            opinion(candidates, [5, 3 + number % 2, 2], model="gpt-9"),
            opinion(candidates, [4 - number % 3, 3, 2 + number % 2], model="qwen-9"),
            opinion(candidates[::-1], [2, 4, 4], model="gpt-9", reversed=True),
        ]
    intake.add_opinions(opinions)
    return made


RULED = [
    *[(Verdict.ACCEPT, {})] * 3,
    *[(Verdict.EDIT, {"text": "edited"})] * 2,
    (Verdict.REJECT, {"reason": "wrong-target"}),
    (Verdict.SKIP, {}),
]


@pytest.fixture
def decided(judged: list[Dialogue], alice: User, claim: Claim) -> list[Dialogue]:
    """Three of them accepted, two edited, one rejected for itself, one skipped."""
    for verdict, more in RULED:
        place = claim(alice)
        best = place.dialogue.candidates.first()
        assert best is not None
        chosen = best.pk if verdict in {Verdict.ACCEPT, Verdict.EDIT} else None
        ruling = Ruling(verdict, candidate_id=chosen, **more)
        decisions.decide(assignment=place, ruling=ruling, by=alice)
    return judged


@pytest.fixture
def report(dataset: Dataset, carol: User, decided: list[Dialogue]) -> JudgeReport:
    return computed(dataset, carol)


def computed(dataset: Dataset, carol: User) -> JudgeReport:
    stored.ask(dataset=dataset, by=carol)
    compute_judge_report(dataset.pk)
    return JudgeReport.objects.get(dataset=dataset)


def read(browser: Client, **headers: Any) -> str:
    response = browser.get(ADDRESS, **headers)
    assert response.status_code == 200
    return response.content.decode()


def test_before_the_first_time_it_says_what_it_is_and_a_look_writes_nothing(
    carol: User, client_of: SignIn
) -> None:
    page = read(client_of(carol))
    assert "The judges are not compared yet" in page
    assert not JudgeReport.objects.exists()


def test_a_button_sends_it_to_a_worker_and_the_page_waits(
    dataset: Dataset, carol: User, client_of: SignIn, sent: list[int]
) -> None:
    browser = client_of(carol)
    page = browser.post(f"{ADDRESS}compute/", follow=True).content.decode()
    assert sent == [dataset.pk]
    assert "every 2s" in page
    assert "No worker is running" in page
    assert browser.get(f"{ADDRESS}?awaited=report", headers=HTMX).status_code == 204
    compute_judge_report(dataset.pk)
    part = browser.get(f"{ADDRESS}?awaited=report", headers=HTMX)
    assert part.status_code == 200
    assert part["Vary"].count("HX-Request") == 1
    assert "No judge has scored anything yet" in part.content.decode()
    assert "every 2s" not in part.content.decode()
    assert "<html" not in part.content.decode()


def test_a_report_holds_every_figure_and_counts_what_is_missing(report: JudgeReport) -> None:
    found = report.data["decided"]
    assert (found["decisions"], found["dialogues"], found["candidates"]) == (5, 5, 15)
    assert (found["accepted"], found["saw_scores"]) == (3, 5)
    assert found["missing"] == {"dialogue": 1, "skipped": 1, "more": 0}
    assert report.seconds is not None

    assert_holds_every_figure(report.data)


def assert_holds_every_figure(data: dict[str, Any]) -> None:
    names = ["gpt-9", "qwen-9"]
    assert [judge["name"] for judge in data["judges"]] == names
    assert [one["judge"] for one in data["acceptance"]] == ["panel", *names]
    assert [len(one["rows"]) for one in data["ranking"]] == [1, 6, 6]
    assert [len(one["rows"]) for one in data["passing"]] == [6, 6]
    assert len(data["alphas"]) == 5
    assert [(one["one"], one["other"]) for one in data["pairs"]] == [("gpt-9", "qwen-9")]
    [flips] = data["flips"]
    # Scored 5, 3 or 4, 2 and then 4, 4, 2: two of three change, or one.
    assert flips["rows"][0]["changed"]["value"] == pytest.approx(0.5)
    assert [row["place"] for row in data["places"][0]["rows"]] == [1, 2, 3]
    assert [row["author"] for row in data["matrix"]] == ["glm-9", "gpt-9", "qwen-9"]
    assert [one["family"] for one in data["favours"]] == ["gpt", "qwen"]
    assert "NaN" not in json.dumps(data)


def test_the_page_shows_it_with_its_time(
    carol: User, report: JudgeReport, client_of: SignIn
) -> None:
    page = read(client_of(carol))
    for words in ("Computed", "just now", "nothing has come in since", "AUC", "own family"):
        assert words in page
    assert "In 5 of these the reviewer saw the scores" in page
    assert not re.search(r"\bnan\b", page, re.IGNORECASE)
    assert "style=" not in page


def test_what_came_in_since_is_counted(carol: User, report: JudgeReport, client_of: SignIn) -> None:
    first = Decision.objects.earliest("pk")
    JudgeReport.objects.update(last_rows={**report.last_rows, "decisions": first.pk})
    browser = client_of(carol)
    assert "6 decisions since" in read(browser)
    intake.add_opinions([opinion(list(Candidate.objects.all()[:3]), [1, 2, 3], model="late")])
    assert "6 decisions and 15 scores since" in read(browser)


def test_only_the_last_prompt_of_a_judge_counts(
    dataset: Dataset, carol: User, judged: list[Dialogue]
) -> None:
    intake.add_opinions(
        [
            opinion(list(dialogue.candidates.all()), [1, 1, 1], model="gpt-9", prompt="later")
            for dialogue in judged
        ]
    )
    data = computed(dataset, carol).data
    cells = [row["cells"][0]["mean"]["value"] for row in data["matrix"]]
    assert cells == [1, 1, 1]
    assert data["flips"] == []


def test_without_a_decision_or_a_second_judge_words_say_so(
    dataset: Dataset, carol: User, dialogue: Dialogue, client_of: SignIn
) -> None:
    computed(dataset, carol)
    page = read(client_of(carol))
    for words in (
        "Nobody has decided on a candidate yet",
        "No decision yet",
        "Only one judge",
        "No judge was asked in both orders",
        "No judge compared candidates two by two yet",
        "nothing to favour",
    ):
        assert words in page


def test_judges_with_one_constant_score_are_told_in_words(
    dataset: Dataset, carol: User, judged: list[Dialogue], client_of: SignIn
) -> None:
    Judgement.objects.filter(judge="qwen-9").update(score=3)
    computed(dataset, carol)
    assert "Not defined: qwen-9 gives every one the same score." in read(client_of(carol))


def test_a_report_that_fails_says_so_and_is_not_tried_for_ever(
    dataset: Dataset, carol: User, client_of: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Dataset) -> None:
        raise ValueError("broken")

    monkeypatch.setattr(stored, "read", fail)
    with pytest.raises(ValueError, match="broken"):
        computed(dataset, carol)
    assert not JudgeReport.objects.awaiting().exists()
    assert "It could not be computed" in read(client_of(carol))


def test_two_workers_do_not_reckon_the_same_report(
    dataset: Dataset, carol: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored.ask(dataset=dataset, by=carol)
    inner: list[bool] = []

    def meanwhile(found: Dataset) -> None:
        inner.append(JudgeReport.objects.awaiting().exists())
        raise ValueError("enough")

    monkeypatch.setattr(stored, "read", meanwhile)
    with pytest.raises(ValueError, match="enough"):
        compute_judge_report(dataset.pk)
    compute_judge_report(dataset.pk)
    assert inner == [False]


def test_the_sweep_sends_a_report_that_the_broker_lost(
    dataset: Dataset, carol: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[tuple[int]] = []
    monkeypatch.setattr(
        compute_judge_report, "apply_async", lambda arguments, **_: found.append(arguments)
    )
    stored.ask(dataset=dataset, by=carol)
    tasks.sweep()
    assert found == [(dataset.pk,)]
    JudgeReport.objects.update(asked=None)
    tasks.sweep()
    assert len(found) == 1


@pytest.mark.parametrize(("person", "status"), [("alice", 403), ("bob", 403), ("dave", 404)])
def test_only_admins_see_it_or_ask_for_it(
    person: str, status: int, dataset: Dataset, request: pytest.FixtureRequest, client_of: SignIn
) -> None:
    browser = client_of(request.getfixturevalue(person))
    assert browser.get(ADDRESS).status_code == status
    assert browser.post(f"{ADDRESS}compute/").status_code == status
    assert not JudgeReport.objects.exists()


def test_asking_is_no_link_and_looking_no_form(carol: User, client_of: SignIn) -> None:
    browser = client_of(carol)
    assert browser.get(f"{ADDRESS}compute/").status_code == 405
    assert browser.post(ADDRESS).status_code == 405


def test_more_dialogues_cost_no_more_queries(
    dataset: Dataset,
    carol: User,
    report: JudgeReport,
    make_dialogue: MakeDialogue,
    client_of: SignIn,
) -> None:
    browser = client_of(carol)
    few = queries(browser)
    more = [make_dialogue(f"more-{number}", stage=Stage.IMPORTED) for number in range(5)]
    intake.add_opinions([opinion(made, [1, 2, 3], model="gpt-9") for made in propose(*more)])
    computed(dataset, carol)
    assert queries(browser) == few


def queries(browser: Client) -> int:
    with CaptureQueriesContext(connection) as found:
        read(browser)
    return len(found)
