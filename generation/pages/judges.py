"""The page that compares judges, from a report that is reckoned in the background. For admins."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from generation.judges_compared import stored
from generation.judges_compared.by_slice import ENOUGH_UNSEEN
from generation.models import JudgeReport
from generation.pages import judge_plots as plots
from generation.pages import judge_scores, judge_slices
from generation.report_tasks import compute_judge_report
from review.models import Dataset, Membership
from review.pages import strips
from review.pages.people import SignedIn, administered
from review.pages.reports import report_page


@require_safe
def judges(request: SignedIn, slug: str) -> HttpResponse:
    dataset, membership = administered(request, slug)
    report = stored.of(dataset)
    awaited = "report" if report and report.is_awaited() else ""
    by = request.GET.get(judge_slices.DIMENSION, "")
    context = partial(_context, dataset, membership, report, by)
    return report_page(request, "generation/judges.html", awaited, context)


@require_POST
def compute_judges(request: SignedIn, slug: str) -> HttpResponse:
    dataset, _ = administered(request, slug)
    stored.ask(dataset=dataset, by=request.user)
    compute_judge_report.delay_on_commit(dataset.pk)
    return redirect("judges", slug=slug)


def _context(
    dataset: Dataset, membership: Membership, report: JudgeReport | None, by: str
) -> dict[str, Any]:
    context = {
        "dataset": dataset,
        "membership": membership,
        "report": report,
        "by": by,
    }
    if report is None or not stored.is_current_form(report):
        return context
    return {**context, "newer": stored.newer(report), **_drawn(report.data, by)}


def _drawn(data: dict[str, Any], by: str) -> dict[str, Any]:
    acceptances = [one for one in data["acceptance"] if one["bands"]]
    return {
        "data": data,
        "plots": [plots.acceptance_plot(one) for one in acceptances],
        "bands": plots.band_rows(acceptances),
        "heights": plots.HEIGHTS,
        "scores": plots.SCORES,
        "scales": _scales(data),
        "standard_reach": plots.standard_reach(data["matrix"]),
        "sliced": judge_slices.shown(data["dimensions"], by),
        "enough_unseen": ENOUGH_UNSEEN,
        "level_groups": judge_scores.level_groups(data["levels"]),
        "weeks_open": judge_scores.weeks_are_few(data["drift"]),
    }


def _scales(data: dict[str, Any]) -> dict[str, strips.Scale]:
    return {
        "share": strips.SHARE,
        "half": strips.HALF,
        "auc": plots.AUC,
        "agreement": strips.AGREEMENT,
        "score": judge_scores.SCORE,
        "distance": strips.from_zero(_figures(data["flips"], "distance")),
        "shift": strips.around_zero(_figures(data["places"], "shift")),
        "favour": strips.around_zero(favour["figure"] for favour in data["favours"]),
    }


def _figures(of_judges: list[dict[str, Any]], name: str) -> Iterator[strips.Figure]:
    return (row[name] for one in of_judges for row in one["rows"])
