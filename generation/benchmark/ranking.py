"""Ranks of a benchmark: many texts of many dialogues at once, by one retriever at a time."""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from itertools import repeat
from typing import Any

import numpy as np

from generation import retrievers
from generation.benchmark.forms import FINAL_QUERY, REWRITE, Form, FormKind, last_turns
from generation.benchmark.preparing import prepare
from generation.errors import NotReady
from generation.models import BenchmarkDialogue, BenchmarkScore, Run
from generation.retrievers import (
    Hits,
    Index,
    Queries,
    Retriever,
    Sought,
)
from generation.retrievers.corpora import edition_at, index_at
from generation.retrievers.processors import processors
from generation.retrievers.ranking import Rank, Row, best_of, rank_of
from generation.retrievers.reciprocal import worths
from generation.retrievers.stored import Edition
from generation.searching import Found, Quest, Search
from review.models.candidates import text_key

TOP_IMAGES = 10
# Texts that are made ready and searched with at once.
AT_ONCE = 256
# Pairs of texts whose rankings are fused at once: each takes two rows over the whole corpus.
FUSED_AT_ONCE = 16
# Of how the ranks of a cell come about. Another number: none is read from an earlier run.
RECIPE = 1


@dataclass(frozen=True)
class Cell:
    """One form of one dialogue: the texts that it is searched with (two for a fusion, none at
    random), and what is sought."""

    subject: BenchmarkDialogue
    form: Form
    texts: tuple[str, ...]

    @cached_property
    def quest(self) -> Quest:
        return Quest(self.subject.targets, self.subject.shown, sorted(self.subject.others))


class Bench:
    """One retriever of a run before the frozen corpus."""

    def __init__(self, run: Run, frozen: dict[str, Any]) -> None:
        self.name: str = frozen["name"]
        self._run = run
        self._frozen = frozen
        self._is_prepared = False

    def prepare(self, alive: Callable[[], None]) -> None:
        """Opens the index; where vectors are missing for it they are made here, once."""
        if self._is_prepared:
            return
        self._is_prepared = True
        try:
            _ = self.index
        except NotReady:
            rows = retrievers.configured(self._run.dataset)
            prepare(next(row for row in rows if row.name == self.name), alive)

    @cached_property
    def retriever(self) -> Retriever:
        """Raises `NotReady` where it is not the one that the run froze, and `Missing`."""
        made = retrievers.retriever(self._run.dataset, self.name)
        if self._frozen["hash"] not in ("", made.hash):
            raise NotReady("It has changed since the run began: start another run for it.")
        return made

    @cached_property
    def index(self) -> Index:
        """Built where there is none. Raises `NotReady`."""
        return index_at(self._edition, self.retriever)

    def key(self, cell: Cell) -> str:
        """SHA-256 of all that the ranks of a cell depend on."""
        edition, quest = self._edition, cell.quest
        parts = {
            "recipe": RECIPE,
            "retriever": self.retriever.hash,
            "corpus": [edition.dataset_id, edition.version, edition.stamp],
            "leaves_out": self._leaves_out,
            "fused": cell.form.kind == FormKind.FUSION,
            "texts": [text_key(text) for text in cell.texts],
            "sought": [quest.targets, quest.shown, quest.others],
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def cells(
        self, subject: BenchmarkDialogue, form: Form, texts: dict[str, str]
    ) -> Iterator[Cell]:
        """The cell of one form; none where the dialogue has no such text. Raises `NotReady`."""
        match form.kind:
            case FormKind.RANDOM:
                yield Cell(subject, form, ())
            case FormKind.FUSION:
                yield Cell(subject, form, (texts[FINAL_QUERY], texts[REWRITE]))
            case FormKind.LAST_TURNS:
                turns = last_turns(subject.turns)
                yield Cell(subject, form, (turns[self.retriever.longest_fitting(turns)],))
            case _ if form.name in texts:
                yield Cell(subject, form, (texts[form.name],))

    def found(self, cells: Sequence[Cell], alive: Callable[[], None]) -> list[Found]:
        """Where each cell's texts find what it seeks; `alive` is called now and then meanwhile.

        Raises `NotReady`, and what its endpoint's calls raise.
        """
        found: dict[int, Found] = {}
        for count, most in ((0, AT_ONCE), (1, AT_ONCE), (2, FUSED_AT_ONCE)):
            places = [n for n, cell in enumerate(cells) if len(cell.texts) == count]
            for begin in range(0, len(places), most):
                some = places[begin : begin + most]
                asked = [cells[n] for n in some]
                ranked = self.by_texts(asked, TOP_IMAGES) if count else self._at_random(asked)
                found.update(zip(some, ranked, strict=True))
                alive()
        return [found[n] for n in range(len(cells))]

    def row(self, cell: Cell, key: str, found: Found) -> BenchmarkScore:
        return BenchmarkScore(
            run=self._run,
            dialogue_id=cell.subject.dialogue_id,
            retriever=self.name,
            form=cell.form.name,
            cell_key=key,
            corpus_size=found.corpus_size,
            **found.facts(),
        )

    def search(self, cell: Cell) -> Search:
        return Search(cell.quest, self.index, leaves_out=self._leaves_out)

    def by_texts(self, cells: Sequence[Cell], best: int) -> list[Found]:
        """What each cell's texts find, with its `best` images; all have as many texts."""
        searches = [self.search(cell) for cell in cells]
        sought = [search.sought for search in searches]
        asked = [
            self.retriever.queries(texts) for texts in zip(*(c.texts for c in cells), strict=True)
        ]
        hits = self._hits(asked, sought, best)
        queries = _together(asked)
        told = enumerate(zip(searches, hits, strict=True))
        return [search.told(queries, place, one) for place, (search, one) in told]

    def _hits(self, asked: Sequence[Queries], sought: list[Sought], best: int) -> list[Hits]:
        if len(asked) == 1:
            return self.index.search(asked[0], sought, best)
        rankings = zip(*(self.index.scores(queries) for queries in asked), strict=True)
        with ThreadPoolExecutor(processors()) as pool:
            # Mostly sorting, for which numpy lets other threads run.
            return list(pool.map(_fused, rankings, sought, repeat(best)))

    def _at_random(self, cells: Sequence[Cell]) -> list[Found]:
        """Every order of all images is as likely as any other: all are tied."""
        nothing = Queries.plain([""])
        searches = [self.search(cell) for cell in cells]
        return [search.told(nothing, 0, Hits(_all_tied(search), [])) for search in searches]

    @cached_property
    def _edition(self) -> Edition:
        return edition_at(self._run.dataset_id, self._run.parameters["corpus_version"])

    @property
    def _leaves_out(self) -> bool:
        return bool(self._run.parameters["leaves_out"])


def _together(asked: Sequence[Queries]) -> Queries:
    """The texts of each cell as one: cut where any is, and refused where any is."""
    texts = ("\n".join(texts) for texts in zip(*(one.texts for one in asked), strict=True))
    cut = (any(cuts) for cuts in zip(*(one.cut for one in asked), strict=True))
    reasons = {place: reason for one in asked for place, reason in one.reasons.items()}
    return Queries(tuple(texts), tuple(cut), reasons=reasons)


def _all_tied(search: Search) -> list[Rank]:
    return [Rank(1, search.ranked_images, 0.0) for _ in search.sought.targets]


def _fused(rankings: Sequence[Row], sought: Sought, best: int) -> Hits:
    """What is found by reciprocal rank fusion of whole rankings of the same images."""
    row = np.sum([worths(ranking, sought.left_out) for ranking in rankings], axis=0)
    ranks = [rank_of(row, target, sought.left_out) for target in sought.targets]
    return Hits(ranks, best_of(row, best, sought.left_out))
