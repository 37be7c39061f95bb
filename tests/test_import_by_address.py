"""Images by their address: fetched where that is asked for, and never from the inside."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Pillow

from review import fetching
from review.errors import Conflict, NotAllowed
from review.importing.engine import import_dialogues
from review.importing.report import Report
from review.importing.starting import start_import
from review.models import Dataset, Dialogue, Image, Upload, User
from tests.picture_site import Dialled, Names, Site, png, serving
from tests.test_import_native import record, write

pytestmark = pytest.mark.django_db
LIGHTHOUSE = {"id": "lighthouse", "caption": "a lighthouse"}
ADDRESS = "http://pictures.test/pier.png"


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """What production's own network finds when it asks for `pictures.test`."""
    network = fetching.PublicNetwork
    with serving() as found:
        monkeypatch.setattr(fetching, "PublicNetwork", lambda: network(Names(), Dialled(found)))
        found.gives("/pier.png", png())
        yield found


@pytest.fixture(autouse=True)
def _own_media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


def imported(folder: Path, pier: dict[str, Any], *, fetch: bool = True, **options: Any) -> Report:
    write(folder, [record()], [{"id": "pier", **pier}, LIGHTHOUSE])
    return import_dialogues(dataset="coast-2", path=folder, fetch_urls=fetch, **options)


def pier() -> Image:
    return Image.objects.current().get(external_id="pier")


def test_nobody_is_asked_by_default(site: Site, tmp_path: Path) -> None:
    assert imported(tmp_path, {"url": ADDRESS}, fetch=False).all_went_in()
    assert site.asked == []
    assert not pier().has_file()


def test_an_image_is_fetched_and_kept(site: Site, tmp_path: Path) -> None:
    assert imported(tmp_path, {"url": ADDRESS}).all_went_in()
    image = pier()
    assert (image.width, image.height, image.media_type) == (40, 30, "image/png")
    assert image.url == ADDRESS


def test_a_file_in_the_source_comes_first(site: Site, tmp_path: Path) -> None:
    Pillow.new("RGB", (8, 8)).save(tmp_path / "1.png")
    imported(tmp_path, {"file": "1.png", "url": ADDRESS})
    assert (pier().width, site.asked) == (8, [])


def test_an_address_stands_in_for_a_file_that_is_not_there(site: Site, tmp_path: Path) -> None:
    assert imported(tmp_path, {"file": "1.png", "url": ADDRESS}).all_went_in()
    assert pier().width == 40


def test_a_second_import_asks_nobody_and_writes_nothing(site: Site, tmp_path: Path) -> None:
    imported(tmp_path, {"url": ADDRESS})
    assert imported(tmp_path, {"url": ADDRESS}).images.created == 0
    assert site.paths() == ["/pier.png"]
    assert Dataset.objects.get().corpus_version == 1


def test_another_address_is_another_picture(site: Site, tmp_path: Path) -> None:
    imported(tmp_path, {"url": ADDRESS})
    site.gives("/new.png", png("red"))
    before = pier().sha256
    assert imported(tmp_path, {"url": "http://pictures.test/new.png"}).images.created == 1
    assert pier().sha256 != before


def test_a_dry_run_asks_nobody_but_reads_the_address(site: Site, tmp_path: Path) -> None:
    assert imported(tmp_path, {"url": ADDRESS}, dry_run=True).all_went_in()
    report = imported(tmp_path, {"url": "file:///etc/passwd"}, dry_run=True)
    assert report.images.rejected == 1
    assert site.asked == []


def test_what_does_not_come_is_missing_and_comes_with_the_next_import(
    site: Site, tmp_path: Path
) -> None:
    site.gives("/pier.png", b"", 404)
    report = imported(tmp_path, {"url": ADDRESS})
    assert (report.images.missing, report.dialogues.created) == (1, 1)
    (error,) = report.errors
    assert (error["id"], error["field"]) == ("pier", "url")
    assert "status 404" in error["reason"]
    assert "status 404" in pier().refused
    site.gives("/pier.png", b"", 500)
    imported(tmp_path, {"url": ADDRESS})
    assert Dataset.objects.get().corpus_version == 1
    site.gives("/pier.png", png())
    assert imported(tmp_path, {"url": ADDRESS}).all_went_in()
    assert pier().has_file()
    assert pier().refused == ""


def test_a_page_that_calls_itself_a_picture_is_refused(site: Site, tmp_path: Path) -> None:
    site.gives("/pier.png", b"<html><script>", Content_Type="image/png")
    report = imported(tmp_path, {"url": ADDRESS})
    assert report.images.rejected == 1
    assert "the file is HTML" in pier().refused
    assert Dialogue.objects.count() == 1


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:{port}/1", "http://169.254.169.254/", "http://localhost:{port}/1"]
)
def test_an_inner_address_is_never_asked_and_its_dialogues_go_in(
    tmp_path: Path, address: str
) -> None:
    """With production's own network, on a real server that would answer."""
    with serving() as inner:
        inner.gives("/1", png())
        report = imported(tmp_path, {"url": address.format(port=inner.port)})
        assert inner.asked == []
    assert (report.images.rejected, report.dialogues.created) == (1, 1)
    assert "not on the public internet" in pier().refused
    assert Image.objects.exclude(file="").count() == 0


def test_an_admin_may_not_have_it_fetched_unless_the_server_allows_it(
    tmp_path: Path, carol: User
) -> None:
    with pytest.raises(NotAllowed, match="does not fetch images"):
        imported(tmp_path, {"url": ADDRESS}, by=carol)
    assert not Dataset.objects.filter(slug="coast-2").exists()


def test_an_upload_is_not_begun_that_may_not_fetch(carol: User, settings: Any) -> None:
    dataset = Dataset.objects.get(slug="coast")
    upload = Upload(dataset=dataset, by=carol, name="coast.zip", size=1, received=1)
    with pytest.raises(NotAllowed, match="FETCH_URLS"):
        start_import(dataset=dataset, upload=upload, by=carol, fetch_urls=True)
    settings.FETCH_URLS = True
    with pytest.raises(Conflict, match="Upload it again"):
        start_import(dataset=dataset, upload=upload, by=carol, fetch_urls=True)
