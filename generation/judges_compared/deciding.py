"""What people's standing decisions say of the candidates that they could have chosen."""

from typing import Any

import numpy as np

from generation.judges_compared.record import Verdicts
from review.models import Candidate, Dataset, Decision, Verdict

# What is missing, by what a decision says instead of judging candidates.
MISSING = {Verdict.SKIP: "skipped", Verdict.MORE: "more"}


class Deciding:
    """Reads decisions by batches of dialogues.

    Chosen by an `accept` is accepted; every other candidate of the same decision is not: passed
    over, edited, or rejected with the rest. A reviewer could choose what they were shown, an
    adjudicator what was there in that round.
    """

    def __init__(self, dataset: Dataset) -> None:
        self._of_dialogue = {
            reason["code"]
            for reason in dataset.all_reject_reasons()
            if reason["kind"] == "dialogue"
        }
        # One row for each decision and candidate: candidate, accepted, decision, unseen.
        self._said: list[tuple[int, bool, int, bool]] = []
        self._read = [np.empty((0, 4), np.int32)]
        self._decisions = self._saw_scores = 0
        self._missing = {"dialogue": 0, "skipped": 0, "more": 0}

    def read(self, keys: list[int], candidates: dict[int, int]) -> None:
        """Decisions on dialogues; `candidates` are their numbers by key."""
        rows = Decision.objects.standing().filter(dialogue__in=keys).order_by("pk")
        decisions = list(rows.values(*_DECISION))
        offered = self._offered({row["dialogue_id"] for row in decisions}, candidates)
        for row in decisions:
            if missing := self._missing_kind(row):
                self._missing[missing] += 1
            elif row["round"] == row["dialogue__round"]:
                self._take(row, offered.get(row["dialogue_id"], []), candidates)
        self._read.append(np.array(self._said, np.int32).reshape(-1, 4))
        self._said.clear()

    def verdicts(self) -> Verdicts:
        candidate, accepted, decision, unseen = np.concatenate(self._read).T
        return Verdicts(
            candidate=candidate.astype(np.int64),
            accepted=accepted.astype(bool),
            decision=decision.astype(np.int64),
            unseen=unseen.astype(bool),
            decisions=self._decisions,
            saw_scores=self._saw_scores,
            missing=self._missing,
        )

    def _offered(
        self, dialogues: set[int], candidates: dict[int, int]
    ) -> dict[int, list[tuple[int, int]]]:
        """By dialogue its candidates with their rounds."""
        rows = Candidate.objects.proposed().filter(dialogue__in=dialogues).order_by("pk")
        offered: dict[int, list[tuple[int, int]]] = {}
        for dialogue, pk, round in rows.values_list("dialogue_id", "pk", "round"):
            if pk in candidates:
                offered.setdefault(dialogue, []).append((pk, round))
        return offered

    def _missing_kind(self, row: dict[str, Any]) -> str:
        if row["verdict"] == Verdict.REJECT and row["reason"] in self._of_dialogue:
            return "dialogue"
        return MISSING.get(row["verdict"], "")

    def _take(
        self, row: dict[str, Any], offered: list[tuple[int, int]], candidates: dict[int, int]
    ) -> None:
        shown = {entry["id"] for entry in row["saw"].get("candidates", [])}
        chosen = row["candidate_id"] if row["verdict"] == Verdict.ACCEPT else None
        could = [
            pk for pk, round in offered if pk in shown or (not shown and round <= row["round"])
        ]
        scores = row["saw"].get("scores")
        # What was not kept may have been seen.
        unseen = scores is False
        self._said += [(candidates[pk], pk == chosen, self._decisions, unseen) for pk in could]
        self._decisions += 1
        self._saw_scores += bool(scores)


_DECISION = ("dialogue_id", "dialogue__round", "round", "verdict", "reason", "candidate_id", "saw")
