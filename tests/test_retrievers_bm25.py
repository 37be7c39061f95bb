"""BM25 over captions: finds by words in any script, and says what it cannot rank."""

import math
import random
from collections.abc import Callable

import numpy as np
import pytest

from generation import retrievers
from generation.retrievers import Corpus, Queries, bm25
from generation.retrievers.bm25 import K1, B, Bm25, terms
from generation.retrievers.corpora import corpus_at, index_of
from review.errors import Missing
from review.models import Dataset, Image


def corpus(*captions: str) -> Corpus:
    return Corpus(1, 1, tuple(f"img-{n:02}" for n in range(len(captions))), captions)


def best(captions: list[str], text: str) -> str:
    index = Bm25().index(corpus(*captions))
    return captions[int(index.scores(Queries.plain([text]))[0].argmax())]


def lucene(captions: list[str], text: str) -> list[float]:
    """BM25 as Lucene has it, written out."""
    documents = [terms(caption) for caption in captions]
    mean = sum(map(len, documents)) / len(documents)
    scores = []
    for document in documents:
        score = 0.0
        for term in terms(text):
            having, count = sum(term in d for d in documents), document.count(term)
            idf = math.log(1 + (len(documents) - having + 0.5) / (having + 0.5))
            score += idf * count / (count + K1 * (1 - B + B * len(document) / mean))
        scores.append(score)
    return scores


def test_scores_are_bm25_as_lucene_has_it() -> None:
    chance = random.Random(7)  # noqa: S311 - the same captions every time
    words = ["old", "lighthouse", "cloudy", "sky", "pier", "boat", "sun", "dunes"]
    captions = [" ".join(chance.choices(words, k=chance.randint(1, 9))) for _ in range(40)]
    index = Bm25().index(corpus(*captions))
    for text in ["cloudy lighthouse", "the old pier", "sun sun boat", "unknown words"]:
        assert index.scores(Queries.plain([text]))[0] == pytest.approx(
            lucene(captions, text), abs=1e-9
        )


@pytest.mark.parametrize(
    ("wanted", "other", "query"),
    [
        ("Ein Leuchtturm an der Küste", "Ein Schiff im Hafen", "KÜSTE mit Leuchtturm"),
        ("Старый маяк у моря", "Дом в лесу", "маяк на скале"),
        ("منارة على الشاطئ", "بيت في الغابة", "منارة قديمة"),
        ("पुराना प्रकाशस्तंभ", "जंगल में घर", "प्रकाशस्तंभ की तस्वीर"),
        ("阴天海边的旧灯塔", "晴天山里的小屋", "灯塔的照片"),
        ("一只小猫在睡觉", "一条狗在跑步", "猫"),
        ("曇りの日の灯台", "晴れの日の山小屋", "古い灯台の写真"),
        ("ประภาคารเก่าริมทะเล", "บ้านในป่า", "ภาพประภาคาร"),
        ("흐린 날의 등대", "숲 속의 집", "등대"),
        ("cafe\u0301 at night", "a barn by day", "café"),
    ],
)
def test_it_finds_in_every_script(wanted: str, other: str, query: str) -> None:
    assert best([other, wanted], query) == wanted


def test_scores_do_not_depend_on_order_or_batch() -> None:
    captions = ["old lighthouse", "lighthouse on a cliff", "boat", "old boat house", "a cliff"]
    texts = ["old lighthouse on a cliff", "boat"]
    index = Bm25().index(corpus(*captions))
    together = index.scores(Queries.plain(texts))
    turned = Bm25().index(corpus(*reversed(captions))).scores(Queries.plain(texts))[:, ::-1]
    assert np.array_equal(together, turned)
    assert np.array_equal(
        together, np.vstack([index.scores(Queries.plain([text])) for text in texts])
    )


@pytest.mark.parametrize("captions", [[], [""], ["?!", "…"]])
def test_a_corpus_without_words_scores_nothing(captions: list[str]) -> None:
    index = Bm25().index(corpus(*captions))
    assert not index.scores(Queries.plain(["lighthouse", ""])).any()


def test_an_image_without_a_caption_is_not_ranked_and_says_why() -> None:
    index = Bm25().index(corpus("a pier", "  "))
    assert list(index.image_ids) == ["img-00"]
    assert "no caption" in index.why_not("img-01")
    assert "not in the corpus" in index.why_not("img-09")


def test_the_hash_changes_with_what_changes_ranks(monkeypatch: pytest.MonkeyPatch) -> None:
    before = Bm25().hash
    assert Bm25().hash == before
    monkeypatch.setattr(bm25, "K1", 1.2)
    bm25.fingerprint.cache_clear()
    assert Bm25().hash != before
    bm25.fingerprint.cache_clear()


def test_a_retriever_that_does_not_exist_is_named_with_those_there_are(dataset: Dataset) -> None:
    with pytest.raises(Missing, match=r"“clop”.*bm25"):
        retrievers.retriever(dataset, "clop")


def test_a_dataset_that_set_up_no_retriever_has_one_that_needs_no_model(dataset: Dataset) -> None:
    [only] = retrievers.of_dataset(dataset)
    assert (only.name, only.is_light) == ("bm25", True)
    assert retrievers.primary(dataset).hash == only.hash


@pytest.fixture
def grown(dataset: Dataset, images: list[Image]) -> Callable[[], None]:
    def grow() -> None:
        Image.objects.create(dataset=dataset, external_id="new", caption="a tram", added_version=2)
        Image.objects.filter(external_id="cabin").update(removed_version=2)
        Dataset.objects.filter(pk=dataset.pk).update(corpus_version=2)

    return grow


def test_an_index_is_kept_until_the_corpus_changes(
    dataset: Dataset, grown: Callable[[], None]
) -> None:
    version, index = index_of(dataset, retrievers.primary(dataset))
    assert index_of(dataset, retrievers.primary(dataset)) == (version, index)
    grown()
    version, renewed = index_of(dataset, retrievers.primary(dataset))
    assert version == 2
    assert "new" in renewed.places
    assert "cabin" not in renewed.places


def test_a_corpus_can_be_read_as_it_was(dataset: Dataset, grown: Callable[[], None]) -> None:
    grown()
    assert "cabin" in corpus_at(dataset.pk, 1).image_ids
    assert "new" not in corpus_at(dataset.pk, 1).image_ids
