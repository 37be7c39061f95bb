"""The nearest images of what somebody types: by an index in PostgreSQL, searched in a worker."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from django.db import IntegrityError, connection

from generation import retrievers
from generation.models import ConfiguredRetriever, VectorSpace
from generation.retrievers import Sought
from generation.retrievers.corpora import edition_of, index_of
from generation.searching import Quest, trying, workers
from generation.searching.trying import Answer, try_text
from generation.vectors import indexing, spaces, tasks
from generation.vectors.nearest import nearest, quick_hits
from review.models import Assignment, Dataset, Dialogue, Image, User
from tests.cheap_encoder import CheapEncoder, CheapKind

Claim = Callable[[User], Assignment]


@pytest.fixture(autouse=True)
def _record(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.RECORD_DIR = tmp_path
    monkeypatch.setattr(tasks, "publish", lambda *_: None)
    monkeypatch.setattr(trying, "ask_for_index", lambda *_: None)


@pytest.fixture
def encoder(monkeypatch: pytest.MonkeyPatch) -> CheapEncoder:
    encoder = CheapEncoder(batch=100)
    monkeypatch.setitem(retrievers.KINDS, "dense", CheapKind(encoder))
    return encoder


@pytest.fixture
def row(dataset: Dataset, encoder: CheapEncoder) -> ConfiguredRetriever:
    """The primary retriever of 400 images with vectors."""
    Image.objects.bulk_create(
        Image(
            dataset=dataset,
            external_id=f"img-{n:03}",
            caption=f"thing{n} near thing{n // 3}",
            added_version=1,
        )
        for n in range(400)
    )
    row = ConfiguredRetriever.objects.create(
        dataset=dataset, name="words", kind="dense", primary=True
    )
    tasks.fill_vectors.apply(args=[row.pk], throw=True)
    row.refresh_from_db()
    return row


def space_of(row: ConfiguredRetriever) -> VectorSpace:
    space = spaces.present(row)
    assert space is not None
    return space


def ask(row: ConfiguredRetriever, text: str, targets: list[str]) -> workers.Parts:
    """What a worker answers to a page."""
    serving = spaces.serving(row)
    return trying.answer(
        {
            "retriever": {name: getattr(serving, name) for name in trying.OF_ROW},
            "edition": vars(edition_of(row.dataset)),
            "quest": vars(Quest(targets, ["img-001"])),
            "leaves_out": True,
            "texts": [text],
        }
    )


@pytest.mark.django_db(transaction=True)
def test_the_index_finds_what_the_exact_search_finds_less_what_is_left_out(
    row: ConfiguredRetriever,
) -> None:
    assert [one.pk for one in spaces.untidy()] == [row.pk]
    tasks.tend_indexes.apply(args=[row.pk], throw=True)
    assert list(spaces.untidy()) == []
    space = space_of(row)
    _, index = index_of(row.dataset, retrievers.made(row))
    queries = retrievers.made(row).queries(["thing7 near thing2", "thing99"])
    assert queries.vectors is not None
    sought = Sought([index.places["img-007"]], [index.places["img-008"]])
    exact = index.search(queries, [sought] * 2, 12)
    assert [one.ranks for one in quick_hits(space, index, queries, sought, 12)] == [
        one.ranks for one in exact
    ]
    assert quick_hits(space, index, queries, sought, 12)[0].best[:5] == exact[0].best[:5]
    # Nearly all are left out or gone: the index is searched until there are enough.
    left = [f"img-{n:03}" for n in range(300)]
    Image.objects.filter(external_id__startswith="img-39").update(removed_version=2)
    found = nearest(space, queries.vectors[0], 12, left_out=left)
    assert len(found) == 12
    assert not set(found) & {*left, *(f"img-39{n}" for n in range(10))}
    indexing.drop_index(space)
    assert not indexing._is_valid(space)


@pytest.mark.django_db(transaction=True)
def test_what_a_killed_build_left_behind_is_replaced(row: ConfiguredRetriever) -> None:
    space = space_of(row)
    with connection.cursor() as cursor:
        # Two equal rows: the unique index cannot be built, and what there is of it is not valid.
        columns = f'"{indexing.name_of(space)}" ON generation_imagevector (space_id)'
        with pytest.raises(IntegrityError):
            cursor.execute(f"CREATE UNIQUE INDEX CONCURRENTLY {columns}")
    assert not indexing._is_valid(space)
    indexing.make_index(space)
    assert indexing._is_valid(space)
    indexing.drop_index(space)


def test_a_worker_answers_with_ranks_and_images(row: ConfiguredRetriever) -> None:
    assert ask(row, "thing7 near thing2", ["img-007"]) == {
        "found": [],
        "edition": None,
        "lacks": "",
    }
    index_of(row.dataset, retrievers.made(row))
    answer = ask(row, "thing7 near thing2", ["img-007", "img-001"])
    assert answer["found"][0].rank == 1
    assert answer["found"][0].top[0][0] == "img-007"
    assert answer["found"][0].corpus_size == 399


def test_an_image_that_came_after_the_index_is_too_new(
    dataset: Dataset, row: ConfiguredRetriever
) -> None:
    index_of(dataset, retrievers.made(row))
    Image.objects.create(dataset=dataset, external_id="new", caption="new", added_version=2)
    Dataset.objects.update(corpus_version=2)
    answer = ask(row, "thing7", ["new"])
    assert answer["edition"].version == 1
    assert answer["found"][0].unranked_reason == (
        "Image “new” is too new: the index that was searched lacks it yet."
    )
    answer = ask(row, "thing7", ["nowhere"])
    assert "not in the corpus" in answer["found"][0].unranked_reason


def test_a_page_says_what_a_retriever_waits_for_and_loads_no_model(
    dataset: Dataset,
    encoder: CheapEncoder,
    dialogue: Dialogue,
    alice: User,
    claim: Claim,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    row = ConfiguredRetriever.objects.create(
        dataset=dataset, name="words", kind="dense", primary=True
    )
    place = claim(alice)
    tried = try_text(place=place, text="a mill", candidate_id=None)
    assert tried.answer == Answer.PREPARING
    assert "being prepared" in tried.lacks
    assert encoder.asked == []
    tasks.fill_vectors.apply(args=[row.pk], throw=True)
    monkeypatch.setattr(trying, "worker_alive", lambda queue: True)

    def ask_elsewhere(question: workers.Parts) -> workers.Parts:
        assert encoder.asked == [], "a page encoded something"
        answer: workers.Parts = trying.answer(orjson.loads(orjson.dumps(question)))
        encoder.asked.clear()
        return orjson.loads(orjson.dumps(answer))

    monkeypatch.setattr(workers, "ask", ask_elsewhere)
    encoder.asked.clear()
    assert try_text(place=place, text="a mill", candidate_id=None).answer == Answer.BUILDING
    row.refresh_from_db()
    index_of(dataset, retrievers.made(row))
    tried = try_text(place=place, text="a lighthouse on a cloudy day", candidate_id=None)
    assert (tried.answer, tried.retriever, tried.outdated) == (Answer.FOUND, "words", False)
    assert tried.text is not None
    assert tried.text.rank is not None
    Image.objects.create(dataset=dataset, external_id="new", caption="new", added_version=2)
    Dataset.objects.update(corpus_version=2)
    tried = try_text(place=place, text="a lighthouse on a cloudy day", candidate_id=None)
    assert (tried.answer, tried.outdated) == (Answer.FOUND, True)
    VectorSpace.objects.all().delete()
    tried = try_text(place=place, text="a mill", candidate_id=None)
    assert tried.answer == Answer.PREPARING
