"""What scores candidates: a protocol, and one class per file."""

from collections.abc import Callable

from generation.asking import Askers
from generation.judges.offline import OfflineJudge
from generation.judges.openai import OpenAIJudge
from generation.judges.protocol import Judge, JudgeTask
from generation.models import Endpoint, EndpointKind, Prompt

__all__ = ["Judge", "JudgeTask", "judge_at"]

JUDGES: dict[str, Callable[[Endpoint, Prompt | None, Askers], Judge]] = {
    EndpointKind.OFFLINE: OfflineJudge.at,
    EndpointKind.OPENAI: OpenAIJudge.at,
}


def judge_at(endpoint: Endpoint, prompt: Prompt | None, askers: Askers) -> Judge:
    return JUDGES[endpoint.kind](endpoint, prompt, askers)
