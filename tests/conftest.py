"""The cast: Alice reviews, Bob adjudicates, Carol administers, Dave is outside."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from pytest_django import DjangoDbBlocker

from generation import checks
from review import assignments, intake, visibility
from review.models import (
    ApiToken,
    Assignment,
    Candidate,
    CandidateKind,
    Criterion,
    Dataset,
    Dialogue,
    Image,
    Membership,
    Role,
    Stage,
    User,
)
from review.sample import write_sample
from tests.plugins import databases
from tests.plugins.sharing import once

TURNS = [
    {"role": "user", "text": "We walked to the old lighthouse last summer.", "images": ["pier"]},
    {"role": "assistant", "text": "At the end of the breakwater?"},
    {"role": "user", "text": "Can you send me that scene on a cloudy day?"},
]
TEXTS = [
    "the old lighthouse at the end of the breakwater on a cloudy day",
    "a lighthouse on a cloudy day",
    "scene on a cloudy day",
]


def pytest_configure() -> None:
    # Hashing a password the safe way takes a quarter of a second; the cast signs in all the time.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


# Tests that start services, sites, workers and browsers of their own wait for most of their time.
WAITING = {"serve", "container", "make_record", "workers", "sample_there", "copy", "visit"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that wait come first: begun last, each of them would keep everything waiting."""
    waiting = {item.path for item in items if WAITING & set(getattr(item, "fixturenames", ()))}
    items.sort(key=lambda item: item.path not in waiting)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
    testrun_uid: str,
    worker_id: str,
) -> None:
    """Processes that test side by side do not migrate each for itself."""
    if worker_id != "master":
        shared = tmp_path_factory.getbasetemp().parent / f"migrated-{testrun_uid}"
        with django_db_blocker.unblock():
            databases.copy_migrated(shared)


@pytest.fixture(scope="session")
def drawn_sample(tmp_path_factory: pytest.TempPathFactory, testrun_uid: str) -> Path:
    """The folder of the sample dataset; drawing it takes eight seconds of a processor."""
    shared = tmp_path_factory.getbasetemp().parent / f"drawn-{testrun_uid}"
    with once(shared) as first:
        if first:
            write_sample(shared / "sample folder")
    return shared / "sample folder"


@pytest.fixture(autouse=True)
def _static_files_by_their_own_names(settings: Any) -> None:
    """No test needs `collectstatic` first, whose manifest gives the files their hashed names."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}


@pytest.fixture
def dataset(db: None) -> Dataset:
    # No arms drawn by lot: what a test is about is shown to everybody.
    return Dataset.objects.create(slug="coast", title="Coast", corpus_version=1, arms={})


def _person(name: str) -> User:
    return User.objects.create_user(name, password=f"{name}-of-the-coast")


def _member(name: str, dataset: Dataset, role: Role) -> User:
    user = _person(name)
    Membership.objects.create(dataset=dataset, user=user, role=role)
    return user


@pytest.fixture
def alice(dataset: Dataset) -> User:
    return _member("alice", dataset, Role.ANNOTATOR)


@pytest.fixture
def bob(dataset: Dataset) -> User:
    return _member("bob", dataset, Role.ADJUDICATOR)


@pytest.fixture
def carol(dataset: Dataset) -> User:
    return _member("carol", dataset, Role.ADMIN)


@pytest.fixture
def dave(db: None) -> User:
    return _person("dave")


@pytest.fixture
def erin(dataset: Dataset) -> User:
    """A second annotator, for what takes two."""
    return _member("erin", dataset, Role.ANNOTATOR)


@pytest.fixture
def client_of() -> Callable[[User], Client]:
    """A browser in which a person is signed in."""

    def sign_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def program_of() -> Callable[[User], Client]:
    """A program that carries a token of its person."""

    def make(user: User) -> Client:
        _, secret = ApiToken.issue(user)
        return Client(headers={"Authorization": f"Bearer {secret}"})

    return make


@pytest.fixture
def images(dataset: Dataset) -> list[Image]:
    captions = {
        "pier": "people on a wooden pier in the sun",
        "lighthouse-cloudy": "an old lighthouse on a breakwater under a cloudy sky",
        "lighthouse-sunny": "an old lighthouse on a breakwater in bright sun",
        "cabin": "a cabin at a mountain lake",
    }
    return [
        Image.objects.create(dataset=dataset, external_id=name, caption=caption, added_version=1)
        for name, caption in captions.items()
    ]


@pytest.fixture
def make_dialogue(dataset: Dataset, images: list[Image]) -> Callable[..., Dialogue]:
    """Makes a dialogue, JUDGED with three candidates unless told otherwise."""

    def make(external_id: str = "d-1", *, stage: Stage = Stage.JUDGED, **fields: Any) -> Dialogue:
        turns = fields.pop("turns", TURNS)
        values = {
            "turns": turns,
            "final_query": turns[-1]["text"],
            "target_images": ["lighthouse-cloudy"],
            "content_hash": external_id,
            **fields,
        }
        dialogue = Dialogue.objects.create(dataset=dataset, external_id=external_id, **values)
        if stage in {Stage.PROPOSED, Stage.JUDGED}:
            propose(dialogue)
        if stage == Stage.JUDGED:
            judge(dialogue)
        dialogue.refresh_from_db()
        return dialogue

    return make


def propose(dialogue: Dialogue) -> list[Candidate]:
    return intake.add_candidates(
        dialogue_id=dialogue.pk,
        texts=TEXTS,
        by=intake.Provenance(author="writer", kind=CandidateKind.MODEL, prompt_hash="p"),
        round=dialogue.round,
    )


def judge(dialogue: Dialogue) -> None:
    """Scores 5, 4 and 3 on every criterion, in the order of the candidates."""
    intake.add_judgements(
        dialogue_id=dialogue.pk,
        by=intake.Provenance(author="critic", kind=CandidateKind.MODEL, prompt_hash="j"),
        judged={
            candidate.pk: [
                intake.JudgedCriterion(criterion, 5 - rank, "as tests say")
                for criterion in Criterion.values
            ]
            for rank, candidate in enumerate(dialogue.candidates.all())
        },
    )


def check(dialogue: Dialogue) -> str:
    """Checks an approved dialogue as a worker does; how it came out."""
    Dialogue.objects.filter(pk=dialogue.pk).update(checks_due=True)
    checks.drain(dialogue.dataset_id)
    dialogue.refresh_from_db()
    return dialogue.check_outcome


@pytest.fixture
def dialogue(make_dialogue: Callable[..., Dialogue]) -> Dialogue:
    return make_dialogue()


@pytest.fixture
def claim(dataset: Dataset) -> Callable[[User], Assignment]:
    """Claims the next place for a person, and shows it to them as the desk does."""

    def claim_next(user: User) -> Assignment:
        dataset.refresh_from_db()
        assignment = assignments.claim_next(dataset=dataset, by=user)
        assert assignment is not None, "nothing waits"
        visibility.record_shown(visibility.at_place(assignment))
        return assignment

    return claim_next
