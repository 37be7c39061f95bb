"""How far a dataset's judges may be trusted, as it is known now."""

from typing import Any

from django.db.models import Exists, OuterRef, Q

from review.agreement.reading import said
from review.calibration.reckoning import reckon
from review.calibration.report import FORM
from review.models import CalibrationReport, Dataset, Drawn, Wave
from review.permissions import check_can_see_calibration
from review.reports import OnDecisions

# Decisions, and drawn dialogues: so many are reckoned while somebody waits.
MOST_LIVE = 500


def is_small(dataset: Dataset) -> bool:
    """Whether all its decisions and drawn dialogues can be looked at while somebody waits."""
    decided = said(dataset).order_by()[: MOST_LIVE + 1].count()
    drawn = Drawn.objects.filter(wave__dataset=dataset).order_by()[: MOST_LIVE + 1].count()
    return decided + drawn <= MOST_LIVE


def _reckoned(dataset: Dataset) -> dict[str, Any]:
    return reckon(dataset).as_json()


def _new_waves() -> Q:
    """A wave that was drawn since."""
    drawn = Wave.objects.filter(dataset=OuterRef("dataset"), drawn_at__gt=OuterRef("computed"))
    return Q(Exists(drawn))


CALIBRATION = OnDecisions(
    CalibrationReport, FORM, _reckoned, is_small, check_can_see_calibration, _new_waves
)
