"""How much of a dataset's gain is leak: what rewrites gain over final queries, and what is left of
it without the words that leak."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from django.db.models import F

from generation import retrievers
from generation.deceiving.renewing import without_leaks
from generation.deceiving.strata import TOP
from generation.measures.metrics import reciprocal_of_first, share_within
from generation.measures.statistics import connected
from review.agreement.estimates import Clusters, Floats, Ints, estimated
from review.models import Dataset, QueryForm, RetrievalCheck, Trait, WordFinding
from review.models.candidates import text_key


@dataclass(frozen=True)
class Gained:
    """The mean gain of the rewrite over the final query on one metric, and what is left of it when
    all leaks are taken out.

    `share` = 1 - left / gain, with its 95% interval over clusters of dialogues that share a target;
    None where rewrites gain nothing, so that there is nothing to be a share of.
    """

    gain: float
    left: float
    share: float | None
    ci95: list[float] | None


@dataclass(frozen=True)
class LeakShare:
    """By one retriever, over the `n` approved dialogues whose targets it ranked for both texts and
    whose words it looked at. `leaking` of these have a leak. Not counted: `unranked`, and
    `unlooked`, whose words (or what is left without leaks) still wait to be looked at."""

    retriever: str
    n: int
    leaking: int
    unranked: int
    unlooked: int
    rr: Gained | None
    recall: Gained | None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


# Ranks as (rank, tied) of the final query, the rewrite, and the rewrite without its leaks.
_Ranks = tuple[int, int]
_Row = tuple[Sequence[str], _Ranks, _Ranks, _Ranks]


def leak_share(dataset: Dataset, retriever: str = "") -> LeakShare:
    """The share of the gain that is leak, by the retriever of that name; "" for the primary."""
    name = retriever or retrievers.configured(dataset)[0].name
    approved = dataset.dialogues.approved().exclude(target_images=[]).exclude(checked_at=None)
    facts = _Facts(dataset, name)
    rows: list[_Row] = []
    leaking = unranked = unlooked = 0
    columns = "approved_candidate", "approved_candidate__text", "target_images", "traits_due"
    found = approved.order_by("pk").values_list("pk", *columns)
    for key, candidate, text, targets, due in found:
        before, after = facts.final_queries.get(key), facts.rewrites.get(candidate)
        if before is None or after is None:
            unranked += 1
            continue
        left = facts.left(candidate, text)
        if left is None or due:
            unlooked += 1
            continue
        leaking += left is not after
        rows.append((targets, before.place, after.place, left.place))
    return LeakShare(name, len(rows), leaking, unranked, unlooked, *_gained(rows))


@dataclass(frozen=True)
class _Fact:
    """A rank, and the edition that it was found in."""

    place: _Ranks
    edition: tuple[str, int]


class _Facts:
    """What one retriever knows of a dataset's approved dialogues, read in three questions."""

    def __init__(self, dataset: Dataset, retriever: str) -> None:
        own = {"dialogue__dataset": dataset, "retriever": retriever}
        checks = RetrievalCheck.objects.filter(rank__isnull=False, **own).order_by("pk")
        approved = checks.filter(candidate=F("dialogue__approved_candidate"))
        self.final_queries = self._by("dialogue_id", checks.filter(form=QueryForm.FINAL_QUERY))
        self.rewrites = self._by("candidate_id", approved.filter(form=QueryForm.REWRITE))
        self._without = {
            (row["candidate_id"], row["text_key"], _edition(row)): _fact(row)
            for row in approved.filter(form=QueryForm.WITHOUT_LEAKS).values(*_COLUMNS, "text_key")
        }
        self._leaks: dict[int, list[WordFinding]] = defaultdict(list)
        leaks = WordFinding.objects.filter(trait=Trait.LEAK, **own)
        for word in leaks.only("candidate_id", "start", "end", "trait", *_EDITION):
            self._leaks[word.candidate_id].append(word)

    def left(self, candidate: int, text: str) -> _Fact | None:
        """The rank without leaks: the rewrite's own where there is none, None where unknown."""
        whole = self.rewrites[candidate]
        words = [
            word
            for word in self._leaks.get(candidate, ())
            if (word.retriever_hash, word.corpus_version) == whole.edition
        ]
        if not words:
            return whole
        key = text_key(without_leaks(text, words))
        return self._without.get((candidate, key, whole.edition))

    @staticmethod
    def _by(name: str, rows: Any) -> dict[int, _Fact]:
        """The last of each."""
        return {row[name]: _fact(row) for row in rows.values(*_COLUMNS)}


_EDITION = ("retriever_hash", "corpus_version")
_COLUMNS = ("dialogue_id", "candidate_id", "rank", "tied", *_EDITION)


def _edition(row: Mapping[str, Any]) -> tuple[str, int]:
    return row["retriever_hash"], row["corpus_version"]


def _fact(row: Mapping[str, Any]) -> _Fact:
    return _Fact((row["rank"], row["tied"]), _edition(row))


def _gained(rows: Sequence[_Row]) -> tuple[Gained | None, Gained | None]:
    """By expected reciprocal rank, and by R@10."""
    if not rows:
        return None, None
    cluster = _clusters([targets for targets, *_ in rows])
    before, after, left = (np.array(column) for column in list(zip(*rows, strict=True))[1:])
    return (
        _gain(_reciprocal(before), _reciprocal(after), _reciprocal(left), cluster),
        _gain(_recall(before), _recall(after), _recall(left), cluster),
    )


def _reciprocal(ranks: Ints) -> Floats:
    return reciprocal_of_first(ranks[:, 0] - 1, ranks[:, 1], np.ones(len(ranks), np.int64))


def _recall(ranks: Ints) -> Floats:
    return share_within(ranks[:, 0] - 1, ranks[:, 1], TOP)


def _clusters(targets: Iterable[Sequence[str]]) -> Ints:
    """Dialogues that share a target, directly or through others, are one cluster."""
    found = list(targets)
    links = ((number, target) for number, ids in enumerate(found) for target in ids)
    return connected(len(found), links)


def _gain(before: Floats, after: Floats, left: Floats, cluster: Ints) -> Gained:
    leak, gain = after - left, after - before
    share, interval = None, None
    if gain.sum() > 0:
        sums = [np.bincount(cluster, values) for values in (leak, gain)]
        tables = np.stack(sums, axis=1).astype(np.float64)
        found = estimated(tables, _ratio, n=len(gain), clusters=Clusters(cluster))
        share = found.value
        interval = None if found.low is None else [found.low, found.high or 0.0]
    return Gained(float(gain.mean()), float((left - before).mean()), share, interval)


def _ratio(tables: Floats) -> Floats:
    """Leak over gain; not defined where nothing is gained."""
    leak, gain = tables[..., 0], tables[..., 1]
    return np.divide(leak, gain, out=np.full(gain.shape, np.nan), where=gain > 0)
