"""The rewriter that needs no server and no key: rules on words."""

from typing import Any, Self

from generation.errors import NoUsableReply
from generation.models import Endpoint, Run
from generation.offline.rewriter import rewrite
from generation.rewriters.protocol import RewriteTask
from review.intake import Provenance
from review.models import CandidateKind


class OfflineRewriter:
    provenance = Provenance(author="offline rewriter", kind=CandidateKind.OFFLINE, family="offline")

    @classmethod
    def at(cls, endpoint: Endpoint, run: Run) -> Self:
        return cls()

    def question(self, task: RewriteTask) -> None:
        return None

    def rewrites(self, task: RewriteTask, answer: Any) -> list[str]:
        texts = rewrite(task.turns, count=task.count, note=task.note)
        if not texts:
            raise NoUsableReply("The offline rewriter found nothing to write.")
        return texts
