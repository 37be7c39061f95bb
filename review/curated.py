"""One curated line: an approved dialogue with everything that was said, decided and measured."""

import hashlib
from collections.abc import Iterable
from typing import Any, Literal

from django.db.models import Prefetch
from django.utils.crypto import salted_hmac

from review import findings
from review.calibration.told import told, with_draws
from review.models import (
    Candidate,
    Dataset,
    Decision,
    Dialogue,
    Judgement,
    QueryForm,
    Relevance,
    RetrievalCheck,
)
from review.models.candidates import heard, text_key
from review.models.dialogues import DialogueQuerySet
from review.relevance import FITS, TARGET

Split = Literal["train", "validation", "test"]
# Forms whose text stands in the line itself.
_FORMS = [QueryForm.FINAL_QUERY, QueryForm.HISTORY, QueryForm.REWRITE]


class Curator:
    """Makes lines of one dataset."""

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset
        self.splits = Splits(dataset)
        self._names: dict[int, str] = {}

    def with_everything(self, dialogues: DialogueQuerySet) -> DialogueQuerySet:
        """The queryset with what a line needs, in a fixed number of further queries."""
        judgements = Prefetch("judgements", Judgement.objects.order_by("pk"))
        candidates = Candidate.objects.of_the_record().order_by("pk").prefetch_related(judgements)
        also = Prefetch("also", Candidate.objects.order_by("pk"))
        said = Decision.objects.standing().select_related("assignment").order_by("pk")
        decisions = said.prefetch_related(also)
        checks = RetrievalCheck.objects.filter(form__in=_FORMS).order_by("pk")
        return (
            with_draws(dialogues)
            .select_related("approved_candidate")
            .prefetch_related(
                Prefetch("candidates", candidates),
                Prefetch("decisions", decisions),
                Prefetch("retrieval_checks", checks),
                *("word_findings", "word_supports"),
                Prefetch("relevances", Relevance.objects.standing()),
            )
        )

    def line(self, dialogue: Dialogue) -> dict[str, Any]:
        """The line of an approved dialogue; its fields as ARCHITECTURE names them."""
        rewrite = dialogue.approved_candidate
        if rewrite is None:
            raise ValueError(f"dialogue {dialogue.external_id} has no approved rewrite")
        candidates, decisions = list(dialogue.candidates.all()), list(dialogue.decisions.all())
        places = {candidate.pk: place for place, candidate in enumerate(candidates)}
        return {
            "id": dialogue.external_id,
            "turns": dialogue.turns,
            "target_images": dialogue.target_images,
            "metadata": dialogue.metadata,
            "final_query": dialogue.final_query,
            "rewrite": rewrite.text,
            "verdict": dialogue.approval,
            **told(dialogue, places),
            "references": self._references(dialogue, rewrite, decisions),
            "candidates": [self._candidate(c, rewrite) for c in candidates],
            "decisions": [self._decision(d, places) for d in decisions],
            "retrieval": _retrieval(dialogue, rewrite),
            **findings.told(dialogue, self.pseudonym),
            "relevant_images": self._relevant(dialogue),
            "judged_images": [word.image for word in self._words(dialogue)],
            "split": self.splits.of(dialogue),
        }

    def pseudonym(self, user_id: int) -> str:
        """A name for a reviewer that stays the same within the dataset and leads to nobody.

        Keyed with the secret key: without it nobody can try all user ids.
        """
        if user_id not in self._names:
            value = f"{self.dataset.seed}/{self.dataset.pk}/{user_id}"
            digest = salted_hmac("review.curated", value, algorithm="sha256").hexdigest()
            self._names[user_id] = f"reviewer-{digest[:12]}"
        return self._names[user_id]

    def _candidate(self, candidate: Candidate, rewrite: Candidate) -> dict[str, Any]:
        return {
            "text": candidate.text,
            "author": self._author(candidate),
            "judgements": _judgements(candidate.judgements.all()),
            "chosen": candidate.pk == rewrite.pk,
        }

    def _author(self, candidate: Candidate) -> str:
        if candidate.reviewer_id is not None:
            return self.pseudonym(candidate.reviewer_id)
        return candidate.author

    def _references(
        self, dialogue: Dialogue, rewrite: Candidate, decisions: list[Decision]
    ) -> list[dict[str, Any]]:
        """The texts that are right: the approved one, then those that people whose choice it was
        marked as also acceptable, the most agreed on first; each with who found it right."""
        present = [d for d in decisions if d.round == dialogue.round]
        texts = {rewrite.pk: rewrite.text}
        for decision in present:
            if decision.candidate_id == rewrite.pk:
                texts.update((also.pk, also.text) for also in decision.also.all())
        found_right = {pk: _accepting(pk, present) for pk in texts}
        return [
            {
                "text": texts[pk],
                "approved": pk == rewrite.pk,
                "accepted_by": [self.pseudonym(person) for person in found_right[pk]],
            }
            for pk in sorted(texts, key=lambda pk: (pk != rewrite.pk, -len(found_right[pk])))
        ]

    def _relevant(self, dialogue: Dialogue) -> list[dict[str, Any]]:
        """The targets, then the others that people found to fit as well."""
        targets = [{"id": image, "grade": TARGET} for image in dialogue.target_images]
        others = [
            {"id": w.image, "grade": FITS, "by": self.pseudonym(w.by_id), "time": w.created}
            for w in self._words(dialogue)
            if w.fits
        ]
        return targets + others

    def _words(self, dialogue: Dialogue) -> list[Relevance]:
        """What stands on images; a target is one, whatever was said before it became it."""
        words = dialogue.relevances.all()
        return [word for word in words if word.image not in dialogue.target_images]

    def _decision(self, decision: Decision, places: dict[int, int]) -> dict[str, Any]:
        """Where an adjudicator ruled there is no place, thus no arm."""
        place = decision.assignment
        return {
            "reviewer": self.pseudonym(decision.reviewer_id),
            "verdict": decision.verdict,
            "adjudication": decision.adjudication,
            "arm": place.arm if place else None,
            "drawn": place.drawn if place else False,
            "candidate": places.get(decision.candidate_id or 0),
            "also": [also.text for also in decision.also.all()],
            "seconds": round(decision.seconds, 3),
            "time": decision.created,
            "saw": _saw(decision, places) if decision.saw else None,
            **_passed_over(decision),
        }


def _accepting(candidate: int, decisions: list[Decision]) -> list[int]:
    """The people who chose a candidate or marked it, in the order in which they decided."""
    right = [
        decision.reviewer_id
        for decision in decisions
        if decision.candidate_id == candidate or candidate in {c.pk for c in decision.also.all()}
    ]
    return list(dict.fromkeys(right))


def _saw(decision: Decision, places: dict[int, int]) -> dict[str, Any]:
    """What was before the reviewer's eyes: the candidates in their order, as numbers of the line's
    own, and what else was shown."""
    saw = decision.saw
    shown = [entry["id"] for entry in saw.get("candidates", [])]
    return {
        "candidates": [places[pk] for pk in shown if pk in places],
        "scores": saw.get("scores"),
        "authors": saw.get("authors"),
        "target": saw.get("target"),
        "retrieval": saw.get("trying"),
        "tried": len(saw.get("tried", [])),
        "guidelines_version": saw.get("guidelines_version"),
        "decisions_needed": decision.policy.get("decisions_needed"),
    }


def _passed_over(decision: Decision) -> dict[str, Any]:
    """What validators found and why it was approved all the same, where there is any."""
    said = {"findings": decision.findings, "override": decision.override}
    return {name: value for name, value in said.items() if value}


def _judgements(judgements: Iterable[Judgement]) -> list[dict[str, Any]]:
    """One for each judge and criterion, as it says now; a second pass's score stands beside it."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in sorted(heard(judgements), key=lambda row: row.reversed):
        key = (row.judge, row.criterion)
        if key in found:
            found[key]["score_reversed"] = row.score
        else:
            found[key] = _judgement(row)
    return list(found.values())


def _judgement(judgement: Judgement) -> dict[str, Any]:
    marks = {"self_judged": True} if judgement.self_judged else {}
    return {
        "judge": judgement.judge,
        "criterion": judgement.criterion,
        "score": judgement.score,
        "reason": judgement.reason or judgement.unscored_reason,
        **marks,
    }


def _retrieval(dialogue: Dialogue, rewrite: Candidate) -> list[dict[str, Any]]:
    """The last check of each form by each retriever; a rewrite's only of the approved text."""
    latest: dict[tuple[str, str], RetrievalCheck] = {}
    for check in dialogue.retrieval_checks.all():
        if check.form == QueryForm.REWRITE and check.text_key != text_key(rewrite.text):
            continue
        key = (check.retriever, check.form)
        if key not in latest or check.corpus_version >= latest[key].corpus_version:
            latest[key] = check
    return [_check(check) for check in latest.values()]


def _check(check: RetrievalCheck) -> dict[str, Any]:
    return {
        "retriever": check.retriever,
        "form": check.form,
        "corpus_size": check.corpus_size,
        "rank": check.rank,
        "tied": check.tied,
        "cut": check.cut,
        "outcome": check.outcome or None,
    }


class Splits:
    """Which split a dialogue belongs to: 80 % train, 10 % validation, 10 % test.

    Dialogues that share a target, directly or through others, form a cluster and stay together, or
    a model would be tested on pictures that it was trained on. A cluster's split follows from the
    dataset's seed and the cluster's first target alone: it is the same in the next release.
    """

    def __init__(self, dataset: Dataset) -> None:
        self.seed = dataset.seed
        self._parents: dict[str, str] = {}
        # A dialogue with one target ties nothing together: only the others need memory.
        several = Dialogue.objects.filter(dataset=dataset, target_images__len__gte=2)
        for targets in several.values_list("target_images", flat=True).iterator(chunk_size=2000):
            self._join(targets)

    def of(self, dialogue: Dialogue) -> Split:
        targets = dialogue.target_images
        cluster = f"i/{self._root(targets[0])}" if targets else f"d/{dialogue.external_id}"
        digest = hashlib.sha256(f"{self.seed}\0{cluster}".encode()).digest()
        share = int.from_bytes(digest[:8]) / 2**64
        return "train" if share < 0.8 else "validation" if share < 0.9 else "test"

    def _join(self, targets: Iterable[str]) -> None:
        roots = sorted({self._root(target) for target in targets})
        for root in roots[1:]:
            self._parents[root] = roots[0]

    def _root(self, image: str) -> str:
        while (parent := self._parents.get(image, image)) != image:
            # Halves the path on the way, so that long chains stay short.
            self._parents[image] = self._parents.get(parent, parent)
            image = parent
        return image
