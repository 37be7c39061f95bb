"""Benchmarks by the API: started, followed and read by a program."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from generation.benchmark_files.tasks import write_benchmark_archive
from generation.models import BenchmarkReport, Run
from generation.tasks import drain_run
from review.models import Candidate, Dataset, Dialogue, Stage, User
from tests import benchmark_reports

Program = Callable[[User], Client]
MakeDialogue = Callable[..., Dialogue]
ADDRESS = "/api/v1/datasets/coast/benchmarks/"


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The runs that were sent to a worker, to be done or to be written."""
    found: list[int] = []
    for task in (drain_run, write_benchmark_archive):
        monkeypatch.setattr(task, "delay_on_commit", found.append)
    return found


@pytest.fixture
def approved(make_dialogue: MakeDialogue) -> Dialogue:
    dialogue = make_dialogue("d-1")
    best = Candidate.objects.filter(dialogue=dialogue).first()
    Dialogue.objects.update(stage=Stage.APPROVED, approved_candidate=best)
    return dialogue


def post(program: Client, address: str = ADDRESS, **sent: Any) -> Any:
    return program.post(address, sent, content_type="application/json")


def test_one_is_started_with_the_output_of_a_model_from_outside(
    approved: Dialogue, carol: User, program_of: Program, sent: list[int]
) -> None:
    # More than any other request may hold.
    elsewhere = [{"id": f"elsewhere-{n}", "text": "a cat " * 20} for n in range(2000)]
    rows = [{"id": "d-1", "text": "a lighthouse"}, *elsewhere]
    answer = post(program_of(carol), forms=["history"], rewrites={"mine": rows})
    assert answer.status_code == 201
    begun = answer.json()
    assert sent == [begun["id"]]
    assert (begun["planned"], begun["reckoned"]) == (1, None)
    forms = {form["name"]: form["unknown"] for form in begun["parameters"]["forms"]}
    assert forms == {"final-query": 0, "history": 0, "mine": 2000}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"retrievers": ["none-such"]}, "There is no retriever “none-such”"),
        ({"forms": ["none-such"]}, "There is no form “none-such”"),
        ({"metric": "median_rank"}, "median_rank"),
        ({"rewrites": {"mine": [{"id": "d-1"}]}}, "mine: line 1: text is missing"),
        ({"rewrites": {"Not plain": [{"id": "d-1", "text": "x"}]}}, "cannot name a form"),
        ({"rewrites": {"\0" * 300: [{"id": "d-1", "text": "x"}]}}, "cannot name a form"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_starts(
    approved: Dialogue, carol: User, program_of: Program, wrong: dict[str, Any], words: str
) -> None:
    answer = post(program_of(carol), **wrong)
    assert answer.status_code == 400
    assert words in answer.content.decode()
    assert not Run.objects.exists()


@pytest.fixture
def run(dataset: Dataset) -> Run:
    made = Run.objects.create(dataset=dataset, kind="benchmark", status="done")
    data = json.loads(json.dumps(benchmark_reports.made().as_json()))
    BenchmarkReport.objects.create(run=made, computed=timezone.now(), data=data)
    return made


def test_the_report_and_its_files_are_read(run: Run, bob: User, program_of: Program) -> None:
    program = program_of(bob)
    [row] = program.get(ADDRESS).json()["results"]
    assert row["id"] == run.pk
    assert row["reckoned"]
    assert "report" not in row
    found = program.get(f"{ADDRESS}{run.pk}/").json()["report"]
    assert found["scores"]["bm25"]["rewrite"]["R@10"] == pytest.approx(0.64)
    csv = program.get(f"{ADDRESS}{run.pk}/files/scores.csv")
    assert csv["Content-Type"].startswith("text/csv")
    assert csv.content.decode().startswith("retriever,form,n,unranked,R@1")
    assert program.get(f"{ADDRESS}{run.pk}/files/other.txt").status_code == 404
    assert program.get(f"{ADDRESS}{run.pk}/files/files.zip").status_code == 404


def test_files_are_written_once_the_run_is_done(
    run: Run, bob: User, program_of: Program, sent: list[int]
) -> None:
    address = f"{ADDRESS}{run.pk}/write/"
    assert post(program_of(bob), address).status_code == 202
    assert sent == [run.pk]
    Run.objects.update(status="paused")
    assert post(program_of(bob), address).status_code == 409


def test_reviewers_and_outsiders_are_refused(
    run: Run, alice: User, bob: User, dave: User, program_of: Program
) -> None:
    assert program_of(alice).get(ADDRESS).status_code == 403
    assert program_of(alice).get(f"{ADDRESS}{run.pk}/files/report.html").status_code == 403
    assert program_of(dave).get(f"{ADDRESS}{run.pk}/").status_code == 404
    assert post(program_of(bob)).status_code == 403
