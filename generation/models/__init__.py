"""How machine work was made, and what it cost."""

from generation.models.batches import Batch, BatchState
from generation.models.benchmark import (
    BenchmarkArchive,
    BenchmarkDialogue,
    BenchmarkReport,
    BenchmarkScore,
    BenchmarkText,
)
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
from generation.models.retrievers import (
    ConfiguredRetriever,
    ImageLikeness,
    ImageVector,
    LikenessFound,
    RetrieverKind,
    TextVector,
    VectorSpace,
)
from generation.models.runs import ItemState, Run, RunItem, RunKind, RunStatus

__all__ = [
    "Batch",
    "BatchState",
    "BenchmarkArchive",
    "BenchmarkDialogue",
    "BenchmarkReport",
    "BenchmarkScore",
    "BenchmarkText",
    "Call",
    "CallOutcome",
    "ConfiguredRetriever",
    "Endpoint",
    "EndpointKind",
    "EndpointPrice",
    "ImageLikeness",
    "ImageVector",
    "ItemState",
    "Job",
    "JudgeReport",
    "LikenessFound",
    "Prompt",
    "PromptKind",
    "RetrieverKind",
    "Run",
    "RunItem",
    "RunKind",
    "RunStatus",
    "StructuredOutput",
    "TextVector",
    "VectorSpace",
]
