"""What a release holds, in counts, taken while its lines are written."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from review.models import Approval, Candidate, CandidateKind, Dialogue, Judgement

# Author or judge, model and hash of the prompt.
Maker = tuple[str, str, str]


@dataclass
class Tally:
    """Counts of lines, and of who wrote, scored and decided what stands in them."""

    languages: Counter[str] = field(default_factory=Counter)
    splits: Counter[str] = field(default_factory=Counter)
    verdicts: Counter[str] = field(default_factory=Counter)
    turns: Counter[int] = field(default_factory=Counter)
    certified: Counter[int] = field(default_factory=Counter)
    with_target: int = 0
    wrote: Counter[Maker] = field(default_factory=Counter)
    approved: Counter[Maker] = field(default_factory=Counter)
    by_people: int = 0
    scored: Counter[Maker] = field(default_factory=Counter)
    unscored: Counter[Maker] = field(default_factory=Counter)
    reviewers: set[int] = field(default_factory=set)
    adjudicators: set[int] = field(default_factory=set)
    decisions: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    corpus: dict[str, int] = field(default_factory=dict)

    def add(self, dialogue: Dialogue, line: dict[str, Any]) -> None:
        """A dialogue as `Curator.with_everything` gives it, and its line."""
        self.languages[dialogue.language] += 1
        self.splits[line["split"]] += 1
        self.verdicts[line["verdict"]] += 1
        self.turns[len(dialogue.turns)] += 1
        self.with_target += bool(dialogue.target_images)
        if line["verdict"] == Approval.CERTIFIED and line["certificate"]:
            self.certified[line["certificate"]["number"]] += 1
        for candidate in dialogue.candidates.all():
            self._candidate(candidate, dialogue.approved_candidate_id)
        for decision in dialogue.decisions.all():
            (self.adjudicators if decision.adjudication else self.reviewers).add(
                decision.reviewer_id
            )
            self.decisions[decision.verdict] += 1
        self._checks(line["retrieval"])

    def as_json(self) -> dict[str, Any]:
        turns = sorted(self.turns.elements())
        return {
            "languages": dict(self.languages.most_common()),
            "splits": dict(self.splits),
            "verdicts": dict(self.verdicts.most_common()),
            "turns": {"fewest": turns[0], "median": turns[len(turns) // 2], "most": turns[-1]}
            if turns
            else None,
            "with_target": self.with_target,
            "rewriters": self._rewriters(),
            "written_by_people": self.by_people,
            "judges": self._judges(),
            "people": {
                "reviewers": len(self.reviewers),
                "adjudicators": len(self.adjudicators),
                "decisions": dict(self.decisions.most_common()),
            },
            "retrievers": self._retrievers(),
        }

    def _candidate(self, candidate: Candidate, approved: int | None) -> None:
        is_approved = candidate.pk == approved
        if candidate.kind == CandidateKind.PERSON:
            self.by_people += is_approved
        else:
            maker = (candidate.author, candidate.model, candidate.prompt_hash)
            self.wrote[maker] += 1
            self.approved[maker] += is_approved
        for judgement in candidate.judgements.all():
            self._judgement(judgement)

    def _judgement(self, judgement: Judgement) -> None:
        maker = (judgement.judge, judgement.model, judgement.prompt_hash)
        (self.unscored if judgement.score is None else self.scored)[maker] += 1

    def _checks(self, found: list[dict[str, Any]]) -> None:
        for check in found:
            if check["form"] == "rewrite":
                self.outcomes[check["retriever"], check["outcome"] or "unranked"] += 1
                size = self.corpus.get(check["retriever"], 0)
                self.corpus[check["retriever"]] = max(size, check["corpus_size"])

    def _rewriters(self) -> list[dict[str, Any]]:
        return [
            {**_named("author", maker), "candidates": n, "approved": self.approved[maker]}
            for maker, n in self.wrote.most_common()
        ]

    def _judges(self) -> list[dict[str, Any]]:
        makers = (self.scored + self.unscored).most_common()
        return [
            {
                **_named("judge", maker),
                "scored": self.scored[maker],
                "unscored": self.unscored[maker],
            }
            for maker, _ in makers
        ]

    def _retrievers(self) -> list[dict[str, Any]]:
        return [
            {
                "retriever": retriever,
                "corpus_size": size,
                "outcomes": {how: n for (of, how), n in self.outcomes.items() if of == retriever},
            }
            for retriever, size in self.corpus.items()
        ]


def _named(role: str, maker: Maker) -> dict[str, str]:
    name, model, prompt_hash = maker
    return {role: name, "model": model, "prompt_hash": prompt_hash}
