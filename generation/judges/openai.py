"""A judge behind an OpenAI-compatible server: all candidates of a dialogue in one call."""

from functools import cache
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, create_model

from generation.asking import Asker, Askers, Question
from generation.exchanges import text_for_record
from generation.judges.protocol import JudgeTask
from generation.models import Endpoint, Prompt
from generation.prompts import judge_messages
from review.intake import JudgedCriterion, Provenance
from review.models import CandidateKind, Criterion

TOKENS_PER_CANDIDATE = 200


class Scored(BaseModel):
    """The reason stands first: a model that writes it first scores by it."""

    model_config = ConfigDict(extra="forbid")

    reason: str
    score: Literal[1, 2, 3, 4, 5]


class OpenAIJudge:
    def __init__(self, asker: Asker, prompt: Prompt) -> None:
        self._asker = asker
        self._prompt = prompt
        self.provenance = Provenance(
            author=asker.model,
            kind=CandidateKind.MODEL,
            model=asker.model,
            prompt_hash=prompt.hash,
            saw_target=False,
        )

    @classmethod
    def at(cls, endpoint: Endpoint, prompt: Prompt | None, askers: Askers) -> Self:
        if prompt is None:
            raise ValueError("a model needs a prompt")
        return cls(askers.at(endpoint), prompt)

    async def judge(self, task: JudgeTask) -> dict[int, list[JudgedCriterion]]:
        labels = {f"rewrite_{place}": key for place, key in enumerate(task.texts, start=1)}
        texts = {label: task.texts[key] for label, key in labels.items()}
        question = Question(
            item_id=task.item_id,
            prompt=self._prompt,
            messages=judge_messages(self._prompt, task.turns, texts),
            form=scores_form(tuple(labels)),
            tokens_output=TOKENS_PER_CANDIDATE * len(labels),
        )
        answer = (await self._asker.ask(question)).model_dump()
        return {key: _criteria(answer[label]) for label, key in labels.items()}


@cache
def scores_form(labels: tuple[str, ...]) -> type[BaseModel]:
    """Five scored criteria under each label: no candidate can be left out or scored twice."""
    closed = ConfigDict(extra="forbid")
    criteria: dict[str, Any] = {criterion.value: (Scored, ...) for criterion in Criterion}
    judged = create_model("Judged", __config__=closed, **criteria)
    per_label: dict[str, Any] = dict.fromkeys(labels, (judged, ...))
    return create_model("Scores", __config__=closed, **per_label)


def _criteria(judged: dict[str, dict[str, Any]]) -> list[JudgedCriterion]:
    return [
        JudgedCriterion(criterion, scored["score"], text_for_record(scored["reason"]))
        for criterion, scored in judged.items()
    ]
