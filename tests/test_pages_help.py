"""Help: every page opens, leads to the next, and shows examples that are true."""

import json
import re
from collections.abc import Callable

import pytest
from django.test import Client

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
