"""An index is built once, kept on disk for every process, and never trusted where it is broken."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import numpy as np
import pytest

from generation.retrievers import Corpus, Queries, corpora, stored
from generation.retrievers.bm25 import Bm25, Bm25Index
from generation.retrievers.corpora import edition_of, index_of, nearest
from generation.retrievers.stored import Edition
from generation.retrievers.texts import Places, SortedTexts
from generation.searching.tasks import build_index
from review.models import Dataset, Image

PRIMARY = Bm25()


@pytest.fixture(autouse=True)
def record(tmp_path: Path, settings: Any) -> Iterator[Path]:
    settings.RECORD_DIR = tmp_path
    forget()
    yield tmp_path
    forget()


def forget() -> None:
    """As a process that has just started."""
    corpora._open.clear()
    corpora.edition_at.cache_clear()


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The version of every index that is built from now on."""
    versions: list[int] = []
    build = Bm25Index.of

    def counted(corpus: Corpus) -> Bm25Index:
        versions.append(corpus.version)
        return build(corpus)

    monkeypatch.setattr(Bm25Index, "of", counted)
    return versions


@pytest.fixture
def grow(dataset: Dataset, images: list[Image]) -> Callable[[], None]:
    def one_more() -> None:
        Image.objects.create(dataset=dataset, external_id="tram", caption="tram", added_version=2)
        Dataset.objects.filter(pk=dataset.pk).update(corpus_version=2)

    return one_more


def folder(dataset: Dataset) -> Path:
    return edition_of(dataset).folder(PRIMARY)


def test_a_process_that_starts_anew_finds_what_was_built(
    dataset: Dataset, images: list[Image], builds: list[int]
) -> None:
    _, first = index_of(dataset, PRIMARY)
    forget()
    _, second = index_of(dataset, PRIMARY)
    assert builds == [1]
    assert list(second.image_ids) == list(first.image_ids)
    texts = ["an old lighthouse", "people in the sun", "nothing of it", ""]
    assert np.array_equal(first.scores(Queries.plain(texts)), second.scores(Queries.plain(texts)))
    assert second.why_not("gone") == first.why_not("gone")


def test_a_change_of_the_corpus_builds_it_anew_and_removes_the_old(
    dataset: Dataset, builds: list[int], grow: Callable[[], None]
) -> None:
    index_of(dataset, PRIMARY)
    old = folder(dataset)
    grow()
    found = nearest(dataset, PRIMARY)
    assert found is not None
    assert found[0].version == 1
    assert index_of(dataset, PRIMARY)[0] == 2
    assert builds == [1, 2]
    assert not old.exists()
    assert folder(dataset).exists()


def _cut(path: Path) -> None:
    os.truncate(path / "data.csc.index.npy", 100)


def _lose(path: Path) -> None:
    (path / "images.texts.npy").unlink()


def _turn(path: Path) -> None:
    file = path / "vocabulary.texts.npy"
    file.write_bytes(file.read_bytes()[:-1] + b"?")


def _unseal(path: Path) -> None:
    (path / stored.CONTENTS).write_text("{")


@pytest.mark.parametrize("harm", [_cut, _lose, _turn, _unseal])
def test_a_broken_index_is_noticed_and_replaced(
    dataset: Dataset, images: list[Image], builds: list[int], harm: Callable[[Path], None]
) -> None:
    index_of(dataset, PRIMARY)
    harm(folder(dataset))
    forget()
    assert nearest(dataset, PRIMARY) is None
    assert "cabin" in index_of(dataset, PRIMARY)[1].places
    assert builds == [1, 1]
    forget()
    assert nearest(dataset, PRIMARY) is not None


def test_of_two_that_build_at_once_one_wins_and_nothing_is_left_over(
    dataset: Dataset, images: list[Image]
) -> None:
    edition = edition_of(dataset)
    index = PRIMARY.index(corpora.corpus_at(dataset.pk, 1))
    barrier, failures = Barrier(4), []

    def save() -> None:
        barrier.wait(10)
        try:
            stored.save(index, edition, PRIMARY)
        except OSError as error:
            failures.append(error)

    threads = [Thread(target=save) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert failures == []
    assert stored.load(edition, PRIMARY) is not None
    assert [path.name for path in folder(dataset).parent.iterdir()] == [folder(dataset).name]


def test_where_the_disk_takes_nothing_the_index_is_kept_in_memory(
    dataset: Dataset, images: list[Image], record: Path, builds: list[int]
) -> None:
    (record / "indexes").write_text("in the way")
    assert "cabin" in index_of(dataset, PRIMARY)[1].places
    index_of(dataset, PRIMARY)
    assert builds == [1]


def test_a_record_that_went_another_way_does_not_take_the_old_index(
    dataset: Dataset, images: list[Image], builds: list[int]
) -> None:
    index_of(dataset, PRIMARY)
    Image.objects.filter(external_id="cabin").delete()
    Image.objects.create(dataset=dataset, external_id="mill", caption="a mill", added_version=1)
    forget()
    assert "mill" in index_of(dataset, PRIMARY)[1].places
    assert builds == [1, 1]


def test_the_task_builds_what_is_missing_and_minds_no_repeat(
    dataset: Dataset, images: list[Image], builds: list[int]
) -> None:
    for dataset_id in [dataset.pk, dataset.pk, 999_999]:
        build_index.apply(args=[dataset_id], throw=True)
    assert builds == [1]


@pytest.mark.parametrize("captions", [(), ("",), ("?!", "…")])
def test_a_corpus_without_words_is_kept_too(captions: tuple[str, ...]) -> None:
    corpus = Corpus(1, 1, tuple(f"img-{n}" for n in range(len(captions))), captions)
    edition = Edition(1, 1, len(captions), "stamp")
    stored.save(PRIMARY.index(corpus), edition, PRIMARY)
    opened = stored.load(edition, PRIMARY)
    assert opened is not None
    assert not opened.scores(Queries.plain(["lighthouse"])).any()


def test_texts_are_found_in_any_script(tmp_path: Path) -> None:
    words = ["", "a", "ab", "b", "灯台", "灯", "маяк", "🗼", "\ud800"]
    SortedTexts.of(reversed(words)).save(tmp_path, "words")
    texts = SortedTexts.load(tmp_path, "words")
    assert sorted(texts) == sorted(words)
    assert [texts[Places(texts)[word]] for word in words] == words
    assert texts.place("c") is None
    assert texts[-1:] == [texts[len(words) - 1]]
