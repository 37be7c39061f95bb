"""A fusion's ranks follow from its members' ranks alone, and are those of a brute force."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from generation import retrievers
from generation.errors import NotReady
from generation.models import ConfiguredRetriever
from generation.retrievers import Queries, Sought, corpora
from generation.retrievers.corpora import index_of
from generation.retrievers.fusion import Fusion, FusionIndex
from generation.retrievers.ranking import rank_of
from generation.retrievers.reciprocal import worths
from generation.retrievers.stored import Edition
from generation.vectors import filling, spaces
from review.errors import Invalid
from review.models import Dataset, Image
from tests.cheap_encoder import CheapEncoder, CheapKind

NOWHERE = Edition(1, 1, 0, "")


class Given:
    """An index with scores as they are given."""

    def __init__(self, scores: dict[str, float]) -> None:
        self.image_ids = list(scores)
        self.places = {image_id: place for place, image_id in enumerate(scores)}
        self._row = np.array(list(scores.values()))

    def scores(self, queries: Queries) -> Any:
        return np.tile(self._row, (len(queries), 1))

    def why_not(self, image_id: str) -> str:
        return f"{image_id} is not among {len(self.image_ids)}."


def fused(*members: dict[str, float], constant: int = 60) -> FusionIndex:
    indexes: Any = [Given(member) for member in members]
    return FusionIndex.of(NOWHERE, indexes, constant)


def asked(count: int) -> Queries:
    plain = Queries.plain(["a text"])
    return Queries(plain.texts, plain.cut, members=(plain,) * count)


def worth_by_hand(scores: dict[str, float], image_id: str, constant: int) -> float:
    """The mean over all ranks that an image may have among its equals; nothing without any."""
    if image_id not in scores:
        return 0.0
    others = list(scores.values())
    above = sum(other > scores[image_id] + 1e-6 for other in others)
    tied = sum(abs(other - scores[image_id]) <= 1e-6 for other in others)
    return sum(1e6 / (constant + above + 1 + j) for j in range(tied)) / tied


def drawn(random: np.random.Generator) -> dict[str, float]:
    """Few values, so that many are tied; and two that are equal within the tolerance alone."""
    some = random.permutation(list("abcdefghij"))[: random.integers(1, 11)]
    values = random.choice([0.0, 0.5, 0.5 + 4e-7, 1.0, 2.0, 3.0], len(some))
    return dict(zip(some.tolist(), values.tolist(), strict=True))


@pytest.mark.parametrize("constant", [1, 60])
def test_ranks_equal_a_brute_force(constant: int) -> None:
    random = np.random.default_rng(constant)
    for _ in range(200):
        members = [drawn(random), drawn(random)]
        index = fused(*members, constant=constant)
        assert set(index.image_ids) == {*members[0], *members[1]}
        expected = np.array(
            [
                sum(worth_by_hand(member, image_id, constant) for member in members)
                for image_id in index.image_ids
            ]
        )
        [hits] = index.search(asked(2), [Sought(targets=range(len(expected)))])
        by_hand = [rank_of(expected, place) for place in range(len(expected))]
        assert [(r.rank, r.tied) for r in hits.ranks] == [(r.rank, r.tied) for r in by_hand]
        assert [r.score for r in hits.ranks] == pytest.approx(expected.tolist(), abs=1e-7)


def test_far_down_neighbouring_ranks_are_still_told_apart() -> None:
    scores = np.arange(100_000, dtype=np.float64)
    found = worths(scores)
    assert rank_of(found, 0).tied == rank_of(found, 1).tied == 1
    assert rank_of(found, 0).rank == 100_000
    assert found[-1] == pytest.approx(1e6 / 61)


def test_what_is_left_out_is_worth_nothing_and_takes_no_rank() -> None:
    found = worths(np.array([3.0, 2.0, 1.0, 2.0]), left_out=[0])
    shared = (1e6 / 61 + 1e6 / 62) / 2
    assert found == pytest.approx([0, shared, 1e6 / 63, shared])


def test_who_cannot_rank_an_image_adds_nothing_and_nobody_says_why() -> None:
    index = fused({"a": 2.0, "b": 1.0}, {"b": 1.0})
    [row] = index.scores(asked(2))
    assert row == pytest.approx([1e6 / 61, 1e6 / 62 + 1e6 / 61])
    assert index.why_not("c") == "c is not among 2. c is not among 1."


@pytest.fixture
def row(
    dataset: Dataset,
    images: list[Image],
    monkeypatch: pytest.MonkeyPatch,
    settings: Any,
    tmp_path: Path,
) -> ConfiguredRetriever:
    settings.RECORD_DIR = tmp_path
    monkeypatch.setitem(retrievers.KINDS, "dense", CheapKind(CheapEncoder()))
    words = retrievers.configured(dataset)[0]
    meaning = ConfiguredRetriever.objects.create(dataset=dataset, name="meaning", kind="dense")
    fusion = ConfiguredRetriever.objects.create(dataset=dataset, name="both", kind="fusion")
    fusion.members.set([words, meaning])
    return fusion


def test_a_fusion_is_ready_when_its_members_are(dataset: Dataset, row: ConfiguredRetriever) -> None:
    fusion = retrievers.made(row)
    assert (fusion.version, fusion.is_light) == ("bm25 + meaning", False)
    with pytest.raises(NotReady, match="being prepared"):
        _ = fusion.hash
    member = spaces.prepared(row.members.get(name="meaning"))
    assert member is not None
    fusion = retrievers.made(row)
    with pytest.raises(NotReady, match="0 of 4 images"):
        index_of(dataset, fusion)
    filling.fill(member.space(), member.encoder())
    _, index = index_of(dataset, fusion)
    queries = fusion.queries(["an old lighthouse", "cabin"])
    before = index.scores(queries)
    # Another process finds it on the disk, and builds nothing.
    corpora._open.clear()
    reopened = corpora.at_hand(corpora.edition_of(dataset), fusion)
    assert reopened is not None
    assert np.array_equal(reopened.scores(queries), before)
    [best, _] = [hits.best for hits in index.search(queries, [Sought()] * 2, best=2)]
    assert {index.image_ids[place] for place, _ in best} <= {
        "lighthouse-cloudy",
        "lighthouse-sunny",
    }


def test_its_hash_follows_from_its_members_and_k(dataset: Dataset) -> None:
    first: Any = retrievers.made(retrievers.configured(dataset)[0])
    second: Any = Other("x")
    usual = Fusion("both", [first, second]).hash
    assert Fusion("renamed", [second, first]).hash == usual
    assert Fusion("both", [first, second], constant=10).hash != usual
    assert Fusion("both", [first, Other("y")]).hash != usual
    assert Fusion.settings({"k": 60}) == {}
    with pytest.raises(Invalid, match="from 1 to 10,000"):
        Fusion.settings({"k": 0})


class Other:
    is_light = True

    def __init__(self, hash: str) -> None:
        self.name = self.hash = hash
