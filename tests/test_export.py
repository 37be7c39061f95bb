"""Releases: what is in them, that they never change, and what the command prints."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from review import decisions, undoing
from review.checking import Checked, CheckedForm, Checker, record_checks
from review.curated import Splits
from review.errors import Conflict, Invalid, NotAllowed
from review.exporting import open_release, write_release
from review.models import (
    Assignment,
    CheckOutcome,
    Dataset,
    Decision,
    Dialogue,
    Image,
    Release,
    User,
    Verdict,
)
from review.rulings import Ruling
from tests.conftest import TEXTS, TURNS

pytestmark = pytest.mark.django_db
Make = Callable[..., Dialogue]
Claim = Callable[[User], Assignment]


@pytest.fixture
def approve(claim: Claim, alice: User) -> Callable[..., Decision]:
    """Alice accepts the first candidate of the next dialogue, or writes her own."""

    def approve_next(text: str = "") -> Decision:
        place = claim(alice)
        first = place.dialogue.candidates.first()
        assert first is not None
        verdict = Verdict.EDIT if text else Verdict.ACCEPT
        ruling = Ruling(verdict, candidate_id=first.pk, text=text)
        return decisions.decide(assignment=place, ruling=ruling, by=alice)

    return approve_next


def check(dialogue: Dialogue, outcome: CheckOutcome = CheckOutcome.IMPROVED) -> None:
    dialogue.refresh_from_db()
    rewrite = dialogue.approved_candidate
    assert rewrite is not None
    texts = {"final_query": (dialogue.final_query, 3), "rewrite": (rewrite.text, 1)}
    forms = [CheckedForm(form, text, rank, 1) for form, (text, rank) in texts.items()]
    record_checks([Checked(dialogue, 4, forms, outcome)], by=Checker("bm25", "h", corpus_version=1))


def lines(release: Release) -> list[dict[str, Any]]:
    with open_release(release) as file:
        return [orjson.loads(line) for line in file]


def release_of(dataset: Dataset, **options: Any) -> list[dict[str, Any]]:
    return lines(write_release(dataset=dataset, by=None, **options))


def test_a_line_has_what_came_in_and_what_came_of_it(
    dataset: Dataset, make_dialogue: Make, approve: Callable[..., Decision], alice: User
) -> None:
    dialogue = make_dialogue(metadata={"source": "us", "n": [1.5, None]})
    decision = approve()
    check(dialogue)
    (line,) = release_of(dataset)
    assert {name: line[name] for name in ("id", "turns", "target_images", "metadata")} == {
        "id": "d-1",
        "turns": TURNS,
        "target_images": ["lighthouse-cloudy"],
        "metadata": {"source": "us", "n": [1.5, None]},
    }
    assert line["final_query"] == TURNS[-1]["text"]
    assert (line["rewrite"], line["verdict"]) == (TEXTS[0], "accepted")
    assert [c["text"] for c in line["candidates"]] == TEXTS
    assert [c["chosen"] for c in line["candidates"]] == [True, False, False]
    assert line["candidates"][0]["author"] == "writer"
    assert line["candidates"][0]["judgements"][0] == {
        "judge": "critic",
        "criterion": "correctness",
        "score": 5,
        "reason": "as tests say",
    }
    (said,) = line["decisions"]
    assert (said["verdict"], said["seconds"] >= 0) == ("accept", True)
    assert said["time"] == decision.created.isoformat()
    assert line["retrieval"] == [
        {
            "retriever": "bm25",
            "form": "final_query",
            "corpus_size": 4,
            "rank": 3,
            "tied": 1,
            "cut": False,
            "outcome": None,
        },
        {
            "retriever": "bm25",
            "form": "rewrite",
            "corpus_size": 4,
            "rank": 1,
            "tied": 1,
            "cut": False,
            "outcome": "improved",
        },
    ]
    assert line["split"] in {"train", "validation", "test"}
    assert "alice" not in json.dumps(line)


def test_an_edit_is_chosen_under_the_reviewers_pseudonym(
    dataset: Dataset, make_dialogue: Make, approve: Callable[..., Decision]
) -> None:
    dialogue = make_dialogue()
    approve("the old lighthouse under clouds")
    check(dialogue)
    (line,) = release_of(dataset)
    chosen = next(c for c in line["candidates"] if c["chosen"])
    assert (chosen["text"], line["verdict"]) == ("the old lighthouse under clouds", "edited")
    assert chosen["author"] == line["decisions"][0]["reviewer"]
    assert chosen["author"].startswith("reviewer-")


def test_a_decision_tells_its_arm_what_was_seen_and_what_else_is_right(
    dataset: Dataset, dialogue: Dialogue, claim: Claim, alice: User
) -> None:
    dataset.arms, dataset.hide_authors, dataset.guidelines_version = {"blind": 1.0}, True, 3
    dataset.validators = {"equal": "block"}
    dataset.save()
    place = claim(alice)
    first, second, third = dialogue.candidates.order_by("pk")
    shown = [entry["id"] for entry in place.shown["candidates"]]
    ruling = Ruling(
        Verdict.EDIT,
        text=dialogue.final_query,
        also=(third.pk, first.pk),
        override="It says all that there is to say.",
    )
    decisions.decide(assignment=place, ruling=ruling, by=alice)
    check(dialogue)
    (line,) = release_of(dataset)
    (said,) = line["decisions"]
    assert (said["arm"], said["adjudication"], said["candidate"]) == ("blind", False, 3)
    assert said["also"] == [first.text, third.text]
    assert (said["findings"], said["override"]) == (["equal"], ruling.override)
    assert said["saw"] == {
        "candidates": [[first.pk, second.pk, third.pk].index(pk) for pk in shown],
        "scores": False,
        "authors": False,
        "target": True,
        "retrieval": True,
        "tried": 0,
        "guidelines_version": 3,
        "decisions_needed": 1,
    }
    assert [(r["text"], r["approved"]) for r in line["references"]] == [
        (dialogue.final_query, True),
        (first.text, False),
        (third.text, False),
    ]
    assert all(r["accepted_by"] == [said["reviewer"]] for r in line["references"])


def test_references_are_ordered_by_how_many_found_them_right_and_those_overruled_mark_none(
    dataset: Dataset, dialogue: Dialogue, claim: Claim, alice: User, erin: User, bob: User
) -> None:
    dataset.decisions_needed = 2
    dataset.save()
    first, second, third = dialogue.candidates.order_by("pk")
    ruled = {alice: (first, (second.pk, third.pk)), erin: (second, (third.pk,))}
    for who, (chosen, also) in ruled.items():
        ruling = Ruling(Verdict.ACCEPT, candidate_id=chosen.pk, also=also)
        decisions.decide(assignment=claim(who), ruling=ruling, by=who)
    ruling = Ruling(Verdict.ACCEPT, candidate_id=first.pk)
    dialogue.refresh_from_db()
    decisions.adjudicate(dialogue=dialogue, ruling=ruling, by=bob)
    check(dialogue)
    (line,) = release_of(dataset)
    found = [(r["text"], len(r["accepted_by"])) for r in line["references"]]
    assert found == [(first.text, 2), (second.text, 2), (third.text, 2)]
    ruling_of_bob = line["decisions"][-1]
    assert (ruling_of_bob["adjudication"], ruling_of_bob["arm"]) == (True, None)
    assert len(ruling_of_bob["saw"]["candidates"]) == 3
    assert (ruling_of_bob["saw"]["scores"], ruling_of_bob["saw"]["retrieval"]) == (True, False)


def test_a_release_says_how_far_its_people_agreed_and_were_led_and_names_none(
    dataset: Dataset, make_dialogue: Make, approve: Callable[..., Decision]
) -> None:
    dataset.arms = {"blind": 0.5}
    dataset.save()
    for number in range(6):
        dialogue = make_dialogue(f"d-{number}")
        approve()
        check(dialogue)
    manifest = write_release(dataset=dataset, by=None).manifest
    assert manifest["agreement"]["decisions"] == 6
    assert "no dialogue has decisions" in manifest["agreement"]["alpha"]["words"]
    plain, blind = manifest["arms"]
    assert plain["attrition"]["decided"] + blind["attrition"]["decided"] == 6
    assert blind["sentences"]
    assert "alice" not in json.dumps(manifest)


def test_what_was_taken_back_is_not_in_the_line(
    dataset: Dataset, make_dialogue: Make, approve: Callable[..., Decision], alice: User
) -> None:
    dialogue = make_dialogue()
    undoing.undo(decision=approve(), by=alice)
    approve("the lighthouse on a dull day")
    check(dialogue)
    (line,) = release_of(dataset)
    assert [said["verdict"] for said in line["decisions"]] == ["edit"]


def test_only_approved_and_checked_dialogues_are_released(
    dataset: Dataset, make_dialogue: Make, approve: Callable[..., Decision]
) -> None:
    make_dialogue("checked")
    approve()
    check(Dialogue.objects.get(external_id="checked"))
    make_dialogue("unchecked")
    approve()
    make_dialogue("no-target", target_images=[])
    approve()
    make_dialogue("undecided")
    found = release_of(dataset)
    assert [line["id"] for line in found] == ["checked", "no-target"]
    assert found[1]["retrieval"] == []


def test_what_is_released_stays_as_it_is(
    dataset: Dataset, make_dialogue: Make, approve: Callable[..., Decision], alice: User
) -> None:
    dialogue = make_dialogue()
    decision = approve()
    check(dialogue)
    write_release(dataset=dataset, by=None)
    with pytest.raises(Conflict, match="part of a release"):
        undoing.undo(decision=decision, by=alice)


def test_a_release_that_fails_leaves_decisions_open(
    dataset: Dataset,
    make_dialogue: Make,
    approve: Callable[..., Decision],
    alice: User,
    settings: Any,
    tmp_path: Path,
) -> None:
    dialogue = make_dialogue()
    decision = approve()
    check(dialogue)
    (tmp_path / "media").write_text("a file where the folder of media belongs")
    settings.MEDIA_ROOT = tmp_path / "media"
    with pytest.raises(OSError, match="media"):
        write_release(dataset=dataset, by=None)
    assert not Release.objects.exists()
    undoing.undo(decision=decision, by=alice)


def test_releases_are_numbered_and_keep_their_checksum(
    dataset: Dataset, make_dialogue: Make, approve: Callable[..., Decision], carol: User
) -> None:
    check_me = make_dialogue()
    approve()
    check(check_me)
    first = write_release(dataset=dataset, by=carol)
    second = write_release(dataset=dataset, by=carol)
    assert (first.number, second.number, second.by) == (1, 2, carol)
    assert first.sha256 == second.sha256
    with open_release(first) as file:
        assert hashlib.sha256(file.read()).hexdigest() == first.sha256


@pytest.mark.parametrize("who", ["alice", "bob", "dave"])
def test_only_admins_make_releases(
    dataset: Dataset, request: pytest.FixtureRequest, who: str
) -> None:
    with pytest.raises(NotAllowed):
        write_release(dataset=dataset, by=request.getfixturevalue(who))


def test_a_file_that_is_there_is_never_overwritten(dataset: Dataset, tmp_path: Path) -> None:
    out = tmp_path / "mine.jsonl"
    out.write_text("precious")
    with pytest.raises(Conflict, match="is there already"):
        write_release(dataset=dataset, by=None, out=out)
    assert out.read_text() == "precious"
    assert not Release.objects.exists()


def test_a_place_that_is_not_there_is_named(dataset: Dataset, tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="no folder"):
        write_release(dataset=dataset, by=None, out=tmp_path / "no" / "out.jsonl")


def test_the_same_file_is_written_out_and_nothing_beside_it(
    dataset: Dataset, make_dialogue: Make, approve: Callable[..., Decision], tmp_path: Path
) -> None:
    dialogue = make_dialogue()
    approve()
    check(dialogue)
    release = write_release(dataset=dataset, by=None, out=tmp_path)
    (out,) = tmp_path.iterdir()
    assert out.name == "coast-1.jsonl"
    assert hashlib.sha256(out.read_bytes()).hexdigest() == release.sha256


def test_the_number_of_queries_does_not_grow(
    dataset: Dataset, make_dialogue: Make, approve: Callable[..., Decision]
) -> None:
    counts = []
    for external_id in ["d-1", "d-2", "d-3"]:
        dialogue = make_dialogue(external_id)
        approve()
        check(dialogue)
        with CaptureQueriesContext(connection) as queries:
            write_release(dataset=dataset, by=None)
        counts.append(len(queries))
    assert len(set(counts)) == 1


def test_dialogues_that_share_a_target_share_their_split(dataset: Dataset) -> None:
    def made(name: str, targets: list[str]) -> Dialogue:
        return Dialogue.objects.create(
            dataset=dataset,
            external_id=name,
            turns=TURNS,
            final_query="q",
            target_images=targets,
            content_hash=name,
        )

    for n in range(60):
        made(f"a-{n}", [f"i-{n}", f"j-{n}"])
        made(f"b-{n}", [f"j-{n}", f"k-{n}"])
        made(f"c-{n}", [f"k-{n}"])
    splits = Splits(dataset)
    by_name = {d.external_id: splits.of(d) for d in Dialogue.objects.all()}
    for n in range(60):
        assert by_name[f"a-{n}"] == by_name[f"b-{n}"] == by_name[f"c-{n}"]
    assert {Splits(dataset).of(d) for d in Dialogue.objects.all()} == {
        "train",
        "validation",
        "test",
    }


def test_splits_are_about_80_10_10(dataset: Dataset) -> None:
    splits = Splits(dataset)
    found = [splits.of(Dialogue(external_id=f"d-{n}", target_images=[])) for n in range(5000)]
    shares = {name: found.count(name) / 5000 for name in ("train", "validation", "test")}
    assert shares["train"] == pytest.approx(0.8, abs=0.03)
    assert shares["validation"] == pytest.approx(0.1, abs=0.02)


def test_the_command_prints_what_it_made_and_how_many_wait(
    dataset: Dataset,
    make_dialogue: Make,
    approve: Callable[..., Decision],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    check_me = make_dialogue("checked")
    approve()
    check(check_me)
    make_dialogue("waiting")
    approve()
    out = tmp_path / "out.jsonl"
    call_command("export_dataset", "coast", str(out), "--json")
    printed = capsys.readouterr()
    outcome = json.loads(printed.out.splitlines()[-1])
    digest = hashlib.sha256(out.read_bytes()).hexdigest()
    assert outcome == {"release": 1, "path": str(out), "dialogues": 1, "sha256": digest}
    assert "1 approved" in printed.err
    assert Image.objects.count() == 4


def test_the_command_ends_with_2_for_an_unknown_dataset(dataset: Dataset, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="There are: coast") as ended:
        call_command("export_dataset", "nope", str(tmp_path))
    assert ended.value.returncode == 2


def test_nothing_is_no_release(dataset: Dataset, carol: User, tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="nothing to release yet"):
        write_release(dataset=dataset, by=carol, out=tmp_path / "coast.jsonl")
    assert not dataset.releases.exists()
    assert list(tmp_path.iterdir()) == []
