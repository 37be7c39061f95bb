"""Pictures are served to members alone, small where asked, and kept by a browser for good."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from PIL import Image as Pillow

from review.models import Dataset, Image, User
from review.pictures import keep

SignIn = Callable[[User], Client]


@pytest.fixture
def picture(dataset: Dataset, tmp_path: Path, settings: Any) -> Image:
    settings.MEDIA_ROOT = tmp_path
    buffer = io.BytesIO()
    Pillow.new("RGB", (2000, 1000), "teal").save(buffer, "PNG")
    kept = keep(buffer.getvalue())
    return Image.objects.create(
        dataset=dataset,
        external_id="sea",
        caption="the sea",
        file=kept.name,
        sha256=kept.sha256,
        media_type=kept.media_type,
        width=kept.width,
        height=kept.height,
        added_version=1,
    )


@pytest.mark.parametrize(("size", "width"), [("thumb", 320), ("review", 1024), ("full", 2000)])
def test_each_size_is_as_wide_as_it_says(
    alice: User, picture: Image, client_of: SignIn, size: str, width: int
) -> None:
    response = client_of(alice).get(f"/datasets/coast/images/{picture.pk}/{size}/")
    content = b"".join(response.streaming_content)  # type: ignore[arg-type]
    assert Pillow.open(io.BytesIO(content)).width == width
    assert response["Content-Type"] == "image/webp"
    assert response["Cache-Control"] == "private, max-age=31536000, immutable"
    assert response["X-Content-Type-Options"] == "nosniff"


def test_an_outsider_sees_no_picture(dave: User, picture: Image, client_of: SignIn) -> None:
    assert client_of(dave).get(f"/datasets/coast/images/{picture.pk}/thumb/").status_code == 404


def test_a_picture_is_not_found_through_another_dataset(
    alice: User, picture: Image, client_of: SignIn
) -> None:
    other = Dataset.objects.create(slug="hills", title="Hills")
    other.memberships.create(user=alice, role="annotator")
    response = client_of(alice).get(f"/datasets/hills/images/{picture.pk}/thumb/")
    assert response.status_code == 404


@pytest.mark.parametrize("address", ["{pk}/poster", "999999/thumb"])
def test_what_is_not_there_is_missing(
    alice: User, picture: Image, client_of: SignIn, address: str
) -> None:
    path = address.format(pk=picture.pk)
    assert client_of(alice).get(f"/datasets/coast/images/{path}/").status_code == 404


def test_a_declared_image_has_no_picture(
    alice: User, images: list[Image], client_of: SignIn
) -> None:
    response = client_of(alice).get(f"/datasets/coast/images/{images[0].pk}/thumb/")
    assert response.status_code == 404
    assert "known by its caption alone" in response.content.decode()
