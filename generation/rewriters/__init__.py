"""What writes candidates: a protocol, and one class per file."""

from collections.abc import Callable

from generation.models import Endpoint, EndpointKind, Run
from generation.rewriters.offline import OfflineRewriter
from generation.rewriters.openai import OpenAIRewriter
from generation.rewriters.protocol import Rewriter, RewriteTask

__all__ = ["RewriteTask", "Rewriter", "rewriter_at"]

REWRITERS: dict[str, Callable[[Endpoint, Run], Rewriter]] = {
    EndpointKind.OFFLINE: OfflineRewriter.at,
    EndpointKind.OPENAI: OpenAIRewriter.at,
}


def rewriter_at(endpoint: Endpoint, run: Run) -> Rewriter:
    return REWRITERS[endpoint.kind](endpoint, run)
