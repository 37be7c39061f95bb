"""Members: added, changed, paused and removed, by admins and by `add_member`."""

import json
from collections.abc import Callable

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from django.test import Client

from review.errors import Conflict, Invalid, NotAllowed
from review.models import ApiToken, Assignment, Dataset, Dialogue, Membership, PlaceState, User
from review.people import membership


def member(dataset: Dataset, user: User) -> Membership:
    return Membership.objects.get(dataset=dataset, user=user)


def test_a_new_account_can_sign_in_with_its_password(dataset: Dataset, carol: User) -> None:
    added = membership.add_member(dataset=dataset, username="frank", role="annotator", by=carol)
    assert added.password
    assert authenticate(username="frank", password=added.password) == added.user
    assert added.membership.role == "annotator"


def test_an_account_that_is_there_gets_no_password(dataset: Dataset, dave: User) -> None:
    added = membership.add_member(dataset=dataset, username="dave", role="admin")
    assert (added.user, added.password) == (dave, None)


def test_adding_a_member_again_changes_the_role_and_ends_a_pause(
    dataset: Dataset, alice: User, carol: User
) -> None:
    membership.pause(membership=member(dataset, alice), paused=True, by=carol)
    membership.add_member(dataset=dataset, username="alice", role="adjudicator")
    assert (member(dataset, alice).role, member(dataset, alice).paused) == ("adjudicator", False)


@pytest.mark.parametrize("who", ["alice", "bob", "dave"])
def test_only_admins_decide_who_belongs(
    dataset: Dataset, request: pytest.FixtureRequest, who: str, carol: User
) -> None:
    by = request.getfixturevalue(who)
    theirs = member(dataset, carol)
    for change in [
        lambda: membership.add_member(dataset=dataset, username="x", role="annotator", by=by),
        lambda: membership.change_role(membership=theirs, role="annotator", by=by),
        lambda: membership.pause(membership=theirs, paused=True, by=by),
        lambda: membership.remove(membership=theirs, by=by),
    ]:
        with pytest.raises(NotAllowed):
            change()


@pytest.mark.parametrize("name", ["", "  ", "a b", "x" * 151, "a\x00b", "<script>"])
def test_a_name_that_is_none_makes_no_account(dataset: Dataset, name: str) -> None:
    with pytest.raises(Invalid) as refused:
        membership.add_member(dataset=dataset, username=name, role="annotator")
    assert refused.value.field == "username"
    assert not User.objects.exists()


def test_an_unknown_role_names_those_there_are(dataset: Dataset) -> None:
    with pytest.raises(Invalid, match="annotator, adjudicator, admin"):
        membership.add_member(dataset=dataset, username="frank", role="boss")


def test_a_dataset_keeps_its_last_admin(dataset: Dataset, carol: User) -> None:
    hers = member(dataset, carol)
    for change in [
        lambda: membership.change_role(membership=hers, role="annotator", by=carol),
        lambda: membership.pause(membership=hers, paused=True, by=carol),
        lambda: membership.remove(membership=hers, by=carol),
    ]:
        with pytest.raises(Conflict, match="the only admin"):
            change()
    membership.add_member(dataset=dataset, username="frank", role="admin", by=carol)
    membership.remove(membership=member(dataset, carol), by=carol)
    assert not Membership.objects.filter(user=carol).exists()


def test_who_leaves_gives_back_their_place(
    dataset: Dataset,
    alice: User,
    carol: User,
    dialogue: Dialogue,
    claim: Callable[[User], Assignment],
) -> None:
    place = claim(alice)
    membership.remove(membership=member(dataset, alice), by=carol)
    place.refresh_from_db()
    assert place.state == PlaceState.RETURNED


def run(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, str | None]:
    call_command("add_member", *words, "--json")
    answer: dict[str, str | None] = json.loads(capsys.readouterr().out.splitlines()[-1])
    return answer


def test_the_command_shows_a_token_when_asked(
    dataset: Dataset, dave: User, capsys: pytest.CaptureFixture[str]
) -> None:
    without = run(capsys, "coast", "dave", "annotator")
    assert without == {"user": "dave", "role": "annotator", "token": None}
    outcome = run(capsys, "coast", "dave", "admin", "--token")
    assert outcome["role"] == "admin"
    digest = ApiToken.digest_of(outcome["token"] or "")
    assert ApiToken.objects.get(user=dave).digest == digest


def test_a_token_made_at_the_machine_opens_the_desk_at_once(
    capsys: pytest.CaptureFixture[str], dataset: Dataset, dialogue: Dialogue
) -> None:
    Dataset.objects.update(guidelines="Read the dialogue first.", guidelines_version=2)
    outcome = run(capsys, "coast", "gil", "annotator", "--token")
    program = Client(headers={"Authorization": f"Bearer {outcome['token']}"})
    assert program.post("/api/v1/datasets/coast/claim/").status_code == 200


def test_the_command_shows_a_new_password_once(
    dataset: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(capsys, "coast", "frank", "annotator")["password"]
    assert "password" not in run(capsys, "coast", "frank", "annotator")


def test_the_command_names_the_datasets_there_are(dataset: Dataset) -> None:
    with pytest.raises(CommandError, match="There are: coast") as ended:
        call_command("add_member", "coats", "frank", "annotator")
    assert ended.value.returncode == 2
