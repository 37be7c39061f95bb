"""Review sizes are made in the background, once, whoever dies meanwhile."""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.core.files.storage import default_storage
from django.db import connection
from PIL import Image as Pillow
from redis import Redis

from review import pictures, rendering
from review.models import Dataset, Image
from review.picture_tasks import prepare_images, sweep_images
from tests.plugins.records import within

Make = Callable[..., Image]


@pytest.fixture(autouse=True)
def _own_media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def make(dataset: Dataset) -> Make:
    def make(name: str = "pier", grey: int = 100) -> Image:
        buffer = io.BytesIO()
        Pillow.new("L", (1200, 900), grey).save(buffer, "PNG")
        kept = pictures.keep(buffer.getvalue())
        return Image.objects.create(
            dataset=dataset, external_id=name, file=kept.name, sha256=kept.sha256, added_version=1
        )

    return make


def is_made(image: Image) -> bool:
    return default_storage.exists(f"renditions/review/{image.sha256[:2]}/{image.sha256}.webp")


def test_an_imported_picture_has_its_thumbnail_at_once_and_its_review_size_soon(
    make: Make, dataset: Dataset
) -> None:
    image = make()
    assert default_storage.exists(f"renditions/thumb/{image.sha256[:2]}/{image.sha256}.webp")
    assert not is_made(image)
    assert rendering.datasets_awaiting() == [dataset.pk]
    prepare_images(dataset.pk)
    assert is_made(image)
    assert rendering.datasets_awaiting() == []


def test_declared_images_have_nothing_to_be_made(images: list[Image]) -> None:
    assert rendering.datasets_awaiting() == []


def test_what_is_made_is_not_made_again(make: Make, dataset: Dataset) -> None:
    image = make()
    prepare_images(dataset.pk)
    name = f"renditions/review/{image.sha256[:2]}/{image.sha256}.webp"
    before = default_storage.get_modified_time(name)
    Image.objects.update(prepared=False)
    prepare_images(dataset.pk)
    assert default_storage.get_modified_time(name) == before


def test_a_picture_whose_file_is_lost_holds_up_no_other(make: Make, dataset: Dataset) -> None:
    lost, sound = make("lost", 1), make("sound", 2)
    default_storage.delete(lost.file.name or "")
    prepare_images(dataset.pk)
    assert is_made(sound)
    assert rendering.datasets_awaiting() == []


def test_a_turn_ends_and_says_that_there_is_more(
    make: Make, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rendering, "BATCH", 1)
    made = [make(str(grey), grey) for grey in range(2)]
    assert not rendering.prepare_images(dataset.pk, seconds=0)
    assert [is_made(image) for image in made] == [True, False]
    assert rendering.prepare_images(dataset.pk, seconds=0)
    assert all(is_made(image) for image in made)


@contextmanager
def held_elsewhere(dataset: Dataset) -> Iterator[None]:
    """Another process at the same dataset, until it dies."""
    place = connection.get_connection_params()
    with psycopg.connect(
        host=place.get("host"),
        port=place.get("port"),
        user=place.get("user"),
        password=place.get("password"),
        dbname=place["dbname"],
        autocommit=True,
    ) as other:
        other.execute("SELECT pg_advisory_lock(%s, %s)", [rendering._LOCK, dataset.pk])
        yield


def test_a_second_worker_leaves_the_first_to_it_and_goes_on_when_that_dies(
    make: Make, dataset: Dataset
) -> None:
    image = make()
    with held_elsewhere(dataset):
        prepare_images(dataset.pk)
        assert not is_made(image)
    # The server frees what a closed connection held a moment later.
    within(5, lambda: prepare_images(dataset.pk) or is_made(image))


def test_the_sweep_sends_one_task_of_each_kind_for_a_dataset(make: Make) -> None:
    make("one", 1)
    make("two", 2)
    queue = Redis.from_url(settings.REDIS_URL)
    queue.delete("default")
    sweep_images()
    # Review sizes, and hashes.
    assert queue.llen("default") == 2
    queue.delete("default")
