"""What the section on planning shows: what decisions would bring, and where they help most."""

from typing import Any

from django.http import HttpRequest

from generation.benchmark_shown.planned import Planned
from generation.benchmark_shown.planned import planned as reckoned
from review.calibration.planning.plans import checked_half_width
from review.errors import Invalid
from review.models import Dataset

POINTS = "points"


def planned(request: HttpRequest, dataset: Dataset, data: dict[str, Any] | None) -> dict[str, Any]:
    """From the stored report, None where there is none; the address may say how many points
    somebody wants an interval to reach to either side."""
    typed = request.GET.get(POINTS, "").strip()
    wanted, wrong = _read(typed)
    found = reckoned(dataset, data, half_width=wanted)
    return {
        "planned": found,
        "plan": found.plan,
        "plan_rows": list(zip(found.plan.sizes, found.differences, strict=True)),
        "plan_aims": _aims(found),
        "plan_points": typed,
        "plan_error": wrong,
    }


def _aims(found: Planned) -> list[tuple[Any, ...]]:
    aim = found.plan.aim
    if aim is None:
        return []
    return list(zip(found.plan.columns, aim.sizes, found.aim_differences, strict=True))


def _read(typed: str) -> tuple[float | None, str]:
    if not typed:
        return None, ""
    try:
        return checked_half_width(float(typed.replace(",", ".")) / 100), ""
    except ValueError:
        return None, f"“{typed}” is no number of points, such as 3 or 2.5."
    except Invalid as error:
        return None, str(error)
