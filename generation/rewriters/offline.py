"""The rewriter that needs no server and no key: rules on words."""

from typing import Self

from generation.asking import Askers
from generation.errors import NoUsableReply
from generation.models import Endpoint, Prompt
from generation.offline.rewriter import rewrite
from generation.rewriters.protocol import RewriteTask
from review.intake import Provenance
from review.models import CandidateKind


class OfflineRewriter:
    provenance = Provenance(author="offline rewriter", kind=CandidateKind.OFFLINE)

    @classmethod
    def at(cls, endpoint: Endpoint, prompt: Prompt | None, askers: Askers) -> Self:
        return cls()

    async def rewrite(self, task: RewriteTask) -> list[str]:
        texts = rewrite(task.turns, count=task.count, note=task.note)
        if not texts:
            raise NoUsableReply("The offline rewriter found nothing to write.")
        return texts
