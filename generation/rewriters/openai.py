"""A rewriter behind an OpenAI-compatible server: all candidates in one structured reply."""

from functools import cache
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, create_model

from generation.calls.exchanges import text_for_record
from generation.calls.questions import Question
from generation.errors import NoUsableReply
from generation.models import Endpoint, Prompt, Run
from generation.prompts import rewrite_messages
from generation.provenance import author_at, frozen_prompt
from generation.rewriters.protocol import RewriteTask
from review.intake import Provenance

TOKENS_PER_REWRITE = 60

Rewrite = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]


class OpenAIRewriter:
    def __init__(self, prompt: Prompt, provenance: Provenance) -> None:
        self._prompt = prompt
        self.provenance = provenance

    @classmethod
    def at(cls, endpoint: Endpoint, run: Run) -> Self:
        prompt = frozen_prompt(run)
        return cls(prompt, author_at(endpoint, run, prompt.hash))

    def question(self, task: RewriteTask) -> Question[Any]:
        messages = rewrite_messages(
            self._prompt.text,
            task.turns,
            count=task.count,
            note=task.note,
            earlier=task.earlier,
            shown=task.shown,
        )
        return Question(
            prompt=self._prompt,
            messages=messages,
            form=rewrites_form(task.count),
            tokens_output=TOKENS_PER_REWRITE * task.count,
            saw_target=task.shown.saw_target,
        )

    def rewrites(self, task: RewriteTask, answer: Any) -> list[str]:
        texts = [text_for_record(text).strip() for text in answer.rewrites]
        if not any(texts):
            raise NoUsableReply("The reply holds no text that can be kept.")
        return [text for text in texts if text]


@cache
def rewrites_form(count: int) -> type[BaseModel]:
    """One to `count` texts: fewer than asked for are used all the same, being paid for."""
    texts = (list[Rewrite], Field(min_length=1, max_length=count))
    return create_model("Rewrites", __config__=ConfigDict(extra="forbid"), rewrites=texts)
