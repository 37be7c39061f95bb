"""How far reviewers agree, and what arms tell. For adjudicators and admins."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from review.agreement.stored import AGREEMENT
from review.models import Dataset, Membership
from review.pages import agreement_plots as plots
from review.pages import strips
from review.pages.agreement_plots import TIME
from review.pages.people import SignedIn
from review.pages.reports import report_page
from review.permissions import check_can_see_agreement, dataset_for
from review.report_tasks import compute_agreement
from review.reports import MOST_NEWER, Known


@require_safe
def agreement(request: SignedIn, slug: str) -> HttpResponse:
    dataset, membership = _overseen(request, slug)
    known = AGREEMENT.known(dataset)
    awaited = "report" if known.awaited else ""
    context = partial(_context, dataset, membership, known)
    return report_page(request, "review/agreement.html", awaited, context)


@require_POST
def compute(request: SignedIn, slug: str) -> HttpResponse:
    dataset, _ = _overseen(request, slug)
    AGREEMENT.ask(dataset=dataset, by=request.user)
    compute_agreement.delay_on_commit(dataset.pk)
    return redirect("agreement", slug=slug)


def _overseen(request: SignedIn, slug: str) -> tuple[Dataset, Membership]:
    dataset, membership = dataset_for(request.user, slug)
    check_can_see_agreement(request.user, dataset)
    return dataset, membership


def _context(dataset: Dataset, membership: Membership, known: Known) -> dict[str, Any]:
    context = {
        "dataset": dataset,
        "membership": membership,
        "known": known,
        "most_newer": MOST_NEWER,
    }
    return context if known.data is None else {**context, **_drawn(known.data)}


def _drawn(data: dict[str, Any]) -> dict[str, Any]:
    plain, *others = data["arms"]
    return {
        "data": data,
        "matrix": plots.matrix(data["pairs"]),
        "trend": plots.trend(data["weeks"]),
        "heights": plots.HEIGHTS,
        "plain": plain,
        "hiding": [plots.beside(plain, arm) for arm in others],
        "times": [(arm["arm"], plots.time_of(arm)) for arm in data["arms"]],
        "scales": {
            "share": strips.SHARE,
            "kappa": strips.AGREEMENT,
            "points": strips.points(_effects(others)),
            "seconds": strips.seconds(plots.time_of(arm).figure for arm in data["arms"]),
        },
    }


def _effects(arms: list[dict[str, Any]]) -> Iterator[strips.Figure]:
    return (
        measure["effect"] for arm in arms for measure in arm["measures"] if measure["name"] != TIME
    )
