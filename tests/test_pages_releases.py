"""The releases page: what can be downloaded, and making the next one."""

import hashlib
from collections.abc import Callable, Iterable
from typing import cast

import orjson
import pytest
from django.db import connection
from django.http import StreamingHttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from review import decisions
from review.models import Assignment, Dataset, Dialogue, Release, User, Verdict
from review.rulings import Ruling

SignIn = Callable[[User], Client]
Claim = Callable[[User], Assignment]

ADDRESS = "/datasets/coast/releases/"


@pytest.fixture
def approved(alice: User, dialogue: Dialogue, claim: Claim) -> Dialogue:
    """A dialogue that is approved and checked."""
    assignment = claim(alice)
    candidate = dialogue.candidates.earliest("pk")
    ruling = Ruling(Verdict.ACCEPT, candidate_id=candidate.pk)
    decisions.decide(assignment=assignment, ruling=ruling, by=alice)
    Dialogue.objects.update(checked_at=timezone.now(), check_outcome="improved")
    dialogue.refresh_from_db()
    return dialogue


def _body(response: object) -> bytes:
    return b"".join(
        cast("Iterable[bytes]", cast(StreamingHttpResponse, response).streaming_content)
    )


def test_an_admin_makes_a_release_and_any_member_downloads_it(
    alice: User, carol: User, approved: Dialogue, client_of: SignIn
) -> None:
    response = client_of(carol).post(ADDRESS, follow=True)
    assert "Release 1 is made: it holds 1 dialogue." in response.content.decode()

    download = client_of(alice).get(f"{ADDRESS}1/")
    body = _body(download)
    release = Release.objects.get()
    assert hashlib.sha256(body).hexdigest() == release.sha256
    assert orjson.loads(body)["id"] == "d-1"
    assert 'filename="coast-1.jsonl"' in download["Content-Disposition"]
    assert release.sha256 in client_of(alice).get(ADDRESS).content.decode()


@pytest.mark.parametrize("practice", [{"control_rate": 0.1}, {"quiz_size": 3}])
def test_a_reviewer_does_not_read_in_a_release_what_they_may_get_as_practice(
    alice: User,
    bob: User,
    carol: User,
    approved: Dialogue,
    client_of: SignIn,
    practice: dict[str, float],
) -> None:
    client_of(carol).post(ADDRESS)
    Dataset.objects.update(**practice)
    refused = client_of(alice).get(f"{ADDRESS}1/")
    assert refused.status_code == 403
    assert "only adjudicators and admins download" in refused.content.decode()
    assert " download>Download<" not in client_of(alice).get(ADDRESS).content.decode()
    assert client_of(bob).get(f"{ADDRESS}1/").status_code == 200
    assert " download>Download<" in client_of(bob).get(ADDRESS).content.decode()


def test_nothing_to_release_is_said_and_makes_none(
    carol: User, dialogue: Dialogue, client_of: SignIn
) -> None:
    browser = client_of(carol)
    assert "Nothing can be released yet" in browser.get(ADDRESS).content.decode()
    assert browser.post(ADDRESS).status_code in {400, 422}
    assert not Release.objects.exists()


def test_what_awaits_its_check_is_counted_and_not_offered(
    carol: User, approved: Dialogue, client_of: SignIn
) -> None:
    Dialogue.objects.update(checked_at=None, check_outcome="")
    page = client_of(carol).get(ADDRESS).content.decode()
    assert "1 approved dialogue waits for its check" in page
    assert "Make a release" not in page


@pytest.mark.parametrize(("person", "status"), [("alice", 403), ("bob", 403), ("dave", 404)])
def test_only_admins_make_releases(
    person: str, status: int, request: pytest.FixtureRequest, approved: Dialogue, client_of: SignIn
) -> None:
    browser = client_of(request.getfixturevalue(person))
    assert browser.post(ADDRESS).status_code == status
    assert not Release.objects.exists()


def test_an_outsider_downloads_nothing(
    carol: User, dave: User, approved: Dialogue, client_of: SignIn
) -> None:
    client_of(carol).post(ADDRESS)
    assert client_of(dave).get(ADDRESS).status_code == 404
    assert client_of(dave).get(f"{ADDRESS}1/").status_code == 404


def test_a_release_that_is_not_there_is_said_so(carol: User, client_of: SignIn) -> None:
    response = client_of(carol).get(f"{ADDRESS}9/")
    assert response.status_code == 404
    assert "There is no release 9" in response.content.decode()


def test_more_releases_cost_no_more_queries(
    carol: User, dataset: Dataset, client_of: SignIn
) -> None:
    browser = client_of(carol)
    Release.objects.create(dataset=dataset, number=1, dialogues=1, sha256="0" * 64, by=carol)
    few = _queries(browser)
    for number in range(2, 7):
        Release.objects.create(
            dataset=dataset, number=number, dialogues=1, sha256="0" * 64, by=carol
        )
    assert _queries(browser) == few


def _queries(browser: Client) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert browser.get(ADDRESS).status_code == 200
    return len(queries)
