"""Help: every page opens, leads to the next, and shows examples that are true."""

import html
import io
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from review.importing.formats import FORMATS
from review.importing.reading import slices
from review.models import User
from review.pages.help import HELP_PAGES

SignIn = Callable[[User], Client]


@pytest.mark.parametrize("page", [page.name for page in HELP_PAGES])
def test_every_page_opens_and_links_to_all_others(page: str, dave: User, client_of: SignIn) -> None:
    response = client_of(dave).get(f"/help/{page}/")
    assert response.status_code == 200
    text = response.content.decode()
    assert all(f"/help/{other.name}/" in text for other in HELP_PAGES)


def test_an_unknown_page_names_those_there_are(dave: User, client_of: SignIn) -> None:
    response = client_of(dave).get("/help/nonsense/")
    assert response.status_code == 404
    assert "getting-started" in response.content.decode()


def test_it_takes_no_post(dave: User, client_of: SignIn) -> None:
    assert client_of(dave).post("/help/formats/").status_code == 405


def test_the_native_examples_are_json(dave: User, client_of: SignIn) -> None:
    page = client_of(dave).get("/help/formats/").content.decode()
    dialogue, image = re.findall(r"<pre><code>(\{.*?)</code>", page, re.DOTALL)[:2]
    assert json.loads(dialogue)["turns"][-1]["role"] == "user"
    assert json.loads(image)["file"]


def shown(page: str, kind: str) -> str:
    """The example of that kind on a page, as it reads."""
    found = re.search(rf'<code class="{kind}"[^>]*>(.*?)</code>', page, re.DOTALL)
    return html.unescape(found[1]) if found else ""


def values(text: str) -> list[Any]:
    """The JSON values of a text, one after the other."""
    found, decoder = [], json.JSONDecoder()
    while text := text.strip():
        value, end = decoder.raw_decode(text)
        found.append(value)
        text = text[end:]
    return found


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "native"])
def test_each_format_shows_a_record_and_what_it_becomes(
    name: str, dave: User, client_of: SignIn
) -> None:
    page = client_of(dave).get(f"/help/formats-{name}/").content.decode()
    file = re.search('data-file="([^"]+)"', page)
    assert file is not None
    line = json.dumps(json.loads(shown(page, "record"))).encode()
    (found,) = slices(io.BytesIO(line), file[1])
    records = list(FORMATS[name].records(file[1], found))
    assert [record.value for record in records] == values(shown(page, "becomes"))
    implied = {i.value["id"]: i.value for record in records for i in record.implied}
    assert list(implied.values()) == values(shown(page, "images"))
