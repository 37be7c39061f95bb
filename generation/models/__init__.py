"""How machine work was made, and what it cost."""

from generation.models.batches import Batch, BatchState
from generation.models.calls import Call, CallOutcome
from generation.models.endpoints import (
    Endpoint,
    EndpointKind,
    EndpointPrice,
    Job,
    Prompt,
    PromptKind,
    StructuredOutput,
)
from generation.models.reports import JudgeReport
from generation.models.runs import ItemState, Run, RunItem, RunKind, RunStatus

__all__ = [
    "Batch",
    "BatchState",
    "Call",
    "CallOutcome",
    "Endpoint",
    "EndpointKind",
    "EndpointPrice",
    "ItemState",
    "Job",
    "JudgeReport",
    "Prompt",
    "PromptKind",
    "Run",
    "RunItem",
    "RunKind",
    "RunStatus",
    "StructuredOutput",
]
