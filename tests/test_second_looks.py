"""What was decided under old guidelines can be sent back for a second look."""

from collections.abc import Callable

import pytest
from django.test import Client

from review import decisions, guidelines
from review.discussion import second_looks
from review.errors import Conflict, Invalid, NotAllowed
from review.models import Assignment, Dataset, Decision, Dialogue, Stage, User, Verdict
from review.rulings import Ruling
from review.tasks import send_back_old, sweep_second_looks

Browser = Callable[[User], Client]


@pytest.fixture
def decided(
    dataset: Dataset,
    make_dialogue: Callable[..., Dialogue],
    alice: User,
    carol: User,
    claim: Callable[[User], Assignment],
) -> list[Decision]:
    """Five decisions under version 1, the last two not open any more; one under version 2, which is
    in force."""
    guidelines.save(dataset=dataset, text="Say all.", by=carol)
    guidelines.confirm(dataset=dataset, by=alice, version=1)
    for number in range(6):
        make_dialogue(f"d-{number}")
    made = []
    for number in range(6):
        if number == 5:
            guidelines.save(dataset=dataset, text="Say all. Be short.", by=carol)
            guidelines.confirm(dataset=dataset, by=alice, version=2)
        place = claim(alice)
        first = place.dialogue.candidates.order_by("pk")[0]
        ruling = Ruling(Verdict.ACCEPT, candidate_id=first.pk)
        made.append(decisions.decide(assignment=place, ruling=ruling, by=alice))
    Dialogue.objects.filter(pk=made[3].dialogue_id).update(released=True)
    Dialogue.objects.filter(pk=made[4].dialogue_id).update(
        stage=Stage.DISPUTED, approved_candidate=None
    )
    reject = Ruling(Verdict.REJECT, reason="unusable")
    decisions.adjudicate(dialogue=made[4].dialogue, ruling=reject, by=carol)
    return made


def test_what_was_decided_under_an_old_version_comes_first_at_the_desk_again(
    dataset: Dataset,
    decided: list[Decision],
    alice: User,
    carol: User,
    claim: Callable[[User], Assignment],
) -> None:
    assert [(u.version, u.decisions) for u in second_looks.made_under_old(dataset)] == [(1, 3)]
    look = second_looks.ask(dataset=dataset, version=1, comment="Shorter, please", by=carol)
    second_looks.send(look)
    look.refresh_from_db()
    assert (look.decisions, look.sent) == (3, 3)
    assert look.ended_at is not None
    back = Assignment.objects.exclude(sent_back_at=None)
    assert {place.dialogue_id for place in back} == {d.dialogue_id for d in decided[:3]}
    place = claim(alice)
    assert (place.dialogue_id, place.sent_back_note) == (decided[0].dialogue_id, "Shorter, please")
    assert second_looks.made_under_old(dataset) == []


def test_a_worker_that_died_is_followed_by_another(
    dataset: Dataset, decided: list[Decision], carol: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = second_looks.ask(dataset=dataset, version=1, comment="Again", by=carol)
    monkeypatch.setattr(second_looks, "SLICE", 1)
    sent = second_looks.send_back_many

    def dies(**arguments: object) -> object:
        monkeypatch.setattr(second_looks, "send_back_many", killed)
        return sent(**arguments)

    def killed(**_: object) -> object:
        raise KeyboardInterrupt

    monkeypatch.setattr(second_looks, "send_back_many", dies)
    with pytest.raises(KeyboardInterrupt):
        second_looks.send(look)
    under = second_looks.made_under_old(dataset)[0]
    assert under.look is not None
    assert (under.decisions, under.look.sent) == (2, 1)
    with pytest.raises(Conflict, match="are being sent back already"):
        second_looks.ask(dataset=dataset, version=1, comment="Again", by=carol)
    monkeypatch.setattr(second_looks, "send_back_many", sent)
    monkeypatch.setattr(send_back_old, "apply_async", lambda ids, **_: send_back_old(*ids))
    sweep_second_looks()
    look.refresh_from_db()
    assert look.sent == 3
    assert not second_looks.unfinished().exists()


def test_only_an_admin_asks_for_it_and_says_why(
    dataset: Dataset, decided: list[Decision], alice: User, carol: User
) -> None:
    with pytest.raises(NotAllowed):
        second_looks.ask(dataset=dataset, version=1, comment="Again", by=alice)
    with pytest.raises(Invalid, match="Say what the reviewer should look at again"):
        second_looks.ask(dataset=dataset, version=1, comment=" ", by=carol)
    with pytest.raises(Invalid, match="no old one"):
        second_looks.ask(dataset=dataset, version=2, comment="Again", by=carol)
    with pytest.raises(Conflict, match="can be sent back any more"):
        second_looks.ask(dataset=dataset, version=0, comment="Again", by=carol)


def test_the_page_says_how_many_and_how_far_it_is(
    dataset: Dataset, decided: list[Decision], alice: User, carol: User, client_of: Browser
) -> None:
    browser, address = client_of(carol), "/datasets/coast/guidelines/"
    assert "Take back 3 decisions" in browser.get(address).content.decode()
    answer = browser.post(f"{address}second-look/", {"version": "1", "comment": "Again"})
    assert answer.status_code == 302
    part = browser.get(address, headers={"HX-Request": "true"}).content.decode()
    assert "0 of 3 sent back" in part
    assert "<html" not in part
    assert "old version" not in client_of(alice).get(address).content.decode()
