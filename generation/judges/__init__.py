"""What judges candidates: a protocol, and one class per file."""

from collections.abc import Callable

from generation.judges.offline import OfflineJudge
from generation.judges.openai import OpenAIJudge
from generation.judges.protocol import Choice, Judge, JudgeTask
from generation.models import Endpoint, EndpointKind, Run

__all__ = ["Choice", "Judge", "JudgeTask", "judge_at"]

JUDGES: dict[str, Callable[[Endpoint, Run], Judge]] = {
    EndpointKind.OFFLINE: OfflineJudge.at,
    EndpointKind.OPENAI: OpenAIJudge.at,
}


def judge_at(endpoint: Endpoint, run: Run) -> Judge:
    return JUDGES[endpoint.kind](endpoint, run)
