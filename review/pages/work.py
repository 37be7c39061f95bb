"""My work: what I decided, what became of it, how long it took, and what waits for me again."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from review.discussion import sending_back
from review.models import Dataset, Verdict
from review.models.decisions import TAKING_BACK, DecisionQuerySet
from review.pages.days import plotted
from review.pages.people import SignedIn, wants_fragment
from review.people import own_work
from review.people.own_work import OUTCOMES, OwnDecision
from review.people.worklog import Period, Work, by_day, worklog
from review.permissions import dataset_for
from review.templatetags.desk import RULED

PAGE_SIZE = 30
DAYS = 14
VERDICTS = [(verdict.value, RULED[verdict]) for verdict in Verdict if verdict not in TAKING_BACK]
FILTERS = {"verdict": dict(VERDICTS), "outcome": OUTCOMES}


@dataclass(frozen=True)
class Slice:
    """One page of decisions, the newest first, and the address of older ones (empty: none)."""

    decisions: list[OwnDecision]
    older: str


@require_safe
@never_cache
def work(request: SignedIn, slug: str) -> HttpResponse:
    dataset, membership = dataset_for(request.user, slug)
    chosen = _chosen(request)
    rows = own_work.own_decisions(dataset=dataset, of=request.user, **chosen)
    context = {
        "dataset": dataset,
        "membership": membership,
        "chosen": chosen,
        "verdicts": VERDICTS,
        "outcomes": OUTCOMES.items(),
        "page": _slice(request, rows, chosen),
        "is_first": _before(request) is None,
    }
    fragment = wants_fragment(request)
    if not fragment:
        context |= _lately(request, dataset)
    template = "review/work.html#list" if fragment else "review/work.html"
    response = render(request, template, context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _lately(request: SignedIn, dataset: Dataset) -> dict[str, Any]:
    """The days behind, and what waits for this person."""
    period = Period.lately(DAYS)
    days = by_day(worklog(dataset=dataset, period=period, of=request.user), period)
    return {
        "days": days,
        "plot": plotted(days),
        "today": days[-1][1],
        "in_all": sum((work for _, work in days), Work()),
        "period": period,
        "returned": sending_back.returned_to(request.user, dataset),
        "drafts": own_work.open_drafts(dataset, request.user),
    }


def _chosen(request: HttpRequest) -> dict[str, str]:
    """The filters that are on; what names none is as if it were not there."""
    return {
        name: value
        for name, known in FILTERS.items()
        if (value := request.GET.get(name, "")) in known
    }


def _slice(request: HttpRequest, rows: DecisionQuerySet, chosen: dict[str, str]) -> Slice:
    before = _before(request)
    wanted = rows if before is None else rows.filter(pk__lt=before)
    found = own_work.told(wanted.order_by("-pk")[: PAGE_SIZE + 1])
    shown = found[:PAGE_SIZE]
    older = ""
    if len(found) > PAGE_SIZE:
        query = QueryDict(mutable=True)
        query.update({**chosen, "before": str(shown[-1].decision.pk)})
        older = f"?{query.urlencode()}"
    return Slice(shown, older)


def _before(request: HttpRequest) -> int | None:
    text = request.GET.get("before", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
