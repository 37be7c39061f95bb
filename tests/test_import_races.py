"""Imports that meet: two of one file, two workers with one import, and a dataset that is busy."""

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from django.db import connection
from django.utils import timezone

from review import uploads
from review.importing import engine, options, working
from review.importing.engine import Busy, import_dialogues
from review.importing.report import Report
from review.models import Candidate, Dataset, Dialogue, Import, ImportStatus, Upload, User
from review.tasks import run_import
from tests.test_import_native import TURNS, record

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "set.jsonl"
    candidates = [{"text": "the one", "author": "a"}]
    records = [
        record(f"d-{n}", turns=TURNS[:1], target_images=[], candidates=candidates)
        for n in range(2500)
    ]
    found.write_bytes(b"\n".join(map(orjson.dumps, records)))
    return found


@pytest.fixture
def upload(path: Path, dataset: Dataset, carol: User) -> Upload:
    content = path.read_bytes()
    upload = uploads.begin(dataset=dataset, name="set.jsonl", size=len(content), by=carol)
    return uploads.append(upload=upload, offset=0, piece=content, by=carol)


def asked(upload: Upload, **kept: Any) -> Import:
    return Import.objects.create(
        dataset=upload.dataset,
        upload=upload,
        by=upload.by,
        source=upload.name,
        format="auto",
        options=options.Options(**kept).as_json(),
    )


def at_once(*work: Callable[[], Any]) -> list[Any]:
    found: list[Any] = []

    def run(one: Callable[[], Any]) -> None:
        try:
            found.append(one())
        except Exception as error:
            found.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(one,)) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_two_imports_of_one_file_at_once_write_it_once(path: Path) -> None:
    def run() -> Report:
        return import_dialogues(dataset="coast-2", path=path)

    reports = at_once(run, run, run)
    assert sorted(report.dialogues.created for report in reports) == [0, 0, 2500]
    assert sorted(report.dialogues.unchanged for report in reports) == [0, 2500, 2500]
    assert (Dialogue.objects.count(), Candidate.objects.count()) == (2500, 2500)


def test_two_workers_with_one_import_do_it_once(upload: Upload) -> None:
    entry = asked(upload)
    at_once(*[lambda: run_import(entry.pk)] * 3)
    entry.refresh_from_db()
    assert entry.status == ImportStatus.DONE
    assert entry.report["dialogues"]["created"] == Dialogue.objects.count() == 2500


def test_an_import_waits_while_another_of_its_dataset_is_at_work(upload: Upload) -> None:
    entry = asked(upload)
    inside, enough = threading.Event(), threading.Event()

    def hold() -> None:
        with engine._alone(upload.dataset, wait=True):
            inside.set()
            enough.wait(10)

    def knock() -> None:
        inside.wait(10)
        try:
            with pytest.raises(Busy):
                working.work_on(entry)
            run_import(entry.pk)
        finally:
            enough.set()

    assert at_once(hold, knock) == [None, None]
    entry.refresh_from_db()
    assert entry.status == ImportStatus.WAITING
    assert working.left_to_workers() == [entry.pk]
    run_import(entry.pk)
    entry.refresh_from_db()
    assert entry.status == ImportStatus.DONE
    assert working.left_to_workers() == []


def test_a_dry_run_of_an_upload_keeps_samples_and_writes_nothing(upload: Upload) -> None:
    entry = asked(upload, dry_run=True)
    run_import(entry.pk)
    entry.refresh_from_db()
    assert entry.status == ImportStatus.DONE
    assert entry.report["dialogues"]["created"] == 2500
    assert [sample["id"] for sample in entry.counts["samples"]] == [f"d-{n}" for n in range(5)]
    assert entry.counts["samples"][0]["candidates"] == [{"text": "the one", "author": "a"}]
    assert not Dialogue.objects.exists()


def test_an_import_whose_worker_died_is_found_and_ended_by_another(upload: Upload) -> None:
    entry = asked(upload)
    long_ago = timezone.now() - 2 * working.SILENT
    Import.objects.filter(pk=entry.pk).update(status=ImportStatus.RUNNING, pulse=long_ago)
    assert working.left_to_workers() == [entry.pk]
    run_import(entry.pk)
    entry.refresh_from_db()
    assert (entry.status, entry.failure) == (ImportStatus.DONE, "")


def test_an_upload_that_is_gone_fails_with_its_reason(upload: Upload) -> None:
    entry = asked(upload)
    Upload.objects.filter(pk=upload.pk).update(file="")
    run_import(entry.pk)
    entry.refresh_from_db()
    assert entry.status == ImportStatus.FAILED
    assert "Upload it again" in entry.failure


def test_what_a_dead_command_left_does_not_run_for_ever(path: Path, dataset: Dataset) -> None:
    silent = timezone.now() - working.SILENT - timedelta(seconds=1)
    fields = {"dataset": dataset, "source": str(path), "format": "native"}
    entry = Import.objects.create(**fields, status=ImportStatus.RUNNING, pulse=silent)
    with engine._alone(dataset, wait=True):
        working.end_abandoned()
        entry.refresh_from_db()
        assert entry.status == ImportStatus.RUNNING
    working.end_abandoned()
    entry.refresh_from_db()
    assert entry.status == ImportStatus.FAILED
    assert "goes on where it stopped" in entry.failure
