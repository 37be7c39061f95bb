"""An import that is killed with -9 goes on, and ends as one that nobody disturbed."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest
from django.core.files.storage import default_storage
from django.db import connection
from PIL import Image as Pillow

from review.errors import Invalid
from review.importing import batches, journal
from review.importing.engine import import_dialogues
from review.importing.report import Report
from review.models import Candidate, Dataset, Dialogue, Image, Import, ImportStatus
from tests.plugins.records import PROJECT
from tests.test_import_native import TURNS, record, write

pytestmark = pytest.mark.django_db(transaction=True)
# A process of its own that says after each batch how far it is, and waits to be told to go on.
KILLED = """
import sys
from pathlib import Path
import django
django.setup()
from review.importing import batches
from review.importing.engine import import_dialogues
batches.MOST_RECORDS = int(sys.argv[3])
def wait(report):
    print(report.bytes_read, flush=True)
    sys.stdin.readline()
import_dialogues(dataset=sys.argv[1], path=Path(sys.argv[2]), progress=wait)
"""


class Stopped(Exception):
    """What a progress bar raises to end an import."""


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "MOST_RECORDS", 7)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """40 dialogues with pictures and candidates; some repeat an id, some break a rule."""
    folder = tmp_path / "set"
    folder.mkdir()
    images = [{"id": f"i-{n}", "file": f"{n}.png", "caption": f"no. {n}"} for n in range(16)]
    for n in range(12):
        Pillow.new("RGB", (8, 8), (n * 20, 0, 0)).save(folder / f"{n}.png")
    return write(folder, [dialogue(n) for n in range(40)], [*images, images[3], {"id": "pier"}])


def dialogue(number: int) -> dict[str, Any]:
    candidates = [{"text": f"rewrite {n} of {number}", "author": f"a-{n}"} for n in range(3)]
    fields: dict[str, Any] = {"target_images": [f"i-{number % 16}"], "candidates": candidates}
    if number % 9 == 5:
        fields["turns"] = []
    # Ids repeat across batches, with other content than the first.
    name = f"d-{number - 20}" if number % 10 == 1 and number > 20 else f"d-{number}"
    return record(name, metadata={"n": number}, **fields)


def state(slug: str) -> dict[str, Any]:
    """All that an import leaves, without keys and times."""
    dataset = Dataset.objects.get(slug=slug)
    dialogues = Dialogue.objects.filter(dataset=dataset).order_by("external_id")
    candidates = Candidate.objects.filter(dialogue__dataset=dataset)
    images = Image.objects.filter(dataset=dataset).order_by("external_id")
    (entry,) = dataset.imports.all()
    return {
        "version": dataset.corpus_version,
        "dialogues": list(
            dialogues.values_list("external_id", "turns", "metadata", "content_hash", "stage")
        ),
        "candidates": sorted(candidates.values_list("text", "author", "dialogue__external_id")),
        "images": list(images.values_list("external_id", "sha256", "refused", "added_version")),
        "report": {**entry.report, "seconds": 0},
        "rejected": default_storage.open(entry.rejected).read(),
        "status": entry.status,
    }


@pytest.fixture
def undisturbed(source: Path) -> dict[str, Any]:
    import_dialogues(dataset="calm", path=source)
    return state("calm")


def killed_after(source: Path, steps: int) -> None:
    """Starts an import as its own process and kills it once it has written so many batches."""
    before, _, _ = os.environ["DATABASE_URL"].rpartition("/")
    url = f"{before}/{connection.settings_dict['NAME']}"
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, "rough", str(source), "7"],
        cwd=PROJECT,
        env={**os.environ, "DATABASE_URL": url},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    for _ in range(steps):
        process.stdout.readline()
        process.stdin.write(b"\n")
        process.stdin.flush()
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdin.close()
    process.stdout.close()


@pytest.mark.parametrize("kills", [[1], [3], [2, 1, 3], [9]])
def test_killed_with_9_and_started_again_it_ends_as_if_undisturbed(
    source: Path, undisturbed: dict[str, Any], kills: list[int]
) -> None:
    for steps in kills:
        killed_after(source, steps)
    import_dialogues(dataset="rough", path=source)
    assert state("rough") == undisturbed


def stopped_after(source: Path, dialogues: int, **options: Any) -> None:
    def stop(report: Report) -> None:
        if report.dialogues.total() >= dialogues:
            raise Stopped

    with pytest.raises(Stopped):
        import_dialogues(dataset="rough", path=source, progress=stop, **options)


@pytest.mark.parametrize("dialogues", [1, 8, 20, 35, 40])
def test_stopped_anywhere_it_ends_the_same(
    source: Path, undisturbed: dict[str, Any], dialogues: int
) -> None:
    stopped_after(source, dialogues)
    assert Import.objects.first().status == ImportStatus.FAILED  # type: ignore[union-attr]
    import_dialogues(dataset="rough", path=source)
    assert state("rough") == undisturbed


def test_a_source_that_changed_meanwhile_is_read_from_its_start(source: Path) -> None:
    stopped_after(source, 20)
    write(source, [record("new", turns=TURNS[:1], target_images=[])])
    report = import_dialogues(dataset="rough", path=source)
    assert report.dialogues.created == 1
    assert Import.objects.count() == 2


def test_another_import_in_between_lets_the_first_begin_anew(source: Path, tmp_path: Path) -> None:
    stopped_after(source, 20)
    other = tmp_path / "other.jsonl"
    other.write_bytes(orjson.dumps(record("d-2", turns=TURNS[:1], target_images=[])))
    import_dialogues(dataset="rough", path=other)
    report = import_dialogues(dataset="rough", path=source)
    assert report.dialogues.unchanged > 0
    assert Dialogue.objects.get(external_id="d-2").turns == TURNS


def test_what_dies_at_the_same_place_again_and_again_is_given_up(source: Path) -> None:
    stopped_after(source, 20)
    entry = Import.objects.get()
    entry.position["attempts"] = journal.MOST_ATTEMPTS
    entry.save()
    with pytest.raises(Invalid, match="was given up"):
        import_dialogues(dataset="rough", path=source)


def test_parts_of_rejected_records_are_gone_in_the_end(source: Path) -> None:
    stopped_after(source, 20)
    import_dialogues(dataset="rough", path=source)
    folder = Import.objects.get().rejected.rpartition("/")[0]
    assert default_storage.listdir(folder)[1] == ["rejected.jsonl"]
    shutil.rmtree(default_storage.path(folder))
