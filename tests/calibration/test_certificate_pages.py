"""Certificates on the pages of calibration: what a test takes, and what one in force tells."""

from collections.abc import Callable

from django.test import Client
from django.utils import timezone

from review.models import (
    Certificate,
    CertificateEnd,
    Certified,
    CertifiedAs,
    Dataset,
    Dialogue,
    User,
)
from tests.calibration.kept import ADDRESS, HTMX, NEW_CERTIFICATE, certificate, made, read

SignIn = Callable[[User], Client]
MakeDialogue = Callable[..., Dialogue]


def test_a_certificate_in_force_tells_its_terms_its_test_and_what_it_did(
    dataset: Dataset, carol: User, dialogues: list[Dialogue], client_of: SignIn
) -> None:
    found = certificate(dataset, by=carol)
    made(dataset, certificate=found)
    for dialogue, used, good in [
        (dialogues[0], CertifiedAs.ACCEPTED, None),
        (dialogues[1], CertifiedAs.AUDIT, False),
    ]:
        top = dialogue.candidates.earliest("pk")
        since = None if good is None else timezone.now()
        row = {"round": dialogue.round, "candidate": top, "score": 5, "used_as": used}
        Certified.objects.create(
            certificate=found, dialogue=dialogue, good=good, good_since=since, **row
        )
    page = read(client_of(carol))
    for words in (
        "<b>In force:</b> At a panel score of 4.8 or above at most 5%",
        "by carol on wave 1, for judge critic",
        "People decide on every dialogue, also where a certificate is in force.",
        "Bad among the last 1 of these</dt><dd>1",
        "4.8%",
        "Withdraw certificate 1",
        'href="#certificate-1"',
    ):
        assert words in page


def test_an_ended_certificate_says_why_and_a_failed_test_what_it_would_take(
    dataset: Dataset, carol: User, client_of: SignIn
) -> None:
    ended = {"ended_at": timezone.now(), "end": CertificateEnd.CHANGED, "end_note": "A new judge."}
    certificate(dataset, 1, **ended)
    certificate(dataset, 2, threshold=None, steps=[])
    page = read(client_of(carol))
    assert "None is in force:</b> a person decides on every dialogue." in page
    assert "A new judge." in page
    assert "Nothing passed.</b> No score of the grid has the 59" in page
    assert "Withdraw" not in page


def test_a_certificate_is_withdrawn_once(
    dataset: Dataset, carol: User, client_of: SignIn, sent: list[str]
) -> None:
    certificate(dataset)
    browser = client_of(carol)
    withdraw = f"{ADDRESS}certificates/1/withdraw/"
    assert "is withdrawn" in browser.post(withdraw, follow=True).content.decode()
    assert sent == ["tend_certificates"]
    assert "is not in force any more" in browser.post(withdraw, follow=True).content.decode()
    put_back = browser.post(f"{ADDRESS}certificates/1/put-back/", follow=True)
    assert "can be put back" in put_back.content.decode()


def test_before_a_test_it_is_said_what_it_uses_up_and_what_is_refused_stays_typed(
    carol: User, dialogues: list[Dialogue], client_of: SignIn
) -> None:
    browser = client_of(carol)
    assert "No wave is left to test on" in read(browser, NEW_CERTIFICATE)
    refused = browser.post(NEW_CERTIFICATE, {"share": "5", "confidence": "95"})
    assert refused.status_code == 422
    wrong = browser.post(NEW_CERTIFICATE, {"share": "90", "confidence": "95"})
    page = wrong.content.decode()
    assert wrong.status_code == 422
    assert "Give a share from 0.1% to 50%." in page
    assert 'value="90"' in page
    preview = f"{ADDRESS}certificates/preview/"
    asked = {"share": "10", "confidence": "90"}
    assert "22 dialogues" in browser.post(preview, asked, headers=HTMX).content.decode()
    assert not Certificate.objects.exists()
