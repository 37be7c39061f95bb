"""How far a dataset's reviewers agree, as it is known now."""

from typing import Any

from review.agreement.reading import said
from review.agreement.report import FORM, reckon
from review.models import AgreementReport, Dataset
from review.permissions import check_can_see_agreement
from review.reports import OnDecisions

# Reading takes about 65 microseconds a decision on a busy machine with two cores.
MOST_LIVE = 2_000


def is_small(dataset: Dataset) -> bool:
    """Whether all its decisions can be looked at while somebody waits."""
    return said(dataset).order_by()[: MOST_LIVE + 1].count() <= MOST_LIVE


def _reckoned(dataset: Dataset) -> dict[str, Any]:
    return reckon(dataset).as_json()


AGREEMENT = OnDecisions(AgreementReport, FORM, _reckoned, is_small, check_can_see_agreement)
