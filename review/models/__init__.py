"""The record of a dataset: what was imported, proposed, judged, decided and checked."""

from review.models.assignments import Arm, Assignment, PlaceState
from review.models.candidates import (
    Candidate,
    CandidateKind,
    Comparison,
    Criterion,
    Judgement,
)
from review.models.checks import CheckOutcome, QueryForm, RetrievalCheck
from review.models.datasets import Dataset, Membership, Role
from review.models.decisions import Decision, Verdict
from review.models.dialogues import Approval, Dialogue, Stage
from review.models.images import Image
from review.models.rubrics import Rubric, RubricCriterion
from review.models.transfers import Import, ImportStatus, Release
from review.models.uploads import Upload
from review.models.users import ApiToken, User

__all__ = [
    "ApiToken",
    "Approval",
    "Arm",
    "Assignment",
    "Candidate",
    "CandidateKind",
    "CheckOutcome",
    "Comparison",
    "Criterion",
    "Dataset",
    "Decision",
    "Dialogue",
    "Image",
    "Import",
    "ImportStatus",
    "Judgement",
    "Membership",
    "PlaceState",
    "QueryForm",
    "Release",
    "RetrievalCheck",
    "Role",
    "Rubric",
    "RubricCriterion",
    "Stage",
    "Upload",
    "User",
    "Verdict",
]
