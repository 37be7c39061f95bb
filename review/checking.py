"""The door for retrievers: what they found of dialogues enters the record here.

Every function is safe to repeat: what is already there stays as it is.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, fields
from functools import reduce
from hashlib import md5
from operator import or_
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from review import bulk, traits
from review.models import (
    Approval,
    CheckOutcome,
    Dataset,
    Dialogue,
    QueryForm,
    RetrievalCheck,
)
from review.models.candidates import text_key
from review.models.dialogues import DialogueQuerySet
from review.stages import Event, advance


@dataclass(frozen=True)
class Checker:
    """A retriever, the version of the corpus that it searches, and the dataset's rule.

    The primary one `decides` the outcome of a dialogue.
    """

    retriever: str
    retriever_hash: str
    corpus_version: int
    leaves_out: bool = True
    margin: float = 0.001
    decides: bool = True

    def has_checked(self) -> Q:
        """Of a dialogue: its approved rewrite is checked."""
        return Q(checked_as__contains={self.retriever: self.mark})

    def has_ranked(self) -> Exists:
        """Of a candidate: it is ranked."""
        own = {"dialogue": OuterRef("dialogue"), "candidate": OuterRef("pk")}
        rows = RetrievalCheck.objects.filter(form=QueryForm.CANDIDATE, **own)
        return Exists(rows.filter(**self.edition()))

    @property
    def key(self) -> str:
        """Of all that an outcome depends on."""
        parts = (self.retriever_hash, self.corpus_version, int(self.leaves_out), f"{self.margin:g}")
        return "/".join(map(str, parts))

    @property
    def mark(self) -> str:
        """The key in short: an index keeps those of all retrievers with each dialogue, and a row of
        it holds 2.7 kB. By MD5, which PostgreSQL has too, and against nobody's ill will."""
        return md5(self.key.encode(), usedforsecurity=False).hexdigest()[:16]

    def lacks(self) -> Q:
        """Of a dialogue: its approved rewrite is not checked, or its outcome is that of a retriever
        that decided before, or of an earlier rule."""
        lacks = ~self.has_checked()
        return lacks | ~Q(ranked_as=self.key) if self.decides else lacks

    def edition(self) -> dict[str, Any]:
        """What ranks depend on: each text is ranked once for it."""
        return {
            "retriever_hash": self.retriever_hash,
            "corpus_version": self.corpus_version,
            "leaves_out": self.leaves_out,
        }


Tells = Callable[[Dataset], Sequence[Checker]]
_tellers: dict[str, Tells] = {}


def tell_checkers(tells: Tells) -> None:
    """How a dataset is checked now, told by the app that has the retrievers when it starts."""
    _tellers["checkers"] = tells


def outdated(dataset: Dataset) -> DialogueQuerySet:
    """Checked dialogues of which a retriever, the corpus or the rule has changed since."""
    rows = Dialogue.objects.approved().filter(dataset=dataset, checked_at__isnull=False)
    return rows.filter(lacks(_tellers["checkers"](dataset)), checks_due=False)


def lacks(by: Sequence[Checker]) -> Q:
    """Of a dialogue: some of these retrievers has not checked its approved rewrite as it would."""
    none = Q(pk__in=[])
    return reduce(or_, (checker.lacks() for checker in by), none)


@dataclass(frozen=True)
class CheckedForm:
    """What one retriever made of one text. `rank` and `tied` as in `RetrievalCheck`."""

    form: str
    text: str
    rank: int | None
    tied: int | None
    score: float | None = None
    ranks: dict[str, list[int]] = field(default_factory=dict)
    top: list[tuple[str, float]] = field(default_factory=list)
    cut: bool = False
    unranked_reason: str = ""
    candidate_id: int | None = None


@dataclass(frozen=True)
class Checked:
    """What one retriever found of one dialogue, as the dialogue was when it looked.

    `outcome` is None before approval, where candidates alone are ranked. `left_out` are images
    that the dialogue itself shows, `spread` as `Dialogue.rank_spread`.
    """

    dialogue: Dialogue
    corpus_size: int
    forms: Sequence[CheckedForm]
    outcome: CheckOutcome | None
    left_out: Sequence[str] = ()
    spread: float | None = None

    def place(self) -> int:
        """Of the target by the approved rewrite; 0 where it has none."""
        return next((form.rank or 0 for form in self.forms if form.form == QueryForm.REWRITE), 0)

    def has_others(self) -> bool:
        """Whether some text finds an image beside the targets, and by more than chance."""
        return any(self._finds_others(form) for form in self.forms)

    def _finds_others(self, form: CheckedForm) -> bool:
        if form.tied == self.corpus_size or not form.top:
            return False
        # What stands above a target is none.
        targets = self.dialogue.target_images
        is_above = form.rank is not None and form.rank > 1
        return is_above or any(score and image not in targets for image, score in form.top)


@transaction.atomic
def record_checks(found: Sequence[Checked], *, by: Checker, waits: bool = True) -> set[int]:
    """Adds what a retriever found of many dialogues, each text once per version of the corpus and
    rule, in a fixed number of statements; the keys of the dialogues that took it.

    A dialogue that changed meanwhile (another approval, another content) takes nothing: its check
    is still awaited. Those that somebody has locked are waited for, or passed over.
    """
    rows = _locked([one.dialogue.pk for one in found], waits=waits)
    fresh = [one for one in found if _is_as_it_was(rows.get(one.dialogue.pk), one.dialogue)]
    bulk.insert([row for one in fresh for row in _rows(one, by)], ignore_conflicts=True)
    _apply_margin(fresh, by)
    _mark([(rows[one.dialogue.pk], one) for one in fresh if one.outcome is not None], by)
    if by.decides:
        _conclude([(rows[one.dialogue.pk], one) for one in fresh], by)
    return {one.dialogue.pk for one in fresh}


@transaction.atomic
def settle_due(dataset: Dataset, by: Sequence[Checker]) -> None:
    """Nothing is due any more of the dialogues that all the retrievers of their dataset have
    checked; one that somebody has locked is left to the next call."""
    due = Dialogue.objects.filter(dataset=dataset, checks_due=True, checked_at__isnull=False)
    done = due.filter(*(checker.has_checked() for checker in by)).order_by("pk")
    keys = done.select_for_update(skip_locked=True).values_list("pk", flat=True)
    Dialogue.objects.filter(pk__in=list(keys)).update(checks_due=False)


def _locked(dialogue_ids: Iterable[int], *, waits: bool) -> dict[int, Dialogue]:
    """In the order of their keys, so that two batches never deadlock."""
    rows = Dialogue.objects.select_for_update(skip_locked=not waits, of=("self",))
    wanted = rows.filter(pk__in=list(dialogue_ids)).select_related("dataset").order_by("pk")
    return {dialogue.pk: dialogue for dialogue in wanted}


def _is_as_it_was(row: Dialogue | None, then: Dialogue) -> bool:
    return row is not None and all(getattr(row, name) == getattr(then, name) for name in _WATCHED)


_WATCHED = ("approved_candidate_id", "round", "target_images", "content_hash")


def _rows(checked: Checked, by: Checker) -> list[RetrievalCheck]:
    return [_row(checked, form, by) for form in checked.forms]


def _row(checked: Checked, form: CheckedForm, by: Checker) -> RetrievalCheck:
    values: dict[str, Any] = {name: getattr(form, name) for name in _FOUND}
    return RetrievalCheck(
        dialogue_id=checked.dialogue.pk,
        text_key=text_key(form.text),
        retriever=by.retriever,
        margin=by.margin,
        corpus_size=checked.corpus_size,
        left_out=list(checked.left_out),
        outcome=(checked.outcome or "") if form.form == QueryForm.REWRITE else "",
        created=timezone.now(),
        **by.edition(),
        **values,
    )


_FOUND = [one.name for one in fields(CheckedForm) if one.name != "text"]


def _apply_margin(found: Sequence[Checked], by: Checker) -> None:
    """Ranks that are there already stay; where the margin has changed since, they mean another
    outcome."""
    outcomes = {one.dialogue.approved_candidate_id: one.outcome for one in found if one.outcome}
    rows = RetrievalCheck.objects.filter(
        form=QueryForm.REWRITE, candidate__in=list(outcomes), **by.edition()
    )
    for row in (other := list(rows.exclude(margin=by.margin))):
        row.margin, row.outcome = by.margin, outcomes[row.candidate_id]
    bulk.update(other, ["margin", "outcome"])


def _mark(found: Sequence[tuple[Dialogue, Checked]], by: Checker) -> None:
    for row, one in found:
        # Whether a dialogue needs its history is for all retrievers to say.
        row.checked_as, row.traits_due = {**row.checked_as, by.retriever: by.mark}, True
        if one.has_others():
            row.lowest_place = max(row.lowest_place or 0, one.place())
    bulk.update([row for row, _ in found], ["checked_as", "traits_due", "lowest_place"])


def _conclude(found: Sequence[tuple[Dialogue, Checked]], by: Checker) -> None:
    now = timezone.now()
    for row, one in found:
        row.rank_spread, row.ranked_as = one.spread, by.key
        if one.outcome is not None:
            row.checked_at, row.check_outcome = now, one.outcome
    rows = [row for row, _ in found]
    bulk.update(rows, ["checked_at", "check_outcome", "rank_spread", "ranked_as"])
    for row, one in found:
        if _is_disputed(row, one.outcome):
            _dispute(row)


def _dispute(dialogue: Dialogue) -> None:
    advance(
        dialogue,
        Event.DISPUTE,
        approved_candidate=None,
        approval="",
        checks_due=False,
        traits=traits.without(dialogue.traits, traits.OF_REWRITE),
    )


def _is_disputed(dialogue: Dialogue, outcome: CheckOutcome | None) -> bool:
    # An adjudicator's word stands whatever the check says: it has been disputed once. And what
    # a release holds is not opened again.
    final = dialogue.approval == Approval.ADJUDICATED or dialogue.released
    return outcome == CheckOutcome.WORSE and dialogue.dataset.dispute_when_worse and not final
