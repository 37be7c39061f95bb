"""People look at some of what a certificate covers: a run of bad ones revokes it, and what it
approved can be put back into the queue."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from review import decisions, undoing
from review.calibration.certifying import applying, auditing, certificates, listing, putting_back
from review.calibration.certifying.tasks import tend_certificates
from review.errors import Conflict, NotAllowed
from review.models import (
    Approval,
    Assignment,
    Certificate,
    CertificateEnd,
    Certified,
    CertifiedUse,
    Dataset,
    Decision,
    Dialogue,
    Stage,
    User,
    Verdict,
)
from review.rulings import Ruling
from tests.certified import certificate_of, ids, make_some, stages_of

Make = Callable[..., Dialogue]
Claim = Callable[[User], Assignment]
Browser = Callable[[User], Client]


@pytest.fixture
def using(dataset: Dataset) -> Dataset:
    dataset.certified_use = CertifiedUse.ACCEPT
    dataset.save()
    return dataset


def decide(place: Assignment, *, good: bool) -> Decision:
    chosen = place.dialogue.candidates.order_by("pk")[0 if good else 1]
    ruling = Ruling(Verdict.ACCEPT, candidate_id=chosen.pk)
    return decisions.decide(assignment=place, ruling=ruling, by=place.reviewer)


def ended(certificate: Certificate) -> str:
    certificate.refresh_from_db()
    return certificate.end


def test_what_the_first_person_says_is_entered_and_taken_out_with_their_decision(
    using: Dataset, make_dialogue: Make, alice: User, claim: Claim
) -> None:
    make_some(make_dialogue, 1, audited=True)
    certificate_of(using)
    applying.apply(using)
    decision = decide(claim(alice), good=False)
    row = Certified.objects.get()
    assert (row.good, row.good_since) == (False, Decision.objects.get().created)
    place = undoing.undo(decision=decision, by=alice)
    row.refresh_from_db()
    assert (row.good, row.good_since) == (None, None)
    decide(place, good=True)
    row.refresh_from_db()
    assert row.good


def test_three_bad_of_the_last_ten_revoke_it_and_nothing_more_is_approved(
    using: Dataset, make_dialogue: Make, alice: User, claim: Claim
) -> None:
    make_some(make_dialogue, 4, audited=True)
    certificate = certificate_of(using)
    applying.apply(using)
    for good in (True, False, False):
        decide(claim(alice), good=good)
    assert not auditing.revoke_if_bad(certificate)
    decide(claim(alice), good=False)
    names = ids(audited=False)
    late = make_dialogue(next(names))
    tend_certificates(using.pk)
    assert ended(certificate) == CertificateEnd.REVOKED
    assert certificate.end_note.startswith("Of the last 4 that people looked at, 3 were bad")
    assert stages_of([late]) == [Stage.JUDGED]


def test_only_the_last_ten_count_in_the_order_of_decisions(
    using: Dataset, make_dialogue: Make
) -> None:
    certificate = certificate_of_ten(using, make_dialogue, bad={0, 1, 10})
    assert not auditing.revoke_if_bad(certificate)
    Certified.objects.filter(pk=Certified.objects.order_by("pk")[9].pk).update(good=False)
    Certified.objects.filter(pk=Certified.objects.order_by("pk")[8].pk).update(good=False)
    assert auditing.revoke_if_bad(certificate)


def certificate_of_ten(dataset: Dataset, make_dialogue: Make, *, bad: set[int]) -> Certificate:
    """Eleven were looked at, one after the other."""
    dialogues = [make_dialogue(f"a-{n}") for n in range(11)]
    certificate = certificate_of(dataset)
    for place, dialogue in enumerate(dialogues):
        Certified.objects.create(
            certificate=certificate,
            dialogue=dialogue,
            round=0,
            candidate=dialogue.candidates.earliest("pk"),
            score=5,
            used_as="audit",
            good=place not in bad,
            good_since=timezone.now(),
        )
    return certificate


def test_the_desk_has_a_worker_look_at_once_where_a_decision_may_revoke(
    using: Dataset,
    make_dialogue: Make,
    alice: User,
    claim: Claim,
    client_of: Browser,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent: list[int] = []
    monkeypatch.setattr(tend_certificates, "delay_on_commit", sent.append)
    make_some(make_dialogue, 1, audited=True)
    make_some(make_dialogue, 1)
    certificate_of(using)
    Dialogue.objects.filter(external_id=next(ids(audited=False))).update(panel_score=4)
    applying.apply(using)
    for _ in range(2):
        place = claim(alice)
        chosen = place.dialogue.candidates.earliest("pk").pk
        body = {"verdict": "accept", "candidate": chosen}
        client_of(alice).post(f"/places/{place.pk}/decide/", body)
    assert Decision.objects.count() == 2
    assert sent == [using.pk]


def test_once_it_has_ended_what_was_to_be_looked_at_waits_its_turn(
    using: Dataset, make_dialogue: Make, carol: User
) -> None:
    [audited] = make_some(make_dialogue, 1, audited=True)
    certificate = certificate_of(using)
    applying.apply(using)
    audited.refresh_from_db()
    assert audited.drawn_place
    certificates.withdraw(certificate=certificate, by=carol)
    tend_certificates(using.pk)
    audited.refresh_from_db()
    certificate.refresh_from_db()
    assert audited.drawn_place is None
    assert certificate.wound_up_at


@pytest.fixture
def approved(using: Dataset, make_dialogue: Make) -> list[Dialogue]:
    dialogues = make_some(make_dialogue, 3)
    certificate_of(using)
    applying.apply(using)
    return dialogues


def test_what_it_approved_is_put_back_but_for_what_a_release_holds(
    using: Dataset, approved: list[Dialogue], carol: User, bob: User
) -> None:
    certificate = Certificate.objects.get()
    Dialogue.objects.filter(pk=approved[0].pk).update(released=True)
    Dialogue.objects.filter(pk=approved[1].pk).update(traits=["leak"], check_outcome="improved")
    with pytest.raises(Conflict, match="Withdraw it before"):
        putting_back.ask(certificate=certificate, by=carol)
    certificates.withdraw(certificate=certificate, by=carol)
    certificate.refresh_from_db()
    with pytest.raises(NotAllowed):
        putting_back.ask(certificate=certificate, by=bob)
    [listed] = listing.listed(using)
    assert (listed.counts.accepted, listed.counts.to_put_back) == (3, 2)
    assert putting_back.ask(certificate=certificate, by=carol) == 2
    tend_certificates(using.pk)
    assert stages_of(approved) == [Stage.APPROVED, Stage.JUDGED, Stage.JUDGED]
    approved[1].refresh_from_db()
    assert (approved[1].approval, approved[1].approved_candidate) == ("", None)
    assert (approved[1].check_outcome, approved[1].traits_due) == ("", False)
    rows = Certified.objects.filter(put_back_by=carol, put_back_at__isnull=False)
    assert rows.count() == 2
    [listed] = listing.listed(using)
    assert (listed.counts.put_back, listed.counts.to_put_back) == (2, 0)
    with pytest.raises(Conflict, match="Nothing that certificate 1 approved"):
        putting_back.ask(certificate=certificate, by=carol)
    certificate_of(using, number=2)
    assert applying.apply(using) == 0


def test_a_worker_that_dies_while_putting_back_goes_on_where_it_was(
    using: Dataset, approved: list[Dialogue], carol: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = Certificate.objects.get()
    certificates.withdraw(certificate=certificate, by=carol)
    certificate.refresh_from_db()
    putting_back.ask(certificate=certificate, by=carol)
    monkeypatch.setattr(putting_back, "BATCH", 2)
    with monkeypatch.context() as dying:
        note, calls = putting_back._note, iter([True])
        dying.setattr(putting_back, "_note", lambda *args: next(calls) and note(*args))
        with pytest.raises(StopIteration):
            putting_back.put_back(Certificate.objects.get())
    assert sorted(stages_of(approved)) == ["approved", "judged", "judged"]
    tend_certificates(using.pk)
    assert set(stages_of(approved)) == {Stage.JUDGED}


def test_the_page_says_that_it_was_certified_and_has_people_decide(
    using: Dataset,
    approved: list[Dialogue],
    alice: User,
    bob: User,
    carol: User,
    client_of: Browser,
    claim: Claim,
) -> None:
    url = f"/datasets/coast/dialogues/{approved[0].external_id}/"
    page = client_of(bob).get(url).content.decode()
    assert "Approved without a person, by certificate 1 (judges: critic)." in page
    assert "written by writer" in page
    assert "certificate 1" not in client_of(alice).get(url).content.decode()
    back = f"/datasets/coast/put-back/{approved[0].external_id}/"
    assert client_of(alice).post(back).status_code == 403
    assert client_of(bob).get(back).status_code == 405
    assert client_of(bob).post(back).status_code == 302
    page = client_of(carol).get(url).content.decode()
    assert "put back for people to decide" in page
    assert "Have people decide on it" not in page
    assert claim(alice).dialogue == approved[0]
    assert applying.apply(using) == 0


def test_lists_are_narrowed_to_what_was_certified_for_those_who_settle_disputes(
    using: Dataset,
    approved: list[Dialogue],
    make_dialogue: Make,
    alice: User,
    bob: User,
    client_of: Browser,
) -> None:
    Dialogue.objects.filter(pk=approved[0].pk).update(approval=Approval.ACCEPTED)
    url = "/datasets/coast/dialogues/?approval=certified"
    page = client_of(bob).get(url).content.decode()
    assert approved[0].external_id not in page
    assert approved[1].external_id in page
    assert 'name="approval"' not in client_of(alice).get(url).content.decode()


def test_programs_read_and_put_back_what_was_certified(
    approved: list[Dialogue], bob: User, alice: User, program_of: Callable[[User], Client]
) -> None:
    url = f"/api/v1/datasets/coast/dialogues/{approved[0].external_id}/"
    body = program_of(bob).get(url).json()
    assert body["approval"] == "certified"
    assert body["certified"]["judges"] == ["critic"]
    assert body["certified"]["used_as"] == "accepted"
    assert program_of(alice).get(url).json()["certified"] is None
    assert program_of(alice).post(f"{url}put-back/").status_code == 403
    assert program_of(bob).post(f"{url}put-back/").status_code == 204
    assert program_of(bob).post(f"{url}put-back/").status_code == 409


def test_what_a_release_holds_is_not_put_back_one_by_one_either(
    approved: list[Dialogue], bob: User
) -> None:
    Dialogue.objects.update(released=True)
    with pytest.raises(Conflict, match="part of a release"):
        putting_back.put_back_one(dialogue=approved[0], by=bob)


def test_who_skips_what_is_to_be_looked_at_leaves_it_to_the_next(
    using: Dataset, make_dialogue: Make, alice: User, claim: Claim, erin: User
) -> None:
    [audited] = make_some(make_dialogue, 1, audited=True)
    certificate_of(using)
    applying.apply(using)
    place = claim(alice)
    decisions.decide(assignment=place, ruling=Ruling(Verdict.SKIP), by=alice)
    assert claim(erin).dialogue == audited
    assert Certified.objects.get().good is None
