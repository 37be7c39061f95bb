"""The judge that needs no server and no key: it scores what can be measured."""

from typing import Self

from generation.asking import Askers
from generation.judges.protocol import JudgeTask
from generation.models import Endpoint, Prompt
from generation.offline.judge import Judge
from review.intake import JudgedCriterion, Provenance
from review.models import CandidateKind


class OfflineJudge:
    provenance = Provenance(author="offline judge", kind=CandidateKind.OFFLINE)

    @classmethod
    def at(cls, endpoint: Endpoint, prompt: Prompt | None, askers: Askers) -> Self:
        return cls()

    async def judge(self, task: JudgeTask) -> dict[int, list[JudgedCriterion]]:
        judge = Judge(task.turns)
        return {
            candidate_id: [
                JudgedCriterion(criterion, score, reason)
                for criterion, (score, reason) in judge.judge(text).items()
            ]
            for candidate_id, text in task.texts.items()
        }
