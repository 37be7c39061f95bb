"""What a release tells of waves, certificates and what they rest on."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from django.utils import timezone

from review import cards, decisions
from review.calibration.draws import Moments
from review.calibration.sampling.frames import Frame, Part
from review.exporting import described, open_release, write_release
from review.importing.engine import import_dialogues
from review.models import (
    Assignment,
    Certificate,
    Certified,
    Dataset,
    Dialogue,
    Drawn,
    Release,
    Stage,
    User,
    Verdict,
    Wave,
)
from review.rulings import Ruling

pytestmark = pytest.mark.django_db
Make = Callable[..., Dialogue]
Claim = Callable[[User], Assignment]
CONDITIONS = {"judges": [], "rubric": {"hash": "", "marks": {}}, "rewriters": []}


@pytest.fixture
def wave(dataset: Dataset) -> Wave:
    return Wave.objects.create(
        dataset=dataset,
        number=3,
        kind="informative",
        size=2,
        even_share=0.5,
        seed="s",
        conditions=CONDITIONS,
    )


@pytest.fixture
def certificate(dataset: Dataset) -> Certificate:
    return Certificate.objects.create(
        dataset=dataset,
        number=1,
        share=0.05,
        confidence=0.95,
        grid=[4.5],
        threshold=4.5,
        conditions=CONDITIONS,
        steps=[],
    )


def drawn(dialogue: Dialogue, wave: Wave) -> Drawn:
    first = dialogue.candidates.earliest("pk")
    return Drawn.objects.create(
        wave=wave, dialogue=dialogue, candidate=first, probability=0.25, place=0, round=0, score=5
    )


def certified(dialogue: Dialogue, certificate: Certificate, used_as: str) -> Certified:
    first = dialogue.candidates.earliest("pk")
    return Certified.objects.create(
        certificate=certificate,
        dialogue=dialogue,
        candidate=first,
        round=0,
        score=5,
        used_as=used_as,
    )


def approved_by(dialogue: Dialogue, certificate: Certificate) -> None:
    row = certified(dialogue, certificate, "accepted")
    Dialogue.objects.filter(pk=dialogue.pk).update(
        stage=Stage.APPROVED,
        approved_candidate=row.candidate,
        approval="certified",
        checked_at="2026-01-01T00:00Z",
    )


def lines(release: Release) -> list[dict[str, Any]]:
    with open_release(release) as file:
        return [orjson.loads(line) for line in file]


def test_a_line_says_how_its_dialogue_was_drawn_and_which_decision_counts_for_it(
    dialogue: Dialogue, wave: Wave, claim: Claim, alice: User
) -> None:
    drawn(dialogue, wave)
    place = claim(alice)
    Assignment.objects.update(drawn=True)
    place.refresh_from_db()
    ruling = Ruling(Verdict.ACCEPT, candidate_id=dialogue.candidates.earliest("pk").pk)
    decisions.decide(assignment=place, ruling=ruling, by=alice)
    Dialogue.objects.update(checked_at="2026-01-01T00:00Z")
    (line,) = lines(write_release(dataset=dialogue.dataset, by=None))
    assert line["waves"] == [
        {"wave": 3, "kind": "informative", "probability": 0.25, "score": 5.0, "candidate": 0}
    ]
    assert line["certificate"] is None
    assert [said["drawn"] for said in line["decisions"]] == [True]


def test_a_line_that_a_certificate_approved_says_so_and_names_no_person(
    dialogue: Dialogue, certificate: Certificate
) -> None:
    approved_by(dialogue, certificate)
    (line,) = lines(write_release(dataset=dialogue.dataset, by=None))
    assert (line["verdict"], line["waves"], line["decisions"]) == ("certified", [], [])
    assert line["references"][0]["accepted_by"] == []
    assert line["certificate"] == {
        "number": 1,
        "used": "accepted",
        "score": 5.0,
        "candidate": 0,
        "share": 0.05,
        "confidence": 0.95,
        "good": None,
        "put_back": False,
        "ended": None,
    }


def test_what_a_certificate_approved_is_open_for_review_in_another_dataset(
    dialogue: Dialogue, certificate: Certificate, wave: Wave, tmp_path: Path
) -> None:
    drawn(dialogue, wave)
    approved_by(dialogue, certificate)
    release = write_release(dataset=dialogue.dataset, by=None, out=tmp_path)
    (line,) = lines(release)
    report = import_dialogues(dataset="again", path=tmp_path)
    assert (report.dialogues.created, report.errors) == (1, [])
    back = Dialogue.objects.get(dataset__slug="again")
    assert (back.stage, back.approval, back.approved_candidate) == (Stage.JUDGED, "", None)
    assert back.candidates.filter(text=line["rewrite"]).exists()
    note = back.metadata["curated"]
    assert (note["verdict"], note["waves"]) == ("certified", line["waves"])
    assert note["certificate"] == line["certificate"]
    assert not back.certified.exists()


def test_the_manifest_counts_waves_and_what_certificates_approved_and_names_what_was_revoked(
    dialogue: Dialogue, make_dialogue: Make, certificate: Certificate, wave: Wave, carol: User
) -> None:
    drawn(make_dialogue("drawn"), wave)
    of = Part(Moments(8, 4.0, 2.5), 8)
    frame = Frame(of, {}, {}, [], {}, drawn=1, expected=2.0, lowest=0.25, highest=0.25)
    Wave.objects.update(drawn_at=timezone.now(), frame=frame.as_json())
    approved_by(dialogue, certificate)
    looked_at = certified(make_dialogue("audited"), certificate, "audit")
    Certified.objects.filter(pk=looked_at.pk).update(good=False, good_since=timezone.now())
    certified(make_dialogue("waiting"), certificate, "audit")
    # New rewrites ended it, since their rewriter is none of its own.
    Certificate.objects.update(ended_at=None, end="", end_note="")
    note = "Of the last 5 that people looked at, 3 were bad."
    Certificate.objects.end("revoked", note)
    manifest = write_release(dataset=dialogue.dataset, by=None).manifest["calibration"]
    (told,) = manifest["waves"]
    assert (told["number"], told["kind"], told["size"], told["seed"]) == (3, "informative", 2, "s")
    assert (told["drawn"], told["decided"], told["missing"]) == (1, 0, 1)
    assert (told["lowest_probability"], told["highest_probability"]) == (0.25, 0.25)
    (told,) = manifest["certificates"]
    assert (told["accepted"], told["in_release"]) == (1, 1)
    assert (told["to_audit"], told["audited"], told["bad"]) == (2, 1, 1)
    assert (told["end"], told["end_note"]) == ("revoked", note)
    assert "it had approved before; no person has looked at them" in told["sentences"][-1]
    assert manifest["from_waves"]["words"]
    Certificate.objects.update(ended_at=None, end="", end_note="")
    Certificate.objects.end("withdrawn", "Withdrawn by carol.", carol)
    again = write_release(dataset=dialogue.dataset, by=None)
    assert "carol" not in cards.card(described(again))
    assert "carol" not in json.dumps(again.manifest)
