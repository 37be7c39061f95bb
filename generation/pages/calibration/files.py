"""The figures of calibration to take away: as JSON all of them, as CSV a line for each figure."""

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

from django.http import HttpResponse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from generation.pages.calibration.report import overseen
from review.calibration.estimating.stored import CALIBRATION
from review.errors import Missing
from review.pages.people import SignedIn

Figure = dict[str, Any]
# Of a figure in the CSV file; beside it, where it belongs.
COLUMNS = ("value", "low", "high", "n", "dialogues", "words")
PLACE = ("basis", "dimension", "part", "measure")
CSV, JSON = "calibration.csv", "calibration.json"


@require_safe
def calibration_file(request: SignedIn, slug: str, name: str) -> HttpResponse:
    dataset, _ = overseen(request, slug)
    known = CALIBRATION.known(dataset)
    if name not in {CSV, JSON}:
        raise Missing(f"There is no file “{name}”. There are {CSV} and {JSON}.")
    if known.data is None:
        raise Missing("There are no figures yet: a worker has to reckon them first.")
    of = {"dataset": dataset.slug, "reckoned": known.computed and known.computed.isoformat()}
    if name == JSON:
        content = json.dumps({**of, **known.data}, ensure_ascii=False, indent=2, allow_nan=False)
        return _sent(f"{content}\n", f"{slug}-{JSON}", "application/json")
    return _sent(csv_text(known.data), f"{slug}-{CSV}", "text/csv; charset=utf-8")


def _sent(content: str, name: str, media_type: str) -> HttpResponse:
    response = HttpResponse(content, content_type=media_type)
    disposition = content_disposition_header(as_attachment=True, filename=name)
    response["Content-Disposition"] = disposition or "attachment"
    return response


def csv_text(data: dict[str, Any]) -> str:
    """Empty where there is no number; `words` then say why."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*PLACE, *COLUMNS])
    for basis in ("waves", "blind"):
        for place, figure in _figures(data[f"from_{basis}"]):
            writer.writerow([basis, *place, *(figure.get(column) for column in COLUMNS)])
    return out.getvalue()


def _figures(basis: dict[str, Any]) -> Iterator[tuple[tuple[str, str, str], Figure]]:
    """Each with its dimension, part and measure."""
    if basis["overall"]:
        yield from _of_line("overall", basis["overall"])
    for dimension, lines in {"criterion": basis["criteria"], **basis["slices"]}.items():
        for line in lines:
            yield from _of_line(dimension, line)
    for part in basis["scores"]:
        yield ("score", f"{part['low']:g}-{part['high']:g}", "accepted"), part["accepted"]
    for week in basis["weeks"]:
        yield ("week", week["week"], "people"), week["people"]
        yield ("week", week["week"], "gap"), week["gap"]


def _of_line(dimension: str, line: dict[str, Any]) -> Iterator[tuple[tuple[str, str, str], Figure]]:
    rate, name = line["rate"], line["name"]
    for measure in ("debiased", "people", "judges"):
        yield (dimension, name, measure), rate[measure]
    for measure in ("worth", "correlation", "tuning"):
        yield (dimension, name, measure), {"value": rate[measure], "n": rate["debiased"]["n"]}
    yield (dimension, name, "kappa"), line["kappa"]
    yield (dimension, name, "auc"), line["auc"]
