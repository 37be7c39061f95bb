"""The record of a dataset: what was imported, proposed, judged, decided and checked."""

from review.models.assignments import Arm, Assignment, PlaceState, Purpose
from review.models.calibration import (
    CalibrationReport,
    Certificate,
    CertificateEnd,
    Certified,
    CertifiedAs,
    Drawn,
    Wave,
    WaveKind,
)
from review.models.candidates import (
    Candidate,
    CandidateKind,
    Comparison,
    Criterion,
    Judgement,
)
from review.models.checks import CheckOutcome, QueryForm, RetrievalCheck
from review.models.comments import Comment, Mention
from review.models.datasets import (
    CertifiedUse,
    Dataset,
    HideUntil,
    Membership,
    QueueOrder,
    Role,
    Takers,
)
from review.models.decisions import Decision, Verdict
from review.models.dialogues import Approval, Dialogue, Stage
from review.models.guidelines import Guidelines, SecondLook
from review.models.images import Image
from review.models.invitations import Invitation
from review.models.policy_changes import PolicyChange
from review.models.practice import Control
from review.models.relevance import Relevance, Trait, WordFinding, WordSupport
from review.models.reports import AgreementReport, Reckoned, StoredReport
from review.models.rubrics import Rubric, RubricCriterion
from review.models.transfers import Import, ImportStatus, Release
from review.models.uploads import Upload
from review.models.users import ApiToken, User

__all__ = [
    "AgreementReport",
    "ApiToken",
    "Approval",
    "Arm",
    "Assignment",
    "CalibrationReport",
    "Candidate",
    "CandidateKind",
    "Certificate",
    "CertificateEnd",
    "Certified",
    "CertifiedAs",
    "CertifiedUse",
    "CheckOutcome",
    "Comment",
    "Comparison",
    "Control",
    "Criterion",
    "Dataset",
    "Decision",
    "Dialogue",
    "Drawn",
    "Guidelines",
    "HideUntil",
    "Image",
    "Import",
    "ImportStatus",
    "Invitation",
    "Judgement",
    "Membership",
    "Mention",
    "PlaceState",
    "PolicyChange",
    "Purpose",
    "QueryForm",
    "QueueOrder",
    "Reckoned",
    "Release",
    "Relevance",
    "RetrievalCheck",
    "Role",
    "Rubric",
    "RubricCriterion",
    "SecondLook",
    "Stage",
    "StoredReport",
    "Takers",
    "Trait",
    "Upload",
    "User",
    "Verdict",
    "Wave",
    "WaveKind",
    "WordFinding",
    "WordSupport",
]
