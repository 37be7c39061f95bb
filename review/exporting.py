"""Releases: the approved and checked dialogues of a dataset as curated JSONL, numbered, for good.

What a release holds is frozen first (from then on nobody takes a decision back), then written as a
stream, then entered with its checksum. Memory does not grow with the dataset.
"""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import orjson
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.db.models import Max, Q

from review import rubrics
from review.agreement.report import reckon, summary
from review.calibration.released import calibration_of
from review.curated import Curator
from review.errors import Conflict, Invalid
from review.models import Dataset, Dialogue, Release, Rubric, User
from review.models.dialogues import DialogueQuerySet
from review.permissions import check_can_administer
from review.tallying import Tally
from review.traits import counts

CHUNK = 500
_OF_PRACTICE = {"control_rate", "quiz_size"}


@dataclass(frozen=True)
class Written:
    """A file of curated lines, and what is said beside it of the people who decided."""

    path: Path
    dialogues: int
    sha256: str
    manifest: dict[str, Any]


def releasable(dataset: Dataset) -> Q:
    """Approved, and checked where there is a target to check."""
    checked = Q(checked_at__isnull=False) | Q(target_images=[])
    return Q(dataset=dataset, approved_candidate__isnull=False) & checked


def awaiting_check(dataset: Dataset) -> int:
    """How many approved dialogues are left out because their check is still awaited."""
    return Dialogue.objects.filter(dataset=dataset).awaiting_check().count()


def write_release(*, dataset: Dataset, by: User | None, out: Path | None = None) -> Release:
    """Makes the next release of a dataset, kept in the storage and, if asked, as the file `out`.

    `by` must administer the dataset; None for the operator on the command line. `out` may be a
    folder, where the file is named after the release. A file that is there is never overwritten.
    Raises `Invalid` where nothing is approved and checked yet, `Conflict` where `out` is taken,
    `OSError` where it cannot be written.
    """
    if by is not None:
        check_can_administer(by, dataset)
    if out is not None:
        _check_free(out)
    if not Dialogue.objects.filter(releasable(dataset)).exists():
        raise Invalid(
            "There is nothing to release yet: no dialogue is approved and checked. "
            "Review some dialogues first."
        )
    with _draft(out) as draft:
        with _frozen(dataset):
            release = _enter(dataset, by, _write(dataset, draft))
        if out is not None:
            _place(draft, release_path(out, release))
    return release


def open_release(release: Release) -> IO[bytes]:
    """The file of a release, open for reading."""
    return default_storage.open(_stored_name(release.dataset, release.number), "rb")


def release_path(out: Path, release: Release) -> Path:
    """Where `write_release` puts a release that was asked for as `out`."""
    name = f"{release.dataset.slug}-{release.number}.{release.format}"
    return out / name if out.is_dir() else out


def described(release: Release) -> dict[str, Any]:
    """What a release holds, and how far its people and judges may be trusted."""
    return {
        "dataset": release.dataset.slug,
        "release": release.number,
        "format": release.format,
        "dialogues": release.dialogues,
        "sha256": release.sha256,
        "made": release.created.isoformat(timespec="seconds"),
        **release.manifest,
    }


def curated_lines(dataset: Dataset, tally: Tally) -> Iterator[bytes]:
    """One line for each dialogue that is released, in the order of their import, each counted.

    A fixed number of statements for each chunk of dialogues.
    """
    curator = Curator(dataset)
    dialogues = _released(dataset).order_by("pk")
    rows = curator.with_everything(dialogues).iterator(chunk_size=CHUNK)
    for dialogue in rows:
        line = curator.line(dialogue)
        tally.add(dialogue, line)
        yield orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)


def _released(dataset: Dataset) -> DialogueQuerySet:
    return Dialogue.objects.filter(releasable(dataset), released=True)


def _check_free(out: Path) -> None:
    if not out.is_dir() and (out.exists() or out.is_symlink()):
        raise Conflict(f"{out} is there already. Name another file, or move that one away.")
    if not out.parent.is_dir():
        raise Invalid(f"There is no folder {out.parent}. Make it, or name another place.")


@contextmanager
def _frozen(dataset: Dataset) -> Iterator[None]:
    """Marks what is released, so that it cannot change while it is written.

    Where the release fails the new marks are taken off. (A process that is killed in between
    leaves them: those dialogues stay as they are, and are part of the next release.)
    """
    fresh = Dialogue.objects.filter(releasable(dataset), released=False)
    # Locked in the order of keys, as everything that locks many dialogues does.
    with transaction.atomic():
        keys = list(fresh.select_for_update().order_by("pk").values_list("pk", flat=True))
        Dialogue.objects.filter(pk__in=keys).update(released=True)
    last = _last_number(dataset)
    try:
        yield
    except BaseException:
        # A release that somebody else made meanwhile holds them too.
        if _last_number(dataset) == last:
            Dialogue.objects.filter(pk__in=keys).update(released=False)
        raise


@contextmanager
def _draft(out: Path | None) -> Iterator[Path]:
    """A name to write under: in the folder of `out`, so that it can be renamed into place."""
    folder = None if out is None else out if out.is_dir() else out.parent
    descriptor, name = tempfile.mkstemp(prefix=".recqr-", suffix=".part", dir=folder)
    os.close(descriptor)
    path = Path(name)
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def _write(dataset: Dataset, path: Path) -> Written:
    digest, count, tally = hashlib.sha256(), 0, Tally()
    # What follows only reads, while the rubric as shipped may have to be entered first.
    rubric = rubrics.current(dataset)
    with path.open("wb") as file, _snapshot():
        for line in curated_lines(dataset, tally):
            digest.update(line)
            file.write(line)
            count += 1
        file.flush()
        os.fsync(file.fileno())
        manifest = _manifest(dataset, tally, rubric)
    return Written(path, count, digest.hexdigest(), manifest)


def _policy(dataset: Dataset) -> dict[str, Any]:
    """Under which it was made; how many hidden controls reviewers get is not for all members."""
    return {name: v for name, v in dataset.policy().items() if name not in _OF_PRACTICE}


def _manifest(dataset: Dataset, tally: Tally, rubric: Rubric) -> dict[str, Any]:
    """What is said beside the lines; its card is made of this alone (`review.cards`)."""
    return {
        "title": dataset.title or dataset.slug,
        **tally.as_json(),
        "rubric": rubrics.told(rubric),
        "policy": _policy(dataset),
        **summary(reckon(dataset)),
        "calibration": calibration_of(dataset, tally.certified),
        # How many of its lines show each trait.
        "traits": counts(_released(dataset)),
    }


@contextmanager
def _snapshot() -> Iterator[None]:
    """Everything is read as it was at one moment, through cursors that live on the server."""
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


@transaction.atomic
def _enter(dataset: Dataset, by: User | None, written: Written) -> Release:
    """Numbers a release and stores its file under that number.

    The file is stored while the dataset is locked, although that is slow work: the number is known
    only here, and a release must never be seen without its file.
    """
    Dataset.objects.select_for_update(no_key=True).get(pk=dataset.pk)
    number = _last_number(dataset) + 1
    name = _stored_name(dataset, number)
    # Left by a release that was interrupted right here: no row knows it.
    default_storage.delete(name)
    with written.path.open("rb") as file:
        default_storage.save(name, File(file))
    return Release.objects.create(
        dataset=dataset,
        number=number,
        dialogues=written.dialogues,
        sha256=written.sha256,
        manifest=written.manifest,
        by=by,
    )


def _last_number(dataset: Dataset) -> int:
    return dataset.releases.aggregate(last=Max("number"))["last"] or 0


def _stored_name(dataset: Dataset, number: int) -> str:
    return f"releases/{dataset.slug}/{number}.jsonl"


def _place(draft: Path, path: Path) -> None:
    """Gives a written file its name at once and whole, unless a file has that name by now."""
    draft.chmod(0o644)
    try:
        os.link(draft, path)
    except FileExistsError:
        raise Conflict(
            f"{path} is there already; the release was made, and can be downloaded from its page. "
            "Name another file."
        ) from None
    except OSError:
        # File systems without hard links.
        _check_free(path)
        draft.replace(path)
