"""A rewriter behind an OpenAI-compatible server: all candidates in one structured reply."""

from functools import cache
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, create_model

from generation.asking import Asker, Askers, Question
from generation.errors import NoUsableReply
from generation.exchanges import text_for_record
from generation.models import Endpoint, Prompt
from generation.prompts import rewrite_messages
from generation.rewriters.protocol import RewriteTask
from review.intake import Provenance
from review.models import CandidateKind

TOKENS_PER_REWRITE = 60

Rewrite = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]


class OpenAIRewriter:
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

    async def rewrite(self, task: RewriteTask) -> list[str]:
        question = Question(
            item_id=task.item_id,
            prompt=self._prompt,
            messages=rewrite_messages(
                self._prompt, task.turns, count=task.count, note=task.note, earlier=task.earlier
            ),
            form=rewrites_form(task.count),
            tokens_output=TOKENS_PER_REWRITE * task.count,
        )
        answer = await self._asker.ask(question)
        texts = [text_for_record(text).strip() for text in answer.model_dump()["rewrites"]]
        if not any(texts):
            raise NoUsableReply("The reply holds no text that can be kept.")
        return [text for text in texts if text]


@cache
def rewrites_form(count: int) -> type[BaseModel]:
    """One to `count` texts: fewer than asked for are used all the same, being paid for."""
    texts = (list[Rewrite], Field(min_length=1, max_length=count))
    return create_model("Rewrites", __config__=ConfigDict(extra="forbid"), rewrites=texts)
