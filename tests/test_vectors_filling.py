"""Vectors of a corpus come about in the background: whole, once, and whoever dies meanwhile."""

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.db import connection
from django.utils import timezone

from generation import retrievers
from generation.encoders.protocol import Encoded, Picture
from generation.errors import NotReady
from generation.models import ConfiguredRetriever, ImageVector, Run, TextVector, VectorSpace
from generation.retrievers.corpora import index_of
from generation.vectors import filling, rows, spaces, tasks
from generation.vectors.units import unit
from review.models import Dataset, Image
from review.models.candidates import text_key
from tests.cheap_encoder import CheapEncoder, CheapKind

PROJECT = Path(__file__).resolve().parents[1]
# A worker that dies in its fourth batch.
KILLED = """
import os, signal, sys
import django
django.setup()
from generation import retrievers
from generation.vectors import filling, tasks
from tests.cheap_encoder import CheapEncoder, CheapKind

encoder = CheapEncoder()
retrievers.KINDS["dense"] = CheapKind(encoder)
real, batches = encoder.pictures, iter(range(3))

def dies(pictures):
    if next(batches, None) is None:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(pictures)

encoder.pictures = dies
filling.WRITE_AFTER_SECONDS = 0
tasks.fill_vectors.apply(args=[int(sys.argv[1])], throw=True)
"""


@pytest.fixture(autouse=True)
def _record(tmp_path: Path, settings: Any) -> None:
    settings.RECORD_DIR = tmp_path


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is sent to workers."""
    names: list[str] = []
    monkeypatch.setattr(tasks, "publish", lambda task, *_: names.append(task.name.split(".")[-1]))
    return names


@pytest.fixture
def encoder(monkeypatch: pytest.MonkeyPatch) -> CheapEncoder:
    encoder = CheapEncoder()
    monkeypatch.setitem(retrievers.KINDS, "dense", CheapKind(encoder))
    return encoder


@pytest.fixture
def row(dataset: Dataset, images: list[Image]) -> ConfiguredRetriever:
    return ConfiguredRetriever.objects.create(dataset=dataset, name="words", kind="dense")


def fill(row: ConfiguredRetriever) -> None:
    tasks.fill_vectors.apply(args=[row.pk], throw=True)
    row.refresh_from_db()


def vectors_of(space: VectorSpace) -> dict[int, bytes]:
    blocks = [zip(keys, vectors, strict=True) for keys, vectors in rows.stream(space)]
    return {int(key): vector.tobytes() for block in blocks for key, vector in block}


def grow(dataset: Dataset, *captions: str) -> None:
    version = dataset.corpus_version + 1
    for caption in captions:
        Image.objects.create(
            dataset=dataset, external_id=f"new {caption}", caption=caption, added_version=version
        )
    Dataset.objects.filter(pk=dataset.pk).update(corpus_version=version)
    dataset.refresh_from_db()


def test_every_image_gets_a_vector_or_a_reason_and_what_waited_goes_on(
    dataset: Dataset, row: ConfiguredRetriever, encoder: CheapEncoder, sent: list[str]
) -> None:
    grow(dataset, "a tram", "")
    assert [one.pk for one in spaces.waiting()] == [row.pk]
    with pytest.raises(NotReady, match="being prepared"):
        retrievers.made(row).queries(["tram"])
    fill(row)
    space = spaces.present(row)
    assert space is not None
    assert space.complete_version == dataset.corpus_version
    assert sent == ["build_index", "drain_checks", "tend_indexes"]
    assert list(spaces.waiting()) == []
    _, index = index_of(dataset, retrievers.made(row))
    assert "new a tram" in index.places
    assert index.why_not("new ") == "Image “new ” has no vector. It has no caption."
    assert index.why_not("gone") == "Image “gone” is not in the corpus."
    count = len(encoder.asked)
    fill(row)
    assert len(encoder.asked) == count


def test_images_that_come_later_are_found_and_nothing_else_is_made_again(
    dataset: Dataset, row: ConfiguredRetriever, encoder: CheapEncoder
) -> None:
    fill(row)
    encoder.asked.clear()
    grow(dataset, "a mill")
    with pytest.raises(NotReady, match=r"Vectors for (\d) of"):
        index_of(dataset, retrievers.made(row))
    assert [one.pk for one in spaces.waiting()] == [row.pk]
    fill(row)
    assert encoder.asked == ["new a mill"]
    assert "new a mill" in index_of(dataset, retrievers.made(row))[1].places


def test_a_text_is_encoded_once_and_then_needs_no_model(
    row: ConfiguredRetriever, encoder: CheapEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(row)
    encoder.asked.clear()
    texts = ["a tram", " ", "a tram ", "one two three four five six seven eight nine"]
    first = retrievers.made(row).queries(texts)
    assert encoder.asked == ["a tram", texts[3]]
    assert first.cut == (False, False, False, True)
    assert first.vectors is not None
    assert not first.vectors[1].any()
    monkeypatch.setattr(encoder, "texts", None)
    again = retrievers.made(row).queries(texts)
    assert again.vectors is not None
    assert again.vectors.tobytes() == first.vectors.tobytes()
    assert TextVector.objects.count() == 3


def test_a_vector_that_another_process_added_meanwhile_is_the_one_that_is_used(
    row: ConfiguredRetriever, encoder: CheapEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(row)
    space = spaces.present(row)
    assert space is not None
    other, _ = unit(np.ones((1, 16)))

    def overtaken(texts: list[str]) -> Encoded:
        rows.insert_texts(space, [text_key("mill")], other, [False])
        return Encoded(np.eye(1, 16, dtype=np.float32), (False,))

    monkeypatch.setattr(encoder, "texts", overtaken)
    vectors = retrievers.made(row).queries(["mill"]).vectors
    assert vectors is not None
    assert vectors.tobytes() == other.tobytes()


def test_another_model_fills_a_space_of_its_own_while_the_one_before_serves(
    dataset: Dataset, row: ConfiguredRetriever, encoder: CheapEncoder
) -> None:
    fill(row)
    before = retrievers.made(row).hash
    retrievers.made(row).queries(["mill"])
    encoder.model = "another"
    with pytest.raises(NotReady, match="has changed"):
        retrievers.made(row).queries(["tram"])
    row.refresh_from_db()
    assert [one.pk for one in spaces.waiting()] == [row.pk]
    spaces.prepared(row)
    assert retrievers.made(row).hash != before
    served = retrievers.made(spaces.serving(row))
    assert served.hash == before
    assert len(served.queries(["mill"])) == 1
    fill(row)
    assert row.problem == ""
    assert retrievers.made(spaces.serving(row)).hash != before
    Run.objects.create(
        dataset=dataset, kind="benchmark", parameters={"retrievers": [{"hash": before}]}
    )
    assert [spaces.is_of_benchmark(space) for space in spaces.outlived(row)] == [True]


def test_a_model_that_cannot_be_loaded_says_so_on_its_row(
    row: ConfiguredRetriever, encoder: CheapEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> str:
        raise NotReady("There is no folder /models/none.")

    with monkeypatch.context() as patch:
        patch.setattr(encoder, "fingerprint", refuse)
        fill(row)
    assert row.problem == "There is no folder /models/none."
    with pytest.raises(NotReady, match="There is no folder"):
        retrievers.made(row).queries(["tram"])
    fill(row)
    assert row.problem == ""


def test_a_problem_is_told_and_the_space_rests_before_it_is_tried_again(
    row: ConfiguredRetriever, encoder: CheapEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(pictures: list[Picture]) -> Encoded:
        raise NotReady("The server at http://x does not answer.")

    with monkeypatch.context() as patch:
        patch.setattr(encoder, "pictures", refuse)
        fill(row)
    space = spaces.present(row)
    assert space is not None
    assert space.problem == "The server at http://x does not answer."
    assert list(spaces.waiting()) == []
    fill(row)
    assert not ImageVector.objects.exists()
    VectorSpace.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    fill(row)
    space.refresh_from_db()
    assert (space.problem, space.complete_version) == ("", 1)


def test_an_image_on_which_the_model_fails_costs_no_other_its_vector(
    row: ConfiguredRetriever, encoder: CheapEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = encoder.pictures

    def fails_on_pier(pictures: list[Picture]) -> Encoded:
        if any(one.image_id == "pier" for one in pictures):
            raise RuntimeError("bad shape")
        return real(pictures)

    monkeypatch.setattr(encoder, "pictures", fails_on_pier)
    fill(row)
    reasons = ImageVector.objects.filter(vector=None).values_list("image__external_id", "reason")
    assert list(reasons) == [("pier", "The model failed on it: bad shape")]
    assert ImageVector.objects.exclude(vector=None).count() == Image.objects.count() - 1


def test_neither_order_nor_batch_nor_a_second_worker_changes_a_vector(
    dataset: Dataset, row: ConfiguredRetriever, encoder: CheapEncoder
) -> None:
    grow(dataset, *(f"word{n} by word{n + 1}" for n in range(20)))
    fill(row)
    space = spaces.present(row)
    assert space is not None
    first = vectors_of(space)
    for batch in (1, 7):
        encoder.batch = batch
        ImageVector.objects.filter(image__in=list(first)[::2]).delete()
        fill(row)
        assert vectors_of(space) == first


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_is_killed_loses_its_batch_and_the_next_one_goes_on(
    dataset: Dataset, row: ConfiguredRetriever, encoder: CheapEncoder
) -> None:
    grow(dataset, *(f"word{n} by word{n + 1}" for n in range(40)))
    before, _, _ = os.environ["DATABASE_URL"].rpartition("/")
    url = f"{before}/{connection.settings_dict['NAME']}"
    command = [sys.executable, "-c", KILLED, str(row.pk)]
    environment = {**os.environ, "DATABASE_URL": url}
    killed = subprocess.run(command, cwd=PROJECT, env=environment, check=False)
    assert killed.returncode == -signal.SIGKILL
    row.refresh_from_db()
    space = spaces.present(row)
    assert space is not None
    left = vectors_of(space)
    assert 0 < len(left) < Image.objects.count()
    fill(row)  # The dead worker's lease still holds.
    assert vectors_of(space) == left
    VectorSpace.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    fill(row)
    after = vectors_of(space)
    assert len(after) == Image.objects.count()
    ImageVector.objects.all().delete()
    fill(row)
    assert vectors_of(space) == after
    assert after.items() > left.items()


@pytest.mark.django_db(transaction=True)
def test_a_slow_batch_keeps_its_space_from_others(
    dataset: Dataset,
    row: ConfiguredRetriever,
    encoder: CheapEncoder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(filling, "LEASE", timedelta(seconds=0.4))
    make, taken = encoder.pictures, []

    def slowly(pictures: list[Picture]) -> Encoded:
        time.sleep(0.7)
        taken.append(filling._taken(VectorSpace.objects.get(), None))
        return make(pictures)

    monkeypatch.setattr(encoder, "pictures", slowly)
    fill(row)
    assert taken == [None]
    assert len(vectors_of(VectorSpace.objects.get())) == Image.objects.count()


def test_vectors_that_have_no_direction_are_a_reason() -> None:
    given = np.array([[3, 4], [0, 0], [np.inf, 1], [np.nan, 1], [1e-30, 0], [1e30, 1e30]])
    vectors, usable = unit(given)
    assert usable.tolist() == [True, False, False, False, True, True]
    assert vectors.dtype == np.float16
    assert np.allclose(np.linalg.norm(vectors[usable].astype(float), axis=1), 1, atol=1e-3)
    assert not vectors[~usable].any()


def test_turns_follow_each_other_and_never_multiply(
    dataset: Dataset,
    row: ConfiguredRetriever,
    encoder: CheapEncoder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    grow(dataset, *(f"word{n}" for n in range(30)))
    went_on: list[tuple[int, ...]] = []
    monkeypatch.setattr(tasks, "publish", lambda _, *given: went_on.append(given))
    real = filling.fill

    def for_two_batches(space: VectorSpace, encoder: CheapEncoder, **given: Any) -> bool:
        pictures, count = encoder.pictures, len(encoder.asked)

        def watched(some: list[Picture]) -> Encoded:
            if len(encoder.asked) - count >= encoder.batch:
                given["enough"].set()
            return pictures(some)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(encoder, "pictures", watched)
            return real(space, encoder, **given)

    monkeypatch.setattr(filling, "fill", for_two_batches)
    fill(row)
    count = ImageVector.objects.count()
    assert 0 < count < Image.objects.count()
    assert list(spaces.waiting()) == []
    fill(row)  # Sent by nobody's last turn.
    assert ImageVector.objects.count() == count
    assert len(went_on) == 1
    for given in went_on:
        if len(given) == 2:
            tasks.fill_vectors.apply(args=given, throw=True)
    assert ImageVector.objects.count() == Image.objects.count()
    assert [len(given) for given in went_on[-4:]] == [2, 1, 1, 1]
