"""The scores of some dialogues of a benchmark by all its retrievers: read where they are known,
else computed, all texts of a retriever at once."""

import logging
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from django.db import Error

from generation.benchmark.forms import Form
from generation.benchmark.planning import forms_of
from generation.benchmark.ranking import Bench
from generation.calls.flow import TurnedAway
from generation.errors import BudgetSpent, NotReady, NoUsableReply
from generation.models import BenchmarkDialogue, BenchmarkScore, BenchmarkText, Run
from generation.searching import Found
from review.errors import Missing

logger = logging.getLogger(__name__)

# What ends a retriever's work on some texts, and no other's.
UNSEARCHED = (NotReady, NoUsableReply, Missing)
# What ends the work for all, and is no fault of any item.
STOPPED = (BudgetSpent, TurnedAway)
# So many dialogues one after the other failed at a retriever: the others would as well.
GIVEN_UP_AFTER = 3


@dataclass
class Scored:
    """What became of one dialogue: new rows, and why retrievers gave none. `stopped` says that it
    was not worked on to its end, through no fault of its own."""

    rows: list[BenchmarkScore] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    stopped: Exception | None = None


@dataclass(frozen=True)
class Todo:
    """The forms of one dialogue that a retriever has still to score, and where that goes."""

    subject: BenchmarkDialogue
    forms: list[Form]
    texts: dict[str, str]
    scored: Scored


class Scorer:
    """One worker's pass over a run; `alive` is called now and then."""

    def __init__(self, run: Run, alive: Callable[[], None]) -> None:
        self._run = run
        self._alive = alive
        self._forms = forms_of(run)
        self._benches = [Bench(run, entry) for entry in run.parameters["retrievers"]]
        # Retrievers that are tried no more, with the reason.
        self._given_up: dict[str, str] = {}

    def scored(self, dialogue_ids: Sequence[int]) -> dict[int, Scored]:
        """By dialogue. What the run has of them already is left as it is."""
        rows = BenchmarkDialogue.objects.filter(run=self._run, dialogue__in=dialogue_ids)
        subjects = list(rows.order_by("pk"))
        texts, there = self._texts(dialogue_ids), self._there(dialogue_ids)
        found = {one.dialogue_id: Scored() for one in subjects}
        try:
            for bench in self._benches:
                todo = [
                    Todo(
                        subject,
                        [f for f in self._forms if (bench.name, f.name) not in there[key]],
                        texts[key],
                        found[key],
                    )
                    for subject in subjects
                    for key in [subject.dialogue_id]
                ]
                self._score(bench, [one for one in todo if one.forms])
        except STOPPED as error:
            for one in found.values():
                one.stopped = error
        return found

    def _score(self, bench: Bench, todo: Sequence[Todo]) -> None:
        """All at once; where that fails one by one, so that the others have their scores."""
        if not todo:
            return
        if reason := self._given_up.get(bench.name):
            _fail(todo, reason)
            return
        try:
            self._score_alone(bench, todo)
        except UNSEARCHED:
            self._score_one_by_one(bench, todo)

    def _score_one_by_one(self, bench: Bench, todo: Sequence[Todo]) -> None:
        in_a_row = 0
        for place, one in enumerate(todo):
            try:
                self._score_alone(bench, [one])
                in_a_row = 0
            except UNSEARCHED as error:
                reason = f"{bench.name}: {error}"
                _fail([one], reason)
                in_a_row += 1
            if in_a_row == GIVEN_UP_AFTER:
                logger.warning("Run %s gives up on a retriever. %s", self._run.pk, reason)
                self._given_up[bench.name] = reason
                _fail(todo[place + 1 :], reason)
                return

    def _score_alone(self, bench: Bench, todo: Sequence[Todo]) -> None:
        """A model that breaks, or one of our own rules, holds up no other retriever."""
        try:
            self._score_together(bench, todo)
        except (*UNSEARCHED, *STOPPED, Error):
            raise
        except Exception as error:
            logger.exception("A retriever of run %s failed: %s", self._run.pk, bench.name)
            raise NotReady(f"It failed: {type(error).__name__}: {error}") from error

    def _score_together(self, bench: Bench, todo: Sequence[Todo]) -> None:
        bench.prepare(self._alive)
        asked = [
            (one, cell, bench.key(cell))
            for one in todo
            for form in one.forms
            for cell in bench.cells(one.subject, form, one.texts)
        ]
        known = _read([key for _, _, key in asked])
        fresh = {key: cell for _, cell, key in asked if key not in known}
        known |= zip(fresh, bench.found(list(fresh.values()), self._alive), strict=True)
        for one, cell, key in asked:
            one.scored.rows.append(bench.row(cell, key, known[key]))

    def _texts(self, dialogue_ids: Sequence[int]) -> dict[int, dict[str, str]]:
        found: dict[int, dict[str, str]] = defaultdict(dict)
        rows = BenchmarkText.objects.filter(run=self._run, dialogue__in=dialogue_ids)
        for key, form, text in rows.values_list("dialogue_id", "form", "text"):
            found[key][form] = text
        return found

    def _there(self, dialogue_ids: Sequence[int]) -> dict[int, set[tuple[str, str]]]:
        found: dict[int, set[tuple[str, str]]] = defaultdict(set)
        rows = BenchmarkScore.objects.filter(run=self._run, dialogue__in=dialogue_ids)
        for key, retriever, form in rows.values_list("dialogue_id", "retriever", "form"):
            found[key].add((retriever, form))
        return found


def _fail(todo: Sequence[Todo], reason: str) -> None:
    for one in todo:
        one.scored.failures.append(reason)


def _read(keys: Sequence[str]) -> dict[str, Found]:
    """What earlier runs found in the same cells; what had no rank is looked for again, since a
    server may take now what it refused then."""
    rows = BenchmarkScore.objects.filter(cell_key__in=set(keys), rank__isnull=False)
    return {row.cell_key: _found(row) for row in rows.iterator(chunk_size=2000)}


def _found(row: BenchmarkScore) -> Found:
    return Found(
        text="",
        corpus_size=row.corpus_size,
        rank=row.rank,
        tied=row.tied,
        score=row.score,
        ranks=row.ranks,
        top=row.top,
        cut=row.cut,
        unranked_reason=row.unranked_reason,
    )
