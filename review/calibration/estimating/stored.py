"""How far a dataset's judges may be trusted, as it is known now."""

from typing import Any

from django.db.models import Exists, OuterRef, Q

from review.agreement.reading import said
from review.calibration.estimating.reckoning import reckon
from review.calibration.report import FORM
from review.models import CalibrationReport, Dataset, Dialogue, Drawn, Wave
from review.permissions import check_can_see_calibration
from review.reports import OnDecisions

# Decisions and drawn dialogues, and dialogues whose scores are looked through for the present
# judges: so many take a tenth of a second while somebody waits.
MOST_LIVE = 500
MOST_SCORED = 1000


def is_small(dataset: Dataset) -> bool:
    """Whether all that it takes can be looked at while somebody waits."""
    decided = said(dataset).order_by()[: MOST_LIVE + 1].count()
    drawn = Drawn.objects.filter(wave__dataset=dataset).order_by()[: MOST_LIVE + 1].count()
    scored = Dialogue.objects.filter(dataset=dataset, panel_score__isnull=False).order_by()
    return decided + drawn <= MOST_LIVE and scored[: MOST_SCORED + 1].count() <= MOST_SCORED


def _reckoned(dataset: Dataset) -> dict[str, Any]:
    return reckon(dataset).as_json()


def _new_waves() -> Q:
    """A wave that was drawn since."""
    drawn = Wave.objects.filter(dataset=OuterRef("dataset"), drawn_at__gt=OuterRef("computed"))
    return Q(Exists(drawn))


CALIBRATION = OnDecisions(
    CalibrationReport, FORM, _reckoned, is_small, check_can_see_calibration, _new_waves
)
