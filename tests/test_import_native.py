"""Import of native records: what goes in and how it is kept; a second import writes nothing."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from review.errors import Invalid, Missing, NotAllowed
from review.importing.engine import import_dialogues, title_from
from review.importing.report import Report
from review.models import Candidate, Dataset, Dialogue, Image, Judgement, Stage, User

pytestmark = pytest.mark.django_db

TURNS = [
    {"role": "user", "text": "We walked to the old lighthouse."},
    {"role": "assistant", "text": "This one?", "images": ["pier"]},
    {"role": "user", "text": "Yes, but on a cloudy day.  "},
]


def record(id: str = "d-1", **fields: Any) -> dict[str, Any]:
    return {"id": id, "turns": TURNS, "target_images": ["lighthouse"], **fields}


def write(folder: Path, dialogues: list[Any], images: list[Any] | None = None) -> Path:
    for name, records in [("dialogues", dialogues), ("images", images)]:
        if records is not None:
            lines = [r if isinstance(r, bytes) else orjson.dumps(r) for r in records]
            (folder / f"{name}.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    return folder


IMAGES = [{"id": "pier", "caption": "a pier"}, {"id": "lighthouse"}]


def imported(folder: Path, **options: Any) -> Report:
    return import_dialogues(dataset="coast-2", path=folder, **options)


def test_a_record_is_kept_as_it_came(tmp_path: Path) -> None:
    came = record(metadata={"source": "us", "deep": [{"n": 1.5}]}, mood="fine", split=3)
    report = imported(write(tmp_path, [came], IMAGES))
    assert report.as_json()["dialogues"] == {
        "created": 1,
        "updated": 0,
        "unchanged": 0,
        "rejected": 0,
    }
    dialogue = Dialogue.objects.get()
    assert dialogue.turns == TURNS
    assert dialogue.final_query == "Yes, but on a cloudy day.  "
    assert dialogue.target_images == ["lighthouse"]
    assert dialogue.metadata == {
        "source": "us",
        "deep": [{"n": 1.5}],
        "mood": "fine",
        "split": 3,
    }
    assert dialogue.stage == Stage.IMPORTED


def test_a_field_that_metadata_has_too_is_not_lost(tmp_path: Path) -> None:
    imported(write(tmp_path, [record(metadata={"source": "a"}, source="b")], IMAGES))
    assert Dialogue.objects.get().metadata == {"source": "a", "extra": {"source": "b"}}


def test_a_new_dataset_is_made_with_a_title(tmp_path: Path) -> None:
    imported(write(tmp_path, [], IMAGES))
    assert Dataset.objects.get(slug="coast-2").title == title_from("coast-2") == "Coast 2"


@pytest.mark.parametrize("slug", ["Coast", "a b", "ä", "", "x" * 65, "coast\n", "../up"])
def test_a_name_that_is_no_slug_makes_no_dataset(tmp_path: Path, slug: str) -> None:
    write(tmp_path, [], IMAGES)
    with pytest.raises(Invalid, match="lower-case letters"):
        import_dialogues(dataset=slug, path=tmp_path)
    assert not Dataset.objects.exists()


def test_a_source_that_is_not_there_makes_no_dataset(tmp_path: Path) -> None:
    with pytest.raises(Missing, match="nothing at"):
        imported(tmp_path / "nowhere")
    assert not Dataset.objects.exists()


def test_a_folder_without_our_files_says_what_it_lacks(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"neither dialogues\.jsonl nor images\.jsonl"):
        imported(tmp_path)


def test_candidates_of_an_import_wait_for_review_with_their_authors(tmp_path: Path) -> None:
    candidates = [
        {"text": "the lighthouse on a cloudy day ", "author": "gpt-x"},
        {"text": "the lighthouse on a cloudy day", "author": "gold"},
        {"text": "a cloudy lighthouse", "author": "worker-1"},
    ]
    imported(write(tmp_path, [record(candidates=candidates)], IMAGES))
    assert Dialogue.objects.get().stage == Stage.PROPOSED
    assert [c.authors() for c in Candidate.objects.all()] == [["gpt-x", "gold"], ["worker-1"]]
    assert {c.kind for c in Candidate.objects.all()} == {"imported"}


def test_judgements_of_an_import_score_its_candidates(tmp_path: Path) -> None:
    judgements = [
        {"judge": "critic", "criterion": "clarity", "score": 4, "reason": "plain"},
        {"judge": "critic", "criterion": "correctness", "score": 2},
        {"judge": "mute", "criterion": "clarity", "score": None, "reason": "no reply"},
    ]
    candidate = {"text": "the lighthouse", "author": "x", "judgements": judgements}
    imported(write(tmp_path, [record(candidates=[candidate])], IMAGES))
    dialogue = Dialogue.objects.get()
    # By the shipped rubric correctness weighs twice as much as clarity.
    assert (dialogue.stage, dialogue.panel_score) == (Stage.JUDGED, pytest.approx(8 / 3))
    assert Judgement.objects.get(judge="mute").unscored_reason == "no reply"
    assert all(j.imported for j in Judgement.objects.all())


def test_fields_of_a_candidate_that_we_do_not_know_are_kept(tmp_path: Path) -> None:
    candidates = [{"text": "the lighthouse", "author": "x", "temperature": 0.7}]
    imported(write(tmp_path, [record(candidates=candidates)], IMAGES))
    assert Dialogue.objects.get().metadata["candidates"] == candidates


def test_a_second_import_changes_nothing(tmp_path: Path) -> None:
    write(tmp_path, [record(candidates=[{"text": "t", "author": "a"}])], IMAGES)
    imported(tmp_path)
    before = list(Dialogue.objects.values()), list(Image.objects.values())
    report = imported(tmp_path)
    assert report.dialogues.unchanged == 1
    assert report.images.created == 0
    assert (list(Dialogue.objects.values()), list(Image.objects.values())) == before
    assert Candidate.objects.count() == 1
    assert Dataset.objects.get().corpus_version == 1


def test_the_order_of_fields_is_no_change(tmp_path: Path) -> None:
    imported(write(tmp_path, [record(metadata={"a": 1, "b": 2})], IMAGES))
    turned = dict(reversed(record(metadata={"b": 2, "a": 1}).items()))
    assert imported(write(tmp_path, [turned], IMAGES)).dialogues.unchanged == 1


def test_a_dry_run_finds_the_same_and_writes_nothing(tmp_path: Path) -> None:
    write(tmp_path, [record(), record("d-2", target_images=["nowhere"])], IMAGES)
    report = imported(tmp_path, dry_run=True)
    assert (report.dialogues.created, report.dialogues.rejected) == (1, 1)
    assert report.images.created == 2
    assert not Dataset.objects.exists()
    real = imported(tmp_path)
    assert {**real.as_json(), "seconds": 0} == {**report.as_json(), "seconds": 0}


def test_more_than_one_batch_goes_in(tmp_path: Path) -> None:
    records = [record(f"d-{n}", target_images=[]) for n in range(2500)]
    assert imported(write(tmp_path, records, IMAGES)).dialogues.created == 2500
    assert imported(tmp_path).dialogues.unchanged == 2500


def test_an_import_that_stopped_half_way_goes_on_when_started_again(tmp_path: Path) -> None:
    write(tmp_path, [record(f"d-{n}") for n in range(2500)], IMAGES)

    class Killed(Exception):
        pass

    def stop(report: Report) -> None:
        if report.dialogues.total():
            raise Killed

    with pytest.raises(Killed):
        imported(tmp_path, progress=stop)
    assert Dialogue.objects.count() == 1000
    assert Dataset.objects.get().corpus_version == 0
    report = imported(tmp_path)
    assert (report.dialogues.created, report.dialogues.unchanged) == (2500, 0)
    assert Dataset.objects.get().corpus_version == 1
    assert Image.objects.count() == 2


def test_a_lone_file_of_dialogues_finds_images_of_the_corpus(tmp_path: Path) -> None:
    imported(write(tmp_path, [], IMAGES))
    lone = tmp_path / "more.jsonl"
    lone.write_bytes(orjson.dumps([record("d-9")]))
    assert import_dialogues(dataset="coast-2", path=lone).dialogues.created == 1


def test_the_history_of_imports_is_kept(tmp_path: Path, carol: User, dataset: Dataset) -> None:
    report = import_dialogues(dataset="coast", path=write(tmp_path, [], IMAGES), by=carol)
    entry = dataset.imports.get()
    assert (entry.by, entry.format, entry.report) == (carol, "native", report.as_json())


def test_only_admins_import_into_a_dataset(tmp_path: Path, alice: User) -> None:
    with pytest.raises(NotAllowed):
        import_dialogues(dataset="coast", path=write(tmp_path, [], IMAGES), by=alice)
