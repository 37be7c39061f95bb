"""What is known of dialogues, read anew: it needs no search, so any process may do it at once."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import Prefetch

from generation import retrievers
from generation.deceiving import strata
from generation.deceiving.effects import effect, trait_of
from generation.deceiving.measuring import Leaking
from generation.deceiving.words import Supporting, without
from generation.retrievers import Retriever
from review import bulk, findings, traits
from review.models import (
    Dataset,
    Dialogue,
    Image,
    QueryForm,
    RetrievalCheck,
    Trait,
    WordFinding,
    WordSupport,
)
from review.models.candidates import text_key
from review.retrieval import standing


@dataclass
class _Read:
    """What one dialogue came to."""

    traits: set[Trait] = field(default_factory=set)
    leaking: list[Leaking] = field(default_factory=list)
    changed: list[WordFinding] = field(default_factory=list)


@transaction.atomic
def renew(
    dataset: Dataset, dialogues: Sequence[Dialogue], retriever: Retriever | None = None
) -> list[Leaking]:
    """Reads the words, checks and supports of dialogues, and keeps what they show; a fixed number
    of statements. Returns the rewrites of which `retriever` (without one the primary) has still to
    find the rank without leaks.

    With a retriever `dialogues` are as they were when it looked at their words, and nothing is due
    any more of those that nobody checked or approved anew since.
    """
    then = {one.pk: one for one in dialogues}
    rows = _locked(dataset, list(then))
    captions = _captions(dataset, rows)
    names = [row.name for row in retrievers.configured(dataset)]
    reading = _Reading(dataset, captions, names, retriever)
    read = {row.pk: reading.of(row) for row in rows}
    bulk.update([found for one in read.values() for found in one.changed], ["supported", "trait"])
    traits.replace_all({row: read[row.pk].traits for row in rows}, of=traits.OF_REWRITE)
    lacking = [row.pk for row in rows if read[row.pk].leaking]
    looked = [row.pk for row in rows if retriever and _is_as_it_was(row, then[row.pk])]
    Dialogue.objects.filter(pk__in=looked).exclude(pk__in=lacking).update(traits_due=False)
    Dialogue.objects.filter(pk__in=lacking).update(traits_due=True)
    return [one for row in rows for one in read[row.pk].leaking]


def _locked(dataset: Dataset, keys: Sequence[int]) -> list[Dialogue]:
    """With all that is read of them, locked in the order of their keys."""
    checks = RetrievalCheck.objects.exclude(form=QueryForm.CANDIDATE).defer("top", "ranks")
    rows = dataset.dialogues.select_for_update(of=("self",)).filter(pk__in=keys)
    return list(
        rows.select_related("approved_candidate")
        .prefetch_related(
            Prefetch("retrieval_checks", checks),
            "word_findings",
            Prefetch("word_supports", WordSupport.objects.filter(withdrawn=None)),
        )
        .order_by("pk")
    )


def _captions(dataset: Dataset, rows: Iterable[Dialogue]) -> dict[str, str]:
    """Of all images that the dialogues show."""
    shown = {image for row in rows for image in row.shown_images()}
    current = Image.objects.current().filter(dataset=dataset).named(shown)
    return dict(current.values_list("external_id", "caption"))


def _is_as_it_was(row: Dialogue, then: Dialogue) -> bool:
    same = row.approved_candidate_id == then.approved_candidate_id
    return same and row.checked_at == then.checked_at


@dataclass(frozen=True)
class _Reading:
    """What all dialogues of a dataset are read with."""

    dataset: Dataset
    captions: dict[str, str]
    # Of its retrievers, the primary first.
    names: Sequence[str]
    retriever: Retriever | None

    def of(self, row: Dialogue) -> _Read:
        read = _Read()
        if row.approved_candidate is None:
            return read
        checks = list(row.retrieval_checks.all())
        counting = [one for one in standing(row, checks) if one.retriever in self.names]
        read.traits.update(strata.of_dialogue(row, counting))
        words = findings.standing(row.word_findings.all(), counting)
        read.changed = list(self._said_anew(row, words))
        primary = [word for word in words if word.retriever == self.names[0]]
        read.traits.update(Trait(word.trait) for word in primary if word.trait)
        asked = self.retriever.name if self.retriever else self.names[0]
        read.leaking = self._lacking(row, [w for w in words if w.retriever == asked], checks)
        return read

    def _said_anew(self, row: Dialogue, words: Iterable[WordFinding]) -> Iterator[WordFinding]:
        """The words of which something else is to be said now: whether anything supports them, and
        so what their effect makes of them."""
        supported = _supported(row, self.captions)
        for word in words:
            did = effect(
                (word.rank, word.tied),
                (word.rank_without, word.tied_without),
                self.dataset.check_margin,
            )
            holds = supported.get(word.start, True)
            now = holds, trait_of(did, supported=holds) or ""
            if now != (word.supported, word.trait):
                word.supported, word.trait = now
                yield word

    def _lacking(
        self, row: Dialogue, words: Sequence[WordFinding], checks: Iterable[RetrievalCheck]
    ) -> list[Leaking]:
        """The rewrite, where its rank without leaks is not known and can be found now."""
        rewrite = row.approved_candidate
        if rewrite is None or not any(word.trait == Trait.LEAK for word in words):
            return []
        edition = words[0].retriever_hash, words[0].corpus_version
        present = self.retriever.hash if self.retriever else edition[0], self.dataset.corpus_version
        text = without_leaks(rewrite.text, words)
        wanted = QueryForm.WITHOUT_LEAKS, text_key(text), *edition
        known = {(c.form, c.text_key, c.retriever_hash, c.corpus_version) for c in checks}
        return [Leaking(row, text)] if edition == present and wanted not in known else []


def _supported(row: Dialogue, captions: dict[str, str]) -> dict[int, bool]:
    """By where each content word of the approved rewrite begins: whether anything supports it."""
    rewrite = row.approved_candidate
    if rewrite is None:
        return {}
    pointed = {
        support.word_key
        for support in row.word_supports.all()
        if support.candidate_id == rewrite.pk
    }
    shown = [captions[image] for image in row.shown_images() if image in captions]
    words = Supporting(row.turns, shown, pointed).words(rewrite.text)
    return {place.start: word.supported for word in words for place in word.places}


def without_leaks(text: str, words: Iterable[WordFinding]) -> str:
    """A rewrite without the words that leak; the rewrite itself where none does."""
    leaks = [(word.start, word.end) for word in words if word.trait == Trait.LEAK]
    return without(text, leaks) if leaks else text
