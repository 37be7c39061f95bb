"""A judge behind an OpenAI-compatible server: all candidates of a dialogue in one call."""

from functools import cache
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, create_model

from generation.calls.exchanges import text_for_record
from generation.calls.questions import Form, Question
from generation.judges.protocol import Choice, JudgeTask
from generation.models import Endpoint, Prompt, Run
from generation.prompts import judge_messages
from generation.provenance import author_at, frozen_prompt, told_to_judge
from review.intake import JudgedCriterion, Provenance
from review.models import Criterion, Rubric

TOKENS_PER_CANDIDATE = 200
TOKENS_PER_CHOICE = 80
CLOSED = ConfigDict(extra="forbid")


class Scored(BaseModel):
    """The reason stands first: a model that writes it first scores by it."""

    model_config = CLOSED

    reason: str
    score: Literal[1, 2, 3, 4, 5]


class Better(BaseModel):
    model_config = CLOSED

    reason: str
    better: Literal["rewrite_1", "rewrite_2", "tie"]


class OpenAIJudge:
    def __init__(self, prompt: Prompt, rubric: Rubric, provenance: Provenance) -> None:
        self._prompt = prompt
        self._rubric = rubric
        self.provenance = provenance

    @classmethod
    def at(cls, endpoint: Endpoint, run: Run) -> Self:
        if run.rubric is None:
            raise ValueError(f"{run} asks models without a rubric")
        told = told_to_judge(endpoint, run)
        return cls(frozen_prompt(run), run.rubric, author_at(endpoint, run, told))

    def scoring(self, task: JudgeTask) -> Question[Any]:
        form = scores_form(tuple(_labels(task)))
        return self._question(task, form, TOKENS_PER_CANDIDATE * len(task.texts))

    def scores(self, task: JudgeTask, answer: Any) -> dict[int, list[JudgedCriterion]]:
        return {
            key: _criteria(getattr(answer, label).model_dump())
            for label, key in _labels(task).items()
        }

    def comparing(self, task: JudgeTask) -> Question[Any]:
        return self._question(task, Better, TOKENS_PER_CHOICE)

    def choice(self, task: JudgeTask, answer: Any) -> Choice:
        return Choice(_labels(task).get(answer.better), text_for_record(answer.reason))

    def _question(self, task: JudgeTask, form: type[Form], tokens: int) -> Question[Form]:
        texts = {label: task.texts[key] for label, key in _labels(task).items()}
        messages = judge_messages(
            self._prompt.text, task.turns, texts, rubric=self._rubric, shown=task.shown
        )
        return Question(self._prompt, messages, form, tokens, task.shown.saw_target)


def _labels(task: JudgeTask) -> dict[str, int]:
    """What the candidates are called in a request: nothing tells of their authors."""
    return {f"rewrite_{place}": key for place, key in enumerate(task.texts, start=1)}


@cache
def scores_form(labels: tuple[str, ...]) -> type[BaseModel]:
    """Five scored criteria under each label: no candidate can be left out or scored twice."""
    criteria: dict[str, Any] = {criterion.value: (Scored, ...) for criterion in Criterion}
    judged = create_model("Judged", __config__=CLOSED, **criteria)
    per_label: dict[str, Any] = dict.fromkeys(labels, (judged, ...))
    return create_model("Scores", __config__=CLOSED, **per_label)


def _criteria(judged: dict[str, dict[str, Any]]) -> list[JudgedCriterion]:
    return [
        JudgedCriterion(criterion, scored["score"], text_for_record(scored["reason"]))
        for criterion, scored in judged.items()
    ]
