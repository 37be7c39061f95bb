"""The report as one HTML file that stands alone: nothing in it is loaded from elsewhere."""

import base64
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.contrib.staticfiles import finders
from django.core.files.storage import default_storage
from django.template.loader import render_to_string

from generation.benchmark_shown.detail import Detail, detail, overview
from generation.benchmark_shown.extremes import Side, Target
from generation.benchmark_shown.traits import trait_rows
from generation.models import Run
from review.errors import ReviewError
from review.models import Image
from review.pictures import scaled

STYLES = ("css/base.css", "css/pages.css", "css/figures.css", "css/benchmark.css")
# Of the pictures in it: small enough that twenty of them weigh less than one photograph.
LONGEST_SIDE, QUALITY = 160, 70


def standalone(run: Run, data: dict[str, Any]) -> str:
    """`data` is that of the run's report. Pictures are those of the primary retriever's extremes;
    one whose file is gone is told of by its words."""
    names = [line["name"] for line in data["retrievers"]]
    details = [detail(data, run.dataset, name) for name in names]
    primary, *others = details
    context = {
        "alone": True,
        "run": run,
        "dataset": run.dataset,
        "data": data,
        "overview": overview(data),
        "details": [_pictured(primary), *(replace(one, sides=[]) for one in others)],
        "traits": trait_rows(data),
        "styles": "\n".join(_styles()),
    }
    return render_to_string("generation/benchmark_report.html", context)


def _styles() -> Iterator[str]:
    for name in STYLES:
        found = finders.find(name)
        if found is None:
            raise FileNotFoundError(f"The style sheet {name} is not among the static files.")
        yield Path(found).read_text()


def _pictured(one: Detail) -> Detail:
    known: dict[int, str] = {}
    return replace(one, sides=[_with_pictures(side, known) for side in one.sides])


def _with_pictures(side: Side, known: dict[int, str]) -> Side:
    rows = [
        replace(row, targets=[_inlined(target, known) for target in row.targets])
        for row in side.rows
    ]
    return replace(side, rows=rows)


def _inlined(target: Target, known: dict[int, str]) -> Target:
    image = target.image
    if image is None or not image.has_file():
        return target
    if image.pk not in known:
        known[image.pk] = _as_address(image)
    return replace(target, inlined=known[image.pk])


def _as_address(image: Image) -> str:
    """A `data:` address; empty where the file is gone."""
    try:
        name = scaled(image, longest_side=LONGEST_SIDE, format="webp", quality=QUALITY)
        with default_storage.open(name, "rb") as stream:
            return f"data:image/webp;base64,{base64.b64encode(stream.read()).decode()}"
    except (OSError, ReviewError):
        return ""
