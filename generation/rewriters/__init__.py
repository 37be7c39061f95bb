"""What writes candidates: a protocol, and one class per file."""

from collections.abc import Callable

from generation.asking import Askers
from generation.models import Endpoint, EndpointKind, Prompt
from generation.rewriters.offline import OfflineRewriter
from generation.rewriters.openai import OpenAIRewriter
from generation.rewriters.protocol import Rewriter, RewriteTask

__all__ = ["RewriteTask", "Rewriter", "rewriter_at"]

REWRITERS: dict[str, Callable[[Endpoint, Prompt | None, Askers], Rewriter]] = {
    EndpointKind.OFFLINE: OfflineRewriter.at,
    EndpointKind.OPENAI: OpenAIRewriter.at,
}


def rewriter_at(endpoint: Endpoint, prompt: Prompt | None, askers: Askers) -> Rewriter:
    return REWRITERS[endpoint.kind](endpoint, prompt, askers)
