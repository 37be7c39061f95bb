"""The card of a release: made of its manifest alone, in Markdown that holds whatever names come."""

from collections.abc import Callable
from typing import Any

import pytest
import yaml
from django.test import Client

from review import cards, decisions, intake
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
