"""The card of a release: made of its manifest alone, in Markdown that holds whatever names come."""

from collections.abc import Callable
from typing import Any

import pytest
import yaml
from django.test import Client

from review import cards, decisions, intake
from review.agreement.estimates import Estimate, undefined
from review.calibration.estimating.reckoning import summary
from review.calibration.report import Alternative, Basis, Line, PassRate, Report
from review.exporting import described, write_release
from review.markdown import rendered
from review.models import Assignment, CandidateKind, Dataset, Dialogue, Release, User, Verdict
from review.rulings import Ruling

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
ADDRESS = "/datasets/coast/releases/1/card/"
HOSTILE = "a|b\n# <b>c</b> [d](http://e) `f`"


@pytest.fixture
def release(dialogue: Dialogue, alice: User, claim: Callable[[User], Assignment]) -> Release:
    """One dialogue, for which Alice accepted what a model of a hostile name wrote."""
    intake.add_candidates(
        dialogue_id=dialogue.pk,
        texts=["the lighthouse, overcast"],
        by=intake.Provenance(author="w", kind=CandidateKind.MODEL, model=HOSTILE, prompt_hash="p"),
        round=0,
    )
    Dialogue.objects.update(language="de")
    last = dialogue.candidates.latest("pk")
    ruling = Ruling(Verdict.ACCEPT, candidate_id=last.pk)
    decisions.decide(assignment=claim(alice), ruling=ruling, by=alice)
    Dialogue.objects.update(checked_at="2026-01-01T00:00Z")
    return write_release(dataset=dialogue.dataset, by=None)


def told(manifest: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """What the Hub reads of a card, and its text."""
    _, head, text = cards.card(manifest).split("---\n", 2)
    return yaml.safe_load(head), text


def test_the_hub_reads_its_name_languages_size_and_file(release: Release) -> None:
    head, _ = told(described(release))
    assert (head["pretty_name"], head["language"]) == ("Coast", ["de"])
    assert (head["size_categories"], head["license"]) == (["n<1K"], "unknown")
    assert head["configs"] == [{"config_name": "default", "data_files": "coast-1.jsonl"}]


def test_models_judges_and_people_are_told_and_no_person_named(release: Release) -> None:
    _, text = told(described(release))
    assert "| writer | none named | `p` | 3 | 0 |" in text
    assert "| critic | none named | `j` | 15 | 0 |" in text
    assert "1 reviewer and 0 adjudicators made 1 decision" in text
    assert "One reviewer decided everything" in text
    assert "alice" not in text
    assert "nan" not in text.lower().split()


def test_a_name_stays_within_its_cell(release: Release) -> None:
    _, text = told(described(release))
    html = rendered(text)
    assert "<td>a|b # &lt;b&gt;c&lt;/b&gt; [d](http://e) `f`</td>" in html
    assert "<td></td>" not in html


def test_a_release_of_before_says_what_was_not_kept(dataset: Dataset) -> None:
    old = Release.objects.create(dataset=dataset, number=1, dialogues=2_000, sha256="0" * 64)
    head, text = told(described(old))
    assert (head["size_categories"], "language" in head) == (["1K<n<10K"], False)
    assert text.count("Not kept") >= 3


def test_a_member_reads_the_card_on_its_page_and_takes_it_as_a_file(
    release: Release, alice: User, dave: User, client_of: SignIn
) -> None:
    page = client_of(alice).get(ADDRESS).content.decode()
    assert "<h2>Known limits</h2>" in page
    assert "pretty_name" not in page
    file = client_of(alice).get(f"{ADDRESS}README.md")
    assert file["Content-Type"] == "text/markdown; charset=utf-8"
    assert 'filename="README.md"' in file["Content-Disposition"]
    assert file.content.decode() == cards.card(described(release))
    assert ADDRESS in client_of(alice).get("/datasets/coast/releases/").content.decode()
    assert client_of(dave).get(ADDRESS).status_code == 404
    assert client_of(dave).get(f"{ADDRESS}README.md").status_code == 404
    assert client_of(alice).get("/datasets/coast/releases/9/card/").status_code == 404


def test_a_program_finds_releases_their_manifests_and_cards(
    release: Release, alice: User, dave: User, program_of: SignIn
) -> None:
    program, address = program_of(alice), "/api/v1/datasets/coast/releases/"
    (entry,) = program.get(address).json()
    assert (entry["release"], entry["dialogues"], entry["sha256"]) == (1, 1, release.sha256)
    assert program.get(f"{address}1/").json() == described(release)
    assert program.get(f"{address}1/card/").content.decode() == cards.card(described(release))
    assert program_of(dave).get(address).status_code == 404
    assert program.get(f"{address}2/").status_code == 404


def rate(value: float, n: int) -> PassRate:
    figure = Estimate(value, value - 0.05, value + 0.05, n, n)
    return PassRate(figure, figure, figure, 0.8, 0.6, 529.0, 12, (0.7, 0.95))


def basis(overall: Line | None) -> Basis:
    lines = [overall] if overall else []
    return Basis(
        of="dialogues that waited",
        words="" if overall else "Nothing is drawn yet: draw a wave.",
        left_out=["3 decisions do not count: the reviewer saw the scores."],
        overall=overall,
        criteria=[],
        slices={"language": lines},
        scores=[],
        weeks=[],
        drift="No drift is to be seen.",
        alternative=Alternative(0.15, [], None, None, None, "2 of the 3 reviewers that it takes"),
    )


def test_figures_stand_with_their_intervals_and_words_where_there_is_none(release: Release) -> None:
    auc, kappa = Estimate(0.71, 0.65, 0.77, 200, 200), undefined("every word is the same")
    line = Line("de", 7_000, rate(0.861, 200), auc, kappa)
    found = summary(Report({}, [], basis(line), basis(None)))
    wave = {
        **{"number": 1, "kind": "uniform", "narrowed": {"language": "de"}, "drawn": 212},
        **{"drawn_from": 7_000, "lowest_probability": 0.03, "highest_probability": 0.03},
        **{"decided": 200, "skipped": 4, "missing": 12, "used": True, "words": ""},
    }
    step = {"score": 4.5, "n": 93, "bad": 1, "bound": 0.0496, "passed": True}
    certificate = {"sentences": ["It certifies."], "steps": [step], "confidence": 0.95}
    calibration = {**found, "waves": [wave], "certificates": [certificate]}
    _, text = told({**described(release), "calibration": calibration})
    assert "| People and judges together | 86.1% (81.1 to 91.1) |" in text
    assert "not defined: every word is the same" in text
    assert "200 decisions count as 529 (lambda 0.80, correlation 0.60)" in text
    assert "12 dialogues drawn and not decided" in text
    assert "the interval would reach 70.0 to 95.0%" in text
    assert "No estimate: Nothing is drawn yet: draw a wave." in text
    assert "| 1 | uniform, German alone | 212 of 7,000 | 0.0300 | 200 | 4 | 12 | yes |" in text
    assert "| 4.5 | 93 | 1 | 4.96% | yes |" in text
    assert "|  |" not in text
