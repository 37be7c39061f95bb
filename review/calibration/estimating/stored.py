"""How far a dataset's judges may be trusted, as it is known now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q

from review.agreement.reading import said
from review.calibration.estimating.reckoning import reckon
from review.calibration.report import FORM, WaveLine
from review.calibration.sampling import following
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


@dataclass(frozen=True)
class Followed:
    """What became of a wave; `as_of` is when it was reckoned, None where it is so now."""

    line: WaveLine
    as_of: datetime | None = None


def followed(dataset: Dataset, waves: Sequence[Wave]) -> list[Followed]:
    """What became of waves of a dataset, in their order: where many are drawn, as the report has
    it."""
    if not following.are_many(waves):
        return [Followed(line) for line in following.lines_of(waves)]
    known = CALIBRATION.known(dataset)
    told = following.told_by(known.data, waves)
    now = {
        line.number: line for line in following.lines_of(w for w in waves if w.number not in told)
    }
    return [
        Followed(told[wave.number], known.computed)
        if wave.number in told
        else Followed(now[wave.number])
        for wave in waves
    ]
