"""Admins set up retrievers on pages and by API: each refusal says what is wrong."""

from collections.abc import Callable
from secrets import token_hex
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from generation import retrievers
from generation.models import ConfiguredRetriever, Endpoint
from generation.retrievers import setting_up
from generation.retrievers.setting_up import Wanted
from review.checking import Checker
from review.errors import Conflict, Invalid
from review.models import Approval, Dataset, Dialogue, Image, Stage, User

PAGES = "/datasets/coast/models/retrievers/"
API = "/api/v1/datasets/coast/retrievers/"
FOLDER = {"path": "/models/tiny"}


@pytest.fixture
def carols(carol: User, client_of: Callable[[User], Client], images: list[Image]) -> Client:
    return client_of(carol)


def add(dataset: Dataset, name: str, kind: str = "dense", **wanted: Any) -> ConfiguredRetriever:
    wanted = wanted or {"settings": FOLDER}
    return setting_up.add_retriever(dataset=dataset, name=name, kind=kind, wanted=Wanted(**wanted))


def names(dataset: Dataset) -> list[str]:
    return [row.name for row in retrievers.configured(dataset)]


def test_what_is_added_stands_beside_the_shipped_one_which_stays_the_primary(
    dataset: Dataset,
) -> None:
    add(dataset, "meaning")
    add(dataset, "both", "fusion", members=["bm25", "meaning"])
    assert names(dataset) == ["bm25", "both", "meaning"]


@pytest.mark.parametrize(
    ("name", "kind", "wanted", "field"),
    [
        ("No Name", "dense", {"settings": FOLDER}, "name"),
        ("", "dense", {"settings": FOLDER}, "name"),
        ("x" * 65, "dense", {"settings": FOLDER}, "name"),
        ("x", "oracle", {}, "kind"),
        ("x", "dense", {"settings": {}}, "settings"),
        ("x", "dense", {"settings": {"paht": "/models"}}, "settings"),
        ("x", "endpoint", {"endpoint": "nowhere"}, "endpoint"),
        ("x", "dense", {"settings": FOLDER, "endpoint": "remote"}, "endpoint"),
        ("x", "fusion", {"members": ["bm25"]}, "members"),
        ("x", "fusion", {"members": ["bm25", "bm26"]}, "members"),
        ("x", "bm25", {"members": ["bm25", "bm25"]}, "members"),
    ],
)
def test_what_cannot_be_set_up_is_refused_at_its_field(
    dataset: Dataset, name: str, kind: str, wanted: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        setting_up.add_retriever(dataset=dataset, name=name, kind=kind, wanted=Wanted(**wanted))
    assert refused.value.field == field
    assert names(dataset) == ["bm25"]


def test_an_endpoint_that_is_not_used_for_vectors_makes_no_retriever(
    dataset: Dataset, make_endpoint: Callable[..., Endpoint]
) -> None:
    endpoint = make_endpoint(dataset=dataset)
    with pytest.raises(Invalid, match="not used for vectors"):
        add(dataset, "server", "endpoint", endpoint=endpoint.name)
    Endpoint.objects.filter(pk=endpoint.pk).update(jobs=["embed"])
    assert add(dataset, "server", "endpoint", endpoint=endpoint.name).endpoint == endpoint


def test_a_name_is_given_once_and_free_again_after_its_retirement(dataset: Dataset) -> None:
    first = add(dataset, "meaning")
    with pytest.raises(Conflict, match="already"):
        add(dataset, "meaning")
    setting_up.retire_retriever(retriever=first)
    assert add(dataset, "meaning").pk != first.pk


def test_the_marks_of_as_many_retrievers_as_there_may_be_stand_with_a_dialogue(
    dataset: Dataset, dialogue: Dialogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(setting_up, "MOST", 2)
    last = add(dataset, "meaning")
    with pytest.raises(Conflict, match="coast has 2 retrievers, which is the most"):
        add(dataset, "one-more", settings={"path": "/models/other"})
    monkeypatch.undo()
    # Names that cannot be packed, and as long as they may be.
    others = [token_hex(setting_up.LONGEST_NAME // 2) for _ in range(setting_up.MOST - 1)]
    marks = {name: Checker(name, token_hex(32), 1).mark for name in [*others, last.name]}
    now = timezone.now()
    Dialogue.objects.filter(pk=dialogue.pk).update(
        stage=Stage.APPROVED,
        approval=Approval.ACCEPTED,
        approved_candidate=dialogue.candidates.first(),
        settled_at=now,
        checked_at=now,
        ranked_as=Checker(others[0], token_hex(32), 10**9).key,
        checked_as=marks,
    )
    setting_up.retire_retriever(retriever=last)
    dialogue.refresh_from_db()
    assert dialogue.checked_as.keys() == set(others)


def test_there_is_always_one_primary(dataset: Dataset) -> None:
    meaning = add(dataset, "meaning")
    setting_up.make_primary(retriever=meaning)
    assert names(dataset) == ["meaning", "bm25"]
    with pytest.raises(Conflict, match="another one primary first"):
        setting_up.retire_retriever(retriever=meaning)


def test_what_would_rank_alike_is_not_set_up_twice(dataset: Dataset) -> None:
    other = {"settings": {"path": "/models/other"}}
    meaning = add(dataset, "meaning")
    both = add(dataset, "both", "fusion", members=["bm25", "meaning"])
    add(dataset, "other", **other)
    for kind, wanted in (("bm25", {"settings": {}}), ("dense", {"settings": FOLDER})):
        with pytest.raises(Invalid, match="is the same retriever"):
            add(dataset, "again", kind, **wanted)
    with pytest.raises(Invalid, match="“both” is the same"):
        add(dataset, "again", "fusion", members=["meaning", "bm25"])
    with pytest.raises(Invalid, match="“other” is the same"):
        setting_up.change_retriever(retriever=meaning, wanted=Wanted(**other))
    setting_up.change_retriever(retriever=both, wanted=Wanted(members=["bm25", "other"]))


def test_a_change_takes_nothing_back_that_came_about_since_its_page_was_loaded(
    dataset: Dataset,
) -> None:
    loaded = add(dataset, "meaning")
    now = ConfiguredRetriever.objects.get(pk=loaded.pk)
    setting_up.make_primary(retriever=now)
    ConfiguredRetriever.objects.filter(pk=now.pk).update(fingerprint="f" * 64)
    setting_up.change_retriever(retriever=loaded, wanted=Wanted({"path": "/models/other"}))
    now.refresh_from_db()
    assert (now.primary, now.fingerprint) == (True, "f" * 64)
    assert now.settings == {"path": "/models/other"}
    bm25 = retrievers.configured(dataset)[1]
    setting_up.retire_retriever(retriever=ConfiguredRetriever.objects.get(pk=bm25.pk))
    with pytest.raises(Conflict, match="retired meanwhile"):
        setting_up.change_retriever(retriever=bm25, wanted=Wanted())


def test_a_member_of_a_fusion_is_not_retired(dataset: Dataset) -> None:
    meaning = add(dataset, "meaning")
    add(dataset, "both", "fusion", members=["bm25", "meaning"])
    with pytest.raises(Conflict, match="both"):
        setting_up.retire_retriever(retriever=meaning)


def test_the_pages_lead_from_the_list_to_a_retriever_and_back(
    carols: Client, dataset: Dataset
) -> None:
    page = carols.get(PAGES).content.decode()
    for words in ("bm25", "primary", "finds", "Embeddings server", "Fusion"):
        assert words in page
    sent = {"name": "meaning", "path": "/models/tiny", "query_prefix": "query: "}
    assert carols.post(f"{PAGES}new/dense/", sent).status_code == 302
    kept = ConfiguredRetriever.objects.get(name="meaning").settings
    assert kept == {"path": "/models/tiny", "query_prefix": "query: "}
    assert "being prepared" in carols.get(f"{PAGES}meaning/").content.decode()
    carols.post(f"{PAGES}meaning/", {"path": "/models/other"})
    assert ConfiguredRetriever.objects.get(name="meaning").settings == {"path": "/models/other"}
    carols.post(f"{PAGES}meaning/primary/")
    carols.post(f"{PAGES}bm25/retire/")
    assert names(dataset) == ["meaning"]


def test_a_form_that_is_wrong_says_so_at_its_field(carols: Client) -> None:
    response = carols.post(f"{PAGES}new/dense/", {"name": "meaning"})
    assert response.status_code == 422
    assert "OWNER/NAME" in response.content.decode() or "Name a" in response.content.decode()
    assert carols.get(f"{PAGES}new/oracle/").status_code == 404
    assert carols.get(f"{PAGES}nothing/").status_code == 404


def test_only_admins_come_near(bob: User, client_of: Callable[[User], Client]) -> None:
    client = client_of(bob)
    assert client.get(PAGES).status_code == 403
    assert client.get(API).status_code == 403
    assert client.post(f"{PAGES}bm25/retire/").status_code == 403


def test_a_program_sets_up_changes_and_retires(
    carols: Client, dataset: Dataset, make_endpoint: Callable[..., Endpoint]
) -> None:
    sent = {"name": "meaning", "kind": "dense", "settings": FOLDER}
    added = carols.post(API, sent, content_type="application/json")
    assert added.status_code == 201, added.json()
    assert added.json()["waits_for"]
    changed = carols.patch(
        f"{API}meaning/", {"settings": {"path": "/models/b"}}, content_type="application/json"
    )
    assert changed.json()["settings"] == {"path": "/models/b"}
    assert carols.post(f"{API}meaning/primary/").json()["primary"] is True
    refused = carols.delete(f"{API}meaning/")
    assert refused.status_code == 409
    assert carols.delete(f"{API}bm25/").status_code == 204
    assert [one["name"] for one in carols.get(API).json()] == ["meaning"]
