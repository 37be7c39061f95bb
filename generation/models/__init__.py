"""How machine work was made, and what it cost."""

from generation.models.calls import Call, CallOutcome
from generation.models.endpoints import Endpoint, EndpointKind, Prompt, PromptKind
from generation.models.runs import ItemState, Run, RunItem, RunKind, RunStatus

__all__ = [
    "Call",
    "CallOutcome",
    "Endpoint",
    "EndpointKind",
    "ItemState",
    "Prompt",
    "PromptKind",
    "Run",
    "RunItem",
    "RunKind",
    "RunStatus",
]
