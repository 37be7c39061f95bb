"""Curated JSONL: what a release holds comes back, with authors, judgements and verdicts."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from review import decisions
from review.exporting import write_release
from review.importing.engine import import_dialogues
from review.importing.report import Report
from review.models import Assignment, Candidate, Dataset, Dialogue, Image, Stage, User, Verdict
from review.rulings import Ruling

pytestmark = pytest.mark.django_db
Claim = Callable[[User], Assignment]
EDITED = "the old lighthouse under clouds"
TURNS = [
    {"role": "assistant", "text": "This one?", "images": ["pier"]},
    {"role": "user", "text": "on a cloudy day"},
]


@pytest.fixture
def release(
    dialogue: Dialogue, dataset: Dataset, alice: User, claim: Claim, tmp_path: Path
) -> Path:
    """A release with one dialogue, whose rewrite Alice edited."""
    ruling = Ruling(Verdict.EDIT, text=EDITED)
    decisions.decide(assignment=claim(alice), ruling=ruling, by=alice)
    Dialogue.objects.update(checked_at="2026-01-01T00:00Z")
    folder = tmp_path / "release"
    folder.mkdir()
    write_release(dataset=dataset, by=None, out=folder / "coast-1.jsonl")
    return folder / "coast-1.jsonl"


def line(**fields: Any) -> dict[str, Any]:
    return {
        "id": "d-1",
        "turns": TURNS,
        "target_images": ["lighthouse"],
        "metadata": {"source": "diary"},
        "final_query": "on a cloudy day",
        "rewrite": "the lighthouse on a cloudy day",
        "verdict": "accepted",
        "candidates": [
            {"text": "a lighthouse", "author": "gpt-x", "judgements": [], "chosen": False},
            {
                "text": "the lighthouse on a cloudy day",
                "author": "reviewer-5d1c",
                "judgements": [
                    {"judge": "critic", "criterion": "clarity", "score": 4, "reason": "plain"},
                    {"judge": "mute", "criterion": "clarity", "score": None, "reason": "busy"},
                ],
                "chosen": True,
            },
        ],
        "decisions": [{"reviewer": "reviewer-5d1c", "verdict": "edit", "seconds": 3.5}],
        "retrieval": [{"retriever": "bm25", "form": "rewrite", "rank": 1}],
        "split": "train",
        **fields,
    }


def imported(path: Path, **options: Any) -> Report:
    return import_dialogues(dataset="again", path=path, format="curated", **options)


def written(folder: Path, *lines: Any) -> Path:
    path = folder / "lines.jsonl"
    path.write_bytes(b"\n".join(map(orjson.dumps, lines)))
    return path


def test_a_release_comes_back_into_another_dataset(release: Path) -> None:
    before = Dialogue.objects.get()
    report = import_dialogues(dataset="again", path=release)
    assert (report.dialogues.created, report.errors) == (1, [])
    back = Dialogue.objects.get(dataset__slug="again")
    assert (back.external_id, back.turns) == (before.external_id, before.turns)
    assert back.target_images == before.target_images
    assert back.metadata["curated"]["verdict"] == "edited"
    assert back.candidates.count() == before.candidates.count() == 4


def test_a_persons_rewrite_comes_back_under_the_pseudonym(release: Path) -> None:
    imported(release)
    line = orjson.loads(release.read_bytes())
    rewrite = Candidate.objects.get(dialogue__dataset__slug="again", text=EDITED)
    assert rewrite.author == line["decisions"][0]["reviewer"]
    assert rewrite.author.startswith("reviewer-")
    assert (rewrite.kind, rewrite.reviewer) == ("imported", None)


def test_judgements_come_back(release: Path) -> None:
    imported(release)
    _, back = Dialogue.objects.order_by("pk")
    assert back.stage == Stage.JUDGED
    assert [c.panel_score for c in back.candidates.all()][:3] == [5.0, 4.0, 3.0]


def test_a_release_into_its_own_dataset_leaves_what_was_decided(release: Path) -> None:
    report = import_dialogues(dataset="coast", path=release)
    assert report.dialogues.rejected == 1
    assert Dialogue.objects.get().approved_candidate.text == EDITED  # type: ignore[union-attr]


def test_images_of_a_line_are_declared_with_it(tmp_path: Path) -> None:
    report = imported(written(tmp_path, line(), line(id="d-2", target_images=["pier"])))
    assert report.images.created == 2
    assert set(Image.objects.values_list("external_id", flat=True)) == {"pier", "lighthouse"}


def test_images_described_beside_it_keep_their_captions(tmp_path: Path) -> None:
    written(tmp_path, line())
    (tmp_path / "images.jsonl").write_bytes(b'{"id": "pier", "caption": "a wooden pier"}')
    report = imported(tmp_path)
    assert (report.images.created, report.errors) == (2, [])
    assert Image.objects.get(external_id="pier").caption == "a wooden pier"


def test_what_was_decided_is_noted_beside_the_metadata(tmp_path: Path) -> None:
    imported(written(tmp_path, line(wave=2)))
    assert Dialogue.objects.get().metadata == {
        "source": "diary",
        "wave": 2,
        "curated": {
            "final_query": "on a cloudy day",
            "rewrite": "the lighthouse on a cloudy day",
            "verdict": "accepted",
            "decisions": [{"reviewer": "reviewer-5d1c", "verdict": "edit", "seconds": 3.5}],
            "retrieval": [{"retriever": "bm25", "form": "rewrite", "rank": 1}],
            "split": "train",
        },
    }


def test_a_note_of_an_earlier_release_is_kept(tmp_path: Path) -> None:
    imported(written(tmp_path, line(metadata={"curated": {"verdict": "edited"}})))
    note = Dialogue.objects.get().metadata["curated"]
    assert (note["verdict"], note["before"]) == ("accepted", {"verdict": "edited"})


def test_an_unscored_judgement_keeps_its_reason(tmp_path: Path) -> None:
    imported(written(tmp_path, line()))
    mute = Candidate.objects.get(author="reviewer-5d1c").judgements.get(judge="mute")
    assert (mute.score, mute.unscored_reason) == (None, "busy")


@pytest.mark.parametrize(
    ("decided", "author"),
    [
        ([{"reviewer": "reviewer-5d1c", "verdict": "edit"}], "reviewer-5d1c"),
        ([{"reviewer": "reviewer-5d1c", "verdict": "accept"}], "unknown"),
        (None, "unknown"),
    ],
)
def test_a_rewrite_that_is_no_candidate_becomes_one(
    tmp_path: Path, decided: Any, author: str
) -> None:
    imported(written(tmp_path, line(candidates=[], decisions=decided)))
    candidate = Candidate.objects.get()
    assert (candidate.text, candidate.author) == ("the lighthouse on a cloudy day", author)


def test_a_second_import_changes_nothing(release: Path) -> None:
    imported(release)
    assert imported(release).dialogues.unchanged == 1


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"rewrite": 5}, "rewrite"),
        ({"candidates": "many"}, "candidates"),
        ({"candidates": [5]}, "candidates[0]"),
        ({"metadata": []}, "metadata"),
        ({"turns": "hi"}, "turns"),
        ({"turns": [5]}, "turns[0]"),
        ({"target_images": [5]}, "target_images[0]"),
        ({"target_images": ["a\u0007"]}, "target_images[0]"),
        ({"turns": [{"role": "user", "text": "a", "images": ["b\u0007"]}]}, "turns[0].images[0]"),
    ],
)
def test_a_bad_line_is_rejected_by_its_field(
    tmp_path: Path, fields: dict[str, Any], field: str
) -> None:
    report = imported(written(tmp_path, line(**fields), line(id="d-2")))
    (error,) = report.errors
    assert (error["line"], error["field"]) == (1, field)
    assert Dialogue.objects.get().external_id == "d-2"
