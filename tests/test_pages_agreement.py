"""The page of agreement: who sees it, what it shows, and the dialogues behind each number."""

import json
import random
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from review import report_tasks
from review.agreement import stored
from review.agreement.arms import attrition
from review.agreement.behind import Behind
from review.agreement.reading import read
from review.agreement.report import reckon
from review.agreement.stored import AGREEMENT
from review.models import (
    AgreementReport,
    Arm,
    Assignment,
    Candidate,
    CandidateKind,
    Dataset,
    Decision,
    Dialogue,
    PlaceState,
    Stage,
    User,
    Verdict,
)
from review.reports import FRESH

SignIn = Callable[[User], Client]
MakeDialogue = Callable[..., Dialogue]

ADDRESS = "/datasets/coast/agreement/"
LIST = "/datasets/coast/dialogues/"
HTMX = {"HX-Request": "true"}


def decide(dialogue: Dialogue, who: User, verdict: Verdict, text: str = "", **more: Any) -> None:
    """A decision as the record would have it, without the way through the desk."""
    candidate = None
    if verdict == Verdict.ACCEPT:
        candidate = dialogue.candidates.get(text=text)
    elif verdict == Verdict.EDIT:
        kind = {"author": who.username, "kind": CandidateKind.PERSON, "reviewer": who}
        candidate, _ = Candidate.objects.get_or_create(
            dialogue=dialogue, text_key=text, defaults={"text": text, **kind}
        )
    now = timezone.now()
    place = None
    if not more.get("adjudication"):
        skipped = verdict == Verdict.SKIP
        place = Assignment.objects.create(
            dialogue=dialogue,
            reviewer=who,
            place=dialogue.assignments.count(),
            state=PlaceState.SKIPPED if skipped else PlaceState.DECIDED,
            arm=more.pop("arm", Arm.PLAIN),
            tried=more.pop("tried", []),
            claimed_at=now,
            begun_at=now,
            active_at=now,
            expires_at=now,
            ended_at=now,
        )
    Decision.objects.create(
        dialogue=dialogue,
        assignment=place,
        reviewer=who,
        verdict=verdict,
        candidate=candidate,
        seconds=10 + dialogue.pk % 7,
        **more,
    )


@pytest.fixture
def decided(
    dataset: Dataset, make_dialogue: MakeDialogue, alice: User, erin: User, bob: User
) -> list[Dialogue]:
    """Thirty dialogues, decided on at random by up to three people, some of them settled."""
    lot = random.Random(7)  # noqa: S311 - nobody's secret
    dialogues = [make_dialogue(f"a-{number:02}") for number in range(30)]
    for dialogue in dialogues:
        texts = list(dialogue.candidates.values_list("text", flat=True))
        for who in lot.sample([alice, erin, bob], lot.choice([1, 2, 2, 2, 3])):
            verdict = lot.choice([Verdict.ACCEPT] * 4 + [Verdict.EDIT, Verdict.REJECT])
            text = lot.choice(texts[:2]) if verdict == Verdict.ACCEPT else lot.choice(["x", "y"])
            arm = lot.choice([Arm.PLAIN, Arm.PLAIN, Arm.BLIND])
            decide(dialogue, who, verdict, text, arm=arm, tried=lot.choice([[], [{"text": "x"}]]))
        _settle(dialogue, bob, lot)
    decide(make_dialogue("skipped"), alice, Verdict.SKIP)
    return dialogues


def _settle(dialogue: Dialogue, bob: User, lot: random.Random) -> None:
    outcomes = list(Decision.objects.counting(dialogue).values_list("candidate", flat=True))
    if lot.random() < 0.2:
        return
    if len(set(outcomes)) > 1:
        accepted = dialogue.candidates.earliest("pk")
        decide(dialogue, bob, Verdict.ACCEPT, accepted.text, adjudication=True)
        outcomes = [accepted.pk]
    stage = Stage.APPROVED if outcomes[0] else Stage.REJECTED
    Dialogue.objects.filter(pk=dialogue.pk).update(stage=stage, approved_candidate=outcomes[0])


def behind(dataset: Dataset, name: str) -> int:
    return Behind.named(name).of(dataset.dialogues.all()).count()


def test_the_dialogues_behind_each_number_are_as_many_as_it_says(
    dataset: Dataset, decided: list[Dialogue]
) -> None:
    found = reckon(dataset).as_json()
    all_of_them = found["together"]
    assert all_of_them["differed"] > 3
    assert behind(dataset, "together:compared") == all_of_them["dialogues"]
    assert behind(dataset, "together:same") == all_of_them["agreed"]
    assert behind(dataset, "together:differ") == all_of_them["differed"]
    assert len(found["pairs"]) == 3
    for pair in found["pairs"]:
        name = f"pair:{pair['one']}:{pair['other']}"
        assert behind(dataset, f"{name}:compared") == pair["kappa"]["n"]
        assert behind(dataset, f"{name}:same") == pair["same"]
        assert behind(dataset, f"{name}:other-text") == pair["other_text"]
        assert behind(dataset, f"{name}:other-verdict") == pair["other_verdict"]
        assert behind(dataset, f"{name}:differ") == pair["other_text"] + pair["other_verdict"]
    for who in found["reviewers"]:
        name = f"reviewer:{who['name']}"
        assert behind(dataset, f"{name}:counting") == who["decisions"]
        assert behind(dataset, f"{name}:compared") == who["others"]["dialogues"]
        assert behind(dataset, f"{name}:upheld") == who["upheld"]
        assert behind(dataset, f"{name}:overruled") == who["overruled"]
        assert behind(dataset, f"{name}:settled") == who["settled"]["n"]
        assert behind(dataset, f"{name}:adjudicated") == who["adjudicated"]["n"]
    [week] = found["weeks"]
    assert behind(dataset, f"week:{week['monday']}") == week["outcome"]["dialogues"]


def test_the_dialogues_behind_arms_are_those_with_such_decisions(
    dataset: Dataset, decided: list[Dialogue]
) -> None:
    plain, blind = reckon(dataset).as_json()["arms"]
    assert behind(dataset, "arm:plain:skipped") == plain["attrition"]["skipped"] == 1
    for arm in (plain, blind):
        name = f"arm:{arm['arm']}"
        figures = {measure["name"]: measure["figure"] for measure in arm["measures"]}
        assert behind(dataset, f"{name}:decided") == figures["accepted"]["dialogues"]
        assert behind(dataset, f"{name}:ranked") == figures["top"]["dialogues"]
        assert behind(dataset, f"{name}:colleagues") == figures["colleagues"]["dialogues"]
        for measure in ("accepted", "edited", "rejected", "top", "tried"):
            share = figures[measure]
            hits = round(share["value"] * share["n"])
            assert 0 < behind(dataset, f"{name}:{measure}") <= hits
    assert behind(dataset, "arm:blind:ended-decided") <= blind["attrition"]["decided"]


def test_the_page_draws_it_with_links_to_the_dialogues(
    carol: User, decided: list[Dialogue], client_of: SignIn
) -> None:
    client = client_of(carol)
    page = client.get(ADDRESS).content.decode()
    for words in ("Krippendorff", "alice", "Same outcome", "scores hidden", "see the scores"):
        assert words in page
    assert "nan" not in page.lower().replace("finance", "")
    link = f"{LIST}?agreement=together%3Adiffer"
    assert link in page
    listed = client.get(link).content.decode()
    assert "reviewers differ" in listed
    assert f"{behind(Dataset.objects.get(), 'together:differ')} dialogues" in listed
    fragment = client.get(ADDRESS, headers=HTMX)
    assert fragment.content.decode().lstrip().startswith('<div id="report"')
    assert "HX-Request" in fragment["Vary"]


def test_an_adjudicator_is_not_told_what_others_decided_where_they_may_still_be_asked(
    dataset: Dataset, make_dialogue: MakeDialogue, alice: User, erin: User, bob: User,
    carol: User, client_of: SignIn,
) -> None:  # fmt: skip
    dataset.decisions_needed = 3
    dataset.save()
    for name in ("open", "done"):
        dialogue = make_dialogue(name)
        texts = list(dialogue.candidates.values_list("text", flat=True))
        decide(dialogue, alice, Verdict.ACCEPT, texts[0])
        decide(dialogue, erin, Verdict.ACCEPT, texts[1])
    Dialogue.objects.filter(external_id="done").update(stage=Stage.DISPUTED)
    address = f"{LIST}?agreement=together:differ"
    for who, seen in ((bob, ["done"]), (carol, ["open", "done"])):
        page = client_of(who).get(address)
        assert sorted(row.dialogue.external_id for row in page.context["rows"]) == sorted(seen)
    # A reviewer's list knows no such filter.
    assert len(client_of(alice).get(address).context["rows"]) == 2
    assert "reviewers differ" not in client_of(alice).get(address).content.decode()


@pytest.mark.parametrize(
    ("who", "status"), [("alice", 403), ("bob", 200), ("carol", 200), ("dave", 404)]
)
def test_adjudicators_and_admins_see_it_and_nobody_else(
    who: str, status: int, request: pytest.FixtureRequest, dataset: Dataset, client_of: SignIn,
    program_of: SignIn,
) -> None:  # fmt: skip
    user = request.getfixturevalue(who)
    assert client_of(user).get(ADDRESS).status_code == status
    assert program_of(user).get("/api/v1/datasets/coast/agreement/").status_code == status
    assert client_of(user).get(f"{ADDRESS}compute/").status_code == 405
    asked = client_of(user).post(f"{ADDRESS}compute/").status_code
    assert asked == (302 if status == 200 else status)


def test_before_anything_it_says_what_it_will_show(carol: User, client_of: SignIn) -> None:
    assert "Nobody has decided yet" in client_of(carol).get(ADDRESS).content.decode()


def test_one_reviewer_alone_and_an_arm_without_a_place_are_words(
    dataset: Dataset, make_dialogue: MakeDialogue, alice: User, carol: User, client_of: SignIn
) -> None:
    dataset.arms = {"no-target": 0.2}
    dataset.save()
    dialogue = make_dialogue()
    decide(dialogue, alice, Verdict.REJECT)
    page = client_of(carol).get(ADDRESS).content.decode()
    assert "none of them has two reviewers yet" in page
    assert "cannot be told: there is nothing to compare yet" in page


@pytest.mark.parametrize("name", ["", "together", "together:x", "pair:a:same", "week:2026-11-17",
                                  "week:x", "arm:nope:top", "reviewer:alice", "x:y:z"])  # fmt: skip
def test_a_number_that_is_none_shows_no_dialogue_and_says_so(
    name: str, dialogue: Dialogue, carol: User, client_of: SignIn
) -> None:
    page = client_of(carol).get(LIST, {"agreement": name}).content.decode()
    assert ("There is no such number" in page) == bool(name)


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch, decided: list[Dialogue]) -> list[int]:
    """So many decisions that a worker reckons; the datasets that were sent to it."""
    sent: list[int] = []
    monkeypatch.setattr(stored, "MOST_LIVE", 10)
    monkeypatch.setattr(report_tasks.compute_agreement, "delay_on_commit", sent.append)
    return sent


def test_many_decisions_are_reckoned_by_a_worker_and_shown_with_their_time(
    dataset: Dataset, carol: User, many: list[int], alice: User, client_of: SignIn
) -> None:
    client = client_of(carol)
    assert "Agreement is not reckoned yet" in client.get(ADDRESS).content.decode()
    assert not AgreementReport.objects.exists()
    client.post(f"{ADDRESS}compute/")
    assert many == [dataset.pk]
    assert client.get(f"{ADDRESS}?awaited=report", headers=HTMX).status_code == 204
    report_tasks.compute_agreement(dataset.pk)
    page = client.get(ADDRESS).content.decode()
    assert "just now" in page
    assert "no decision has come in since" in page
    decide(Dialogue.objects.get(external_id="skipped"), carol, Verdict.REJECT)
    assert "1 decision since" in client.get(ADDRESS).content.decode()


def test_what_a_worker_reckoned_is_taken_up_again_once_it_has_aged(
    dataset: Dataset, carol: User, many: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[int]] = []
    monkeypatch.setattr(
        report_tasks.compute_agreement, "apply_async", lambda names, **_: sent.append(names)
    )
    AGREEMENT.ask(dataset=dataset, by=carol)
    report_tasks.compute_agreement(dataset.pk)
    old = timezone.now() - 2 * FRESH
    AgreementReport.objects.update(computed=old)
    Decision.objects.update(created=old - FRESH)
    report_tasks.sweep_reports()
    assert sent == []
    decide(Dialogue.objects.get(external_id="skipped"), carol, Verdict.REJECT)
    report_tasks.sweep_reports()
    assert sent == [(dataset.pk,)]


def test_the_api_gives_the_same_figures(
    dataset: Dataset, bob: User, decided: list[Dialogue], program_of: SignIn
) -> None:
    answer = program_of(bob).get("/api/v1/datasets/coast/agreement/").json()
    report = json.loads(json.dumps(reckon(dataset).as_json()))
    assert (answer["state"], answer["together"]) == ("current", report["together"])
    assert answer["pairs"] == report["pairs"]
    assert [arm["arm"] for arm in answer["arms"]] == ["plain", "blind"]
    assert answer["arms"][1]["sentences"][0].startswith("People accept the panel's top candidate")


def test_the_page_asks_the_same_questions_however_many_dialogues(
    make_dialogue: MakeDialogue, decided: list[Dialogue], alice: User, erin: User, carol: User,
    client_of: SignIn,
) -> None:  # fmt: skip
    client = client_of(carol)
    with CaptureQueriesContext(connection) as few:
        client.get(ADDRESS)
    for number in range(10):
        dialogue = make_dialogue(f"more-{number}")
        decide(dialogue, alice, Verdict.REJECT)
        decide(dialogue, erin, Verdict.EDIT, "x")
    with CaptureQueriesContext(connection) as more:
        client.get(ADDRESS)
    assert len(more) == len(few)


def test_a_number_behind_a_list_shows_as_a_chip_and_never_as_a_field(
    decided: list[Dialogue], carol: User, client_of: Callable[[User], Client]
) -> None:
    address = "/datasets/coast/dialogues/?agreement=together:compared"
    page = client_of(carol).get(address).content.decode()
    assert "two or more reviewers decided" in page
    assert "invalid name" not in page
    assert 'for="id_agreement"' not in page


def test_a_place_that_was_begun_and_sent_back_is_never_one_that_was_not_begun(
    dataset: Dataset, make_dialogue: MakeDialogue, alice: User
) -> None:
    now = timezone.now()
    Assignment.objects.create(
        dialogue=make_dialogue("looked-at"),
        reviewer=alice,
        place=0,
        claimed_at=now,
        state=PlaceState.RETURNED,
        active_at=now,
        sent_back_at=now,
        expires_at=now,
        ended_at=now,
    )
    came = attrition(read(dataset), Arm.PLAIN)
    assert (came.unseen, came.left) == (0, 1)
    assert behind(dataset, "arm:plain:unseen") == 0
    assert behind(dataset, "arm:plain:left") == 1
