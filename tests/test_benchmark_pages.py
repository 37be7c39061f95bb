"""The pages of the benchmark: from a stored report, in words where there is nothing yet."""

import json
import re
from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from generation.benchmark import report as r
from generation.models import (
    BenchmarkReport,
    ItemState,
    Run,
    RunItem,
    RunKind,
    RunStatus,
)
from generation.retrievers import setting_up
from generation.retrievers.setting_up import Wanted
from generation.tasks import drain_run
from review.models import Candidate, Dataset, Dialogue, Image, Stage, User
from tests import benchmark_reports

SignIn = Callable[[User], Client]
MakeDialogue = Callable[..., Dialogue]

ADDRESS = "/datasets/coast/benchmark/"
HTMX = {"HX-Request": "true"}


def finished(dataset: Dataset, report: r.Report) -> Run:
    run = Run.objects.create(
        dataset=dataset,
        kind=RunKind.BENCHMARK,
        status=RunStatus.DONE,
        parameters={"retrievers": [], "metric": report.metric},
    )
    data = json.loads(json.dumps(report.as_json()))
    BenchmarkReport.objects.create(run=run, computed=timezone.now(), seconds=1, data=data)
    return run


@pytest.fixture
def run(dataset: Dataset) -> Run:
    return finished(dataset, benchmark_reports.made())


def read(browser: Client, address: str = ADDRESS, **more: object) -> str:
    response = browser.get(address, **more)  # type: ignore[arg-type]  # what the test gives
    assert response.status_code == 200
    return response.content.decode()


def words(html: str) -> str:
    """What a person reads of it."""
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_before_the_first_run_it_says_what_so_many_dialogues_can_show(
    carol: User, client_of: SignIn
) -> None:
    browser = client_of(carol)
    page = words(read(browser, f"{ADDRESS}?n=1,200"))
    assert "No benchmark yet" in page
    assert "1,200 yours" in page
    assert "is no number of dialogues" in read(browser, f"{ADDRESS}?n=many")


def test_it_shows_the_effect_with_its_interval_first(
    run: Run, bob: User, client_of: SignIn
) -> None:
    page = words(read(client_of(bob)))
    said = "By bm25 the approved rewrite finds it among the first 10 in 64.0% of 986 dialogues"
    assert said in page
    assert "33.0 points more (95% interval 29.5 to 36.6), a significant difference" in page
    assert page.index(said) < page.index("Every form by every retriever")


def test_the_best_and_the_significant_are_marked_with_sign_and_word(
    run: Run, bob: User, client_of: SignIn
) -> None:
    [row] = re.findall(r"<tr>\s*<th[^>]*>Approved rewrite.*?</tr>", scores(bob, client_of), re.S)
    assert words(row).split()[2:7] == ["▲", "significantly", "better", "64.0", "best"]
    assert "chosen with it" in words(row)
    assert words(row).count("chosen with it") == 1
    [bound] = re.findall(
        r"<tr>\s*<th[^>]*>Target.s caption.*?</tr>|<tr>\s*<th[^>]*>Target&#x27;s.*?</tr>",
        scores(bob, client_of),
        re.S,
    )
    assert "best" not in words(bound)


def scores(bob: User, client_of: SignIn, address: str = ADDRESS) -> str:
    page = read(client_of(bob), address)
    return page[page.index('id="scores"') : page.index("Searched with")]


def test_another_metric_and_retriever_are_a_fragment_away(
    run: Run, bob: User, client_of: SignIn
) -> None:
    address = f"{ADDRESS}{run.pk}/?metric=median_rank&retriever=clip&form=history"
    response = client_of(bob).get(address, headers=HTMX)
    assert "HX-Request" in response["Vary"]
    page = response.content.decode()
    assert page.lstrip().startswith('<div id="report"')
    assert "Searched with clip" in page
    assert "Full history against the final query" in words(page)
    assert "3.9" in words(page[page.index('id="scores"') :])
    # What nobody offers is as if nothing had been asked for.
    assert "Searched with bm25" in read(client_of(bob), f"{ADDRESS}?retriever=x&metric=y&form=z")


def test_it_takes_no_more_questions_for_more_dialogues_or_forms(
    dataset: Dataset, bob: User, make_dialogue: MakeDialogue, client_of: SignIn
) -> None:
    found = [make_dialogue(f"d-{number}", stage=Stage.APPROVED) for number in range(6)]
    browser = client_of(bob)
    counts = []
    for number, forms in [(1, benchmark_reports.USUAL), (6, tuple(benchmark_reports.FORMS))]:
        extremes = [extreme(dialogue) for dialogue in found[:number]]
        run = finished(dataset, benchmark_reports.made(forms=forms, extremes=extremes))
        read(browser, f"{ADDRESS}{run.pk}/")
        with CaptureQueriesContext(
            connection,
        ) as asked:
            read(browser, f"{ADDRESS}{run.pk}/")
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 18


def extreme(dialogue: Dialogue) -> r.Extreme:
    return r.Extreme(
        dialogue.pk,
        dialogue.external_id,
        dialogue.final_query,
        "an old lighthouse on a cloudy day",
        dialogue.target_images,
        212,
        1,
        3,
        1,
        0.33,
    )


def test_the_largest_gains_say_where_the_target_was_and_is(
    dataset: Dataset, dialogue: Dialogue, bob: User, client_of: SignIn
) -> None:
    Image.objects.filter(external_id="lighthouse-cloudy").update(added_version=1)
    finished(dataset, benchmark_reports.made(extremes=[extreme(dialogue)]))
    page = read(client_of(bob))
    assert "from 212th to 3rd of 10,000" in page
    assert "an old lighthouse on a breakwater under a cloudy sky" in page
    assert f"/datasets/coast/dialogues/{dialogue.external_id}/" in page


def test_few_clusters_are_warned_of(dataset: Dataset, bob: User, client_of: SignIn) -> None:
    finished(dataset, benchmark_reports.made(clusters=12))
    assert "Fewer than 30 clusters" in read(client_of(bob))


def test_a_run_that_is_going_tells_how_far_it_is_and_once_why_what_failed(
    dataset: Dataset, make_dialogue: MakeDialogue, carol: User, client_of: SignIn
) -> None:
    retrievers = [{"name": name} for name in ("bm25", "server", "my-server")]
    parameters = {"retrievers": retrievers}
    run = Run.objects.create(dataset=dataset, kind=RunKind.BENCHMARK, parameters=parameters)
    states = [ItemState.DONE, ItemState.PENDING, ItemState.FAILED, ItemState.FAILED]
    for number, state in enumerate(states):
        RunItem.objects.create(
            run=run,
            dialogue=make_dialogue(f"d-{number}"),
            state=state,
            failure="my-server: Image “pier” is gone." if state == ItemState.FAILED else "",
        )
    page = read(client_of(carol), f"{ADDRESS}{run.pk}/", headers=HTMX)
    assert "every 2s" in page
    assert "1 of 4 done" in page
    assert page.count("Image “pier” is gone.") == 1
    assert words(page).count("searched for 3 dialogues") == 2
    Run.objects.update(status=RunStatus.DONE)
    assert "Try 2 failed items again" in words(read(client_of(carol), f"{ADDRESS}{run.pk}/"))


def test_a_report_that_is_awaited_is_asked_for_again(
    run: Run, bob: User, client_of: SignIn
) -> None:
    BenchmarkReport.objects.update(asked=timezone.now())
    browser = client_of(bob)
    assert "are being reckoned" in read(browser) or "No worker is running" in read(browser)
    assert browser.get(f"{ADDRESS}{run.pk}/?awaited", headers=HTMX).status_code == 204


def test_reviewers_outsiders_and_other_methods_are_refused(
    run: Run, alice: User, bob: User, dave: User, client_of: SignIn
) -> None:
    assert client_of(alice).get(ADDRESS).status_code == 403
    assert client_of(dave).get(ADDRESS).status_code == 404
    assert client_of(bob).post(ADDRESS).status_code == 405
    assert client_of(bob).get(f"{ADDRESS}new/").status_code == 403
    assert client_of(bob).get(f"{ADDRESS}{run.pk + 1}/").status_code == 404
    other = Run.objects.create(dataset=run.dataset, kind=RunKind.CHECK)
    assert client_of(bob).get(f"{ADDRESS}{other.pk}/").status_code == 404


def test_only_who_may_see_it_has_the_tab(alice: User, bob: User, client_of: SignIn) -> None:
    assert ADDRESS not in read(client_of(alice), "/datasets/coast/")
    assert ADDRESS in read(client_of(bob), "/datasets/coast/")


def test_the_report_that_stands_alone_loads_nothing(
    dataset: Dataset, dialogue: Dialogue, bob: User, client_of: SignIn
) -> None:
    report = benchmark_reports.made(extremes=[extreme(dialogue)])
    run = finished(dataset, report)
    response = client_of(bob).get(f"{ADDRESS}{run.pk}/files/report.html")
    assert "attachment" in response["Content-Disposition"]
    page = response.content.decode()
    assert not re.findall(r"""(?:src|href|action)=["'](?!data:|#)[^"']*|url\(|@import""", page)
    assert "Searched with bm25" in page
    assert "Searched with clip" in page
    assert "an old lighthouse on a breakwater under a cloudy sky" in page


def test_what_deceives_is_counted_and_leads_to_its_dialogues(
    run: Run, bob: User, client_of: SignIn
) -> None:
    page = read(client_of(bob))
    assert "15% of the gain in R@10 is leak" in page
    assert 'href="/datasets/coast/dialogues/?trait=leak">130</a>' in page
    assert "Not looked at yet" in page


@pytest.fixture
def approved(make_dialogue: MakeDialogue) -> Dialogue:
    dialogue = make_dialogue("d-1")
    best = Candidate.objects.filter(dialogue=dialogue).first()
    Dialogue.objects.update(stage=Stage.APPROVED, approved_candidate=best)
    return dialogue


def lines(text: str) -> SimpleUploadedFile:
    return SimpleUploadedFile("My model v2.jsonl", text.encode())


def test_before_it_starts_it_names_the_retrievers_that_cannot_search_now(
    dataset: Dataset, carol: User, client_of: SignIn
) -> None:
    wanted = Wanted({"path": "/models/tiny"})
    setting_up.add_retriever(dataset=dataset, name="meaning", kind="dense", wanted=wanted)
    page = words(read(client_of(carol), f"{ADDRESS}new/"))
    assert "meaning cannot search now" in page
    assert "bm25 cannot search now" not in page


def test_an_admin_starts_one_with_the_output_of_a_model(
    approved: Dialogue, carol: User, client_of: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[int] = []
    monkeypatch.setattr(drain_run, "delay_on_commit", sent.append)
    browser = client_of(carol)
    assert "Approved rewrite" in read(browser, f"{ADDRESS}new/")
    said = {"metric": "MRR", "forms": ["rewrite"], "rewrites": lines('{"id": "d-1", "text": "x"}')}
    response = browser.post(f"{ADDRESS}new/", said)
    run = Run.objects.get()
    assert response["Location"] == f"{ADDRESS}{run.pk}/"
    assert sent == [run.pk]
    assert run.parameters["metric"] == "MRR"
    forms = [form["name"] for form in run.parameters["forms"]]
    assert forms == ["final-query", "my-model-v2", "rewrite"]


def test_a_file_that_is_no_good_is_refused_at_its_field_and_an_estimate_starts_nothing(
    approved: Dialogue, carol: User, client_of: SignIn
) -> None:
    browser = client_of(carol)
    said = {"metric": "R@10", "rewrites": lines('{"id": "d-1"}')}
    response = browser.post(f"{ADDRESS}new/", said)
    assert response.status_code == 422
    assert "My model v2.jsonl: line 1: text is missing" in response.content.decode()
    estimate = browser.post(f"{ADDRESS}new/estimate/", {"metric": "R@10"}, headers=HTMX)
    assert "1 done before" not in estimate.content.decode()
    assert estimate.status_code == 200
    assert not Run.objects.exists()
