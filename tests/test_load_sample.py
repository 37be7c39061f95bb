"""The sample: loaded once, with work for the desk, and accounts that open only where they may."""

import json
import shutil
import stat
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from django.contrib.auth import authenticate
from django.core.management import call_command
from django.test import Client

from recqr_site.demo import accounts_file
from recqr_site.management.commands.load_sample import is_imported
from review import sample
from review.models import Candidate, Dataset, Dialogue, Image, Judgement, Membership, Stage, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def sample_there() -> Dataset:
    """A sample whose import has ended, as far as accounts care."""
    dataset = Dataset.objects.create(slug="sample", title="Sample")
    dataset.imports.create(source="x", format="native", finished="2026-01-01T00:00Z")
    return dataset


@pytest.fixture(autouse=True)
def no_accounts_of_before() -> Iterator[None]:
    accounts_file().unlink(missing_ok=True)
    yield
    accounts_file().unlink(missing_ok=True)


def load(accounts: bool) -> None:
    call_command("load_sample", "--demo-accounts" if accounts else "--no-demo-accounts")


def passwords() -> dict[str, str]:
    return {entry["user"]: entry["password"] for entry in json.loads(accounts_file().read_text())}


def test_the_sample_is_ready_for_review_and_loaded_once(
    drawn_sample: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = partial(shutil.copytree, drawn_sample, dirs_exist_ok=True)
    monkeypatch.setattr(sample, "write_sample", copy)
    load(accounts=True)
    dataset = Dataset.objects.get()
    assert dataset.title == "Sample: scenes and seasons"
    assert "final query" in dataset.guidelines
    assert {d.stage for d in Dialogue.objects.all()} == {Stage.JUDGED}
    assert dataset.dialogues.count() >= 25
    assert Image.objects.exclude(file="").count() >= 55
    counts = Candidate.objects.count(), Judgement.objects.count()
    load(accounts=True)
    assert (Candidate.objects.count(), Judgement.objects.count()) == counts
    assert dataset.imports.count() == 1


def test_an_import_of_the_sample_that_did_not_end_does_not_count(sample_there: Dataset) -> None:
    assert is_imported()
    sample_there.imports.update(finished=None)
    assert not is_imported()


def test_the_accounts_open_with_the_passwords_in_the_record(sample_there: Dataset) -> None:
    load(accounts=True)
    for name, password in passwords().items():
        assert authenticate(username=name, password=password)
    roles = dict(Membership.objects.values_list("user__username", "role"))
    assert roles == {"alice": "annotator", "bob": "adjudicator", "carol": "admin"}
    assert set(passwords()) == {"alice", "bob", "carol", "dave"}
    assert stat.S_IMODE(accounts_file().stat().st_mode) == 0o600


def test_the_passwords_stay_the_same(sample_there: Dataset) -> None:
    load(accounts=True)
    before = passwords()
    load(accounts=True)
    assert passwords() == before


def test_where_others_can_reach_the_server_the_accounts_are_shut(sample_there: Dataset) -> None:
    load(accounts=True)
    browser = Client()
    assert browser.login(username="alice", password=passwords()["alice"])
    load(accounts=False)
    assert not authenticate(username="alice", password=passwords()["alice"])
    assert browser.get("/")["Location"].startswith("/login/")
    load(accounts=True)
    assert authenticate(username="alice", password=passwords()["alice"])


def test_somebody_elses_account_of_that_name_is_left_alone(
    sample_there: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    User.objects.create_user("alice", password="her own, not ours")
    load(accounts=True)
    assert authenticate(username="alice", password="her own, not ours")
    assert "alice" not in passwords()
    assert "no demo account" in capsys.readouterr().out
    load(accounts=False)
    assert User.objects.get(username="alice").is_active


def test_new_passwords_are_made_where_the_file_is_lost(sample_there: Dataset) -> None:
    load(accounts=True)
    accounts_file().unlink()
    load(accounts=True)
    assert authenticate(username="bob", password=passwords()["bob"])
