"""Who of a panel judges what: what is still to be scored or compared, and by whom.

A judge is not asked about what its own model family wrote as long as the panel has another; where
it has none the judgement is marked as self-judged.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import combinations, groupby
from operator import or_
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from generation.models import Endpoint, Run
from generation.provenance import family_of_candidate
from review.intake import Provenance
from review.models import Candidate, Comparison, Judgement

# How many of the best are compared with each other unless the run says otherwise.
BEST = 3


@dataclass(frozen=True)
class Due:
    """A candidate that a judge is still to score; `orders` are the passes that lack its score.

    False stands for the first pass, True for the one in the reverse order.
    """

    dialogue_id: int
    candidate_id: int
    text: str
    self_judged: bool
    orders: frozenset[bool]


@dataclass(frozen=True)
class DuePair:
    """Two candidates, {id: text}, that a judge is still to compare."""

    dialogue_id: int
    texts: Mapping[int, str]
    self_judged: bool


def panel_of(endpoints: Sequence[Endpoint]) -> dict[str, str]:
    """The judges of a run and their families, as frozen with it."""
    return {endpoint.name: endpoint.family for endpoint in endpoints}


def orders_of(run: Run) -> list[bool]:
    """The passes that a run makes over each dialogue."""
    return [False, True] if run.parameters.get("both_orders") else [False]


def due(
    run: Run, endpoint: Endpoint, by: Provenance, dialogues: Sequence[int] | None = None
) -> Iterator[Due]:
    """What a judge has not scored yet, by dialogue; within `dialogues` where they are given."""
    orders = orders_of(run)
    scored = {f"scored_{order}": Exists(_scores(by, reversed=order)) for order in orders}
    rows = _candidates(run, dialogues).annotate(**scored).order_by("dialogue_id", "pk")
    for row in rows.values(*_FIELDS, *scored).iterator(chunk_size=5000):
        lacks = frozenset(order for order in orders if not row[f"scored_{order}"])
        own = _is_own(row, endpoint)
        if lacks and not (own and _has_another(row, run)):
            yield Due(row["dialogue_id"], row["pk"], row["text"], own, lacks)


def due_pairs(
    run: Run, endpoint: Endpoint, by: Provenance, dialogues: Sequence[int] | None = None
) -> Iterator[DuePair]:
    """Pairs of the best scored candidates of each dialogue that a judge has not compared yet."""
    done = _compared(run, by, dialogues)
    rows = _candidates(run, dialogues).exclude(panel_score=None)
    best_first = rows.order_by("dialogue_id", "-panel_score", "pk").values(*_FIELDS)
    most = run.parameters.get("best", BEST)
    by_dialogue = groupby(best_first.iterator(chunk_size=5000), lambda row: row["dialogue_id"])
    for dialogue_id, group in by_dialogue:
        for pair in combinations(list(group)[:most], 2):
            keys = {row["pk"] for row in pair}
            own = any(_is_own(row, endpoint) for row in pair)
            withheld = any(_is_own(row, endpoint) and _has_another(row, run) for row in pair)
            if frozenset(keys) not in done and not withheld:
                yield DuePair(dialogue_id, {row["pk"]: row["text"] for row in pair}, own)


def dialogues_due(run: Run, endpoint: Endpoint, by: Provenance) -> set[int]:
    """The dialogues that have something to be scored, without the candidates themselves.

    What one author wrote in a dialogue is one row: a plan is several times quicker.
    """
    unscored = [Q(~Exists(_scores(by, reversed=order))) for order in orders_of(run)]
    rows = _candidates(run, None).filter(reduce(or_, unscored)).values(*_AUTHORS).distinct()
    return {
        row["dialogue_id"]
        for row in rows.iterator(chunk_size=5000)
        if not (_is_own(row, endpoint) and _has_another(row, run))
    }


def dialogues_to_compare(run: Run, endpoint: Endpoint, by: Provenance) -> set[int]:
    """The dialogues that have a pair to be compared."""
    return {pair.dialogue_id for pair in due_pairs(run, endpoint, by)}


_AUTHORS = ("dialogue_id", "family", "model", "author", "also_by")
_FIELDS = ("dialogue_id", "pk", "text", "family", "model", "author", "also_by")


def _candidates(run: Run, dialogues: Sequence[int] | None) -> QuerySet[Candidate]:
    rows = Candidate.objects.proposed()
    if dialogues is None:
        return rows.filter(dialogue__dataset=run.dataset_id)
    return rows.filter(dialogue__in=dialogues)


def _scores(by: Provenance, *, reversed: bool) -> QuerySet[Judgement]:
    return Judgement.objects.filter(
        candidate=OuterRef("pk"),
        judge=by.author,
        prompt_hash=by.prompt_hash,
        reversed=reversed,
        score__isnull=False,
    )


def _compared(run: Run, by: Provenance, dialogues: Sequence[int] | None) -> set[frozenset[int]]:
    rows = Comparison.objects.filter(
        judge=by.author, prompt_hash=by.prompt_hash, unscored_reason=""
    )
    if dialogues is None:
        rows = rows.filter(first__dialogue__dataset=run.dataset_id)
    else:
        rows = rows.filter(first__dialogue__in=dialogues)
    return {frozenset(pair) for pair in rows.values_list("first_id", "second_id")}


def _is_own(row: dict[str, Any], endpoint: Endpoint) -> bool:
    return endpoint.family in _families(row)


def _has_another(row: dict[str, Any], run: Run) -> bool:
    """Whether the panel has a judge that wrote no part of a candidate."""
    return bool(set(run.parameters.get("panel", {}).values()) - _families(row))


def _families(row: dict[str, Any]) -> set[str]:
    authors = [row, *row["also_by"]]
    return {
        family_of_candidate(one.get("family", ""), one.get("model", ""), one.get("author", ""))
        for one in authors
    }
