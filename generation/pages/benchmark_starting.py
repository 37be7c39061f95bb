"""Setting up a benchmark run: what it would take, and starting it. For admins alone."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from generation.benchmark.planning import subjects
from generation.models import RunKind
from generation.pages.benchmark import foreseen
from generation.pages.benchmark_form import NewBenchmark
from generation.runs import lifecycle
from generation.runs.drafting import RunOptions, draft
from generation.runs.estimating import Estimate, estimate
from generation.tasks import drain_run
from review.errors import ReviewError
from review.models import Dataset, Membership
from review.pages.people import SignedIn, administered, varying, wants_fragment
from review.selecting import EVERYTHING


@require_http_methods(["GET", "HEAD", "POST"])
def new_benchmark(request: SignedIn, slug: str) -> HttpResponse:
    dataset, membership = administered(request, slug)
    if request.method != "POST":
        return _page(request, dataset, membership, NewBenchmark(dataset=dataset))
    form = NewBenchmark(request.POST, request.FILES, dataset=dataset)
    if form.is_valid():
        try:
            run = lifecycle.start(
                dataset=dataset,
                kind=RunKind.BENCHMARK,
                by=request.user,
                benchmark=form.options(),
            )
        except ReviewError as error:
            form.refuse(error, error.field)
        else:
            drain_run.delay_on_commit(run.pk)
            return redirect("benchmark_run", slug=slug, pk=run.pk)
    return _page(request, dataset, membership, form, status=422)


@require_POST
def estimate_benchmark(request: SignedIn, slug: str) -> HttpResponse:
    """What the run would take. Starts nothing, and asks no server."""
    dataset, membership = administered(request, slug)
    form = NewBenchmark(request.POST, request.FILES, dataset=dataset)
    found = _estimate(dataset, form)
    status = 200 if found else 422
    if wants_fragment(request):
        context = {"form": form, "estimate": found, "dataset": dataset}
        return varying(render(request, "generation/_estimated.html", context, status=status))
    return _page(request, dataset, membership, form, found=found, status=status)


def _estimate(dataset: Dataset, form: NewBenchmark) -> Estimate | None:
    """None where the form is refused, which it then says."""
    if not form.is_valid():
        return None
    try:
        options = RunOptions(benchmark=form.options())
        return estimate(
            draft(dataset=dataset, kind=RunKind.BENCHMARK, options=options, asking=False)
        )
    except ReviewError as error:
        form.refuse(error, error.field)
    return None


def _page(
    request: SignedIn,
    dataset: Dataset,
    membership: Membership,
    form: NewBenchmark,
    *,
    found: Estimate | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "dataset": dataset,
        "membership": membership,
        "form": form,
        "estimate": found,
        "dialogues": subjects(dataset, EVERYTHING).count(),
        **foreseen(request),
    }
    return varying(render(request, "generation/new_benchmark.html", context, status=status))
