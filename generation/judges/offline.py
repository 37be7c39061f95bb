"""The judge that needs no server and no key: it scores what can be measured."""

from statistics import fmean
from typing import Any, Self

from generation.judges.protocol import Choice, JudgeTask
from generation.models import Endpoint, Run
from generation.offline.judge import Judge
from review.intake import JudgedCriterion, Provenance
from review.models import CandidateKind


class OfflineJudge:
    provenance = Provenance(author="offline judge", kind=CandidateKind.OFFLINE, family="offline")

    @classmethod
    def at(cls, endpoint: Endpoint, run: Run) -> Self:
        return cls()

    def scoring(self, task: JudgeTask) -> None:
        return None

    def scores(self, task: JudgeTask, answer: Any) -> dict[int, list[JudgedCriterion]]:
        judge = Judge(task.turns)
        return {
            candidate_id: [
                JudgedCriterion(criterion, score, reason)
                for criterion, (score, reason) in judge.judge(text).items()
            ]
            for candidate_id, text in task.texts.items()
        }

    def comparing(self, task: JudgeTask) -> None:
        return None

    def choice(self, task: JudgeTask, answer: Any) -> Choice:
        """The one with the higher mean of its scores: the order cannot matter to it."""
        scores = self.scores(task, None)
        means = {key: fmean(one.score or 0 for one in judged) for key, judged in scores.items()}
        first, second = means
        reason = " and ".join(f"{mean:.1f}" for mean in sorted(means.values(), reverse=True))
        if means[first] == means[second]:
            return Choice(None, f"Both have a mean of {means[first]:.1f}.")
        return Choice(max(means, key=lambda key: means[key]), f"Their means are {reason}.")
