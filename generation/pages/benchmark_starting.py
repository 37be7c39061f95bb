"""Setting up a benchmark run: what it would take, and starting it. For admins alone."""

from functools import partial

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from generation.benchmark.planning import subjects
from generation.models import RunKind
from generation.pages.benchmark import foreseen
from generation.pages.benchmark_form import NewBenchmark
from generation.pages.previews import previewed
from generation.runs import lifecycle
from generation.runs.drafting import RunOptions, draft
from generation.runs.estimating import Estimate, estimate
from generation.tasks import drain_run
from review.models import Dataset, Membership
from review.pages.people import SignedIn, administered, varying
from review.selecting import EVERYTHING


@require_http_methods(["GET", "HEAD", "POST"])
def new_benchmark(request: SignedIn, slug: str) -> HttpResponse:
    dataset, membership = administered(request, slug)
    if request.method != "POST":
        return _page(request, dataset, membership, NewBenchmark(dataset=dataset))
    form = NewBenchmark(request.POST, request.FILES, dataset=dataset)
    run = form.carry_out(
        lambda: lifecycle.start(
            dataset=dataset, kind=RunKind.BENCHMARK, by=request.user, benchmark=form.options()
        )
    )
    if run is None:
        return _page(request, dataset, membership, form, status=422)
    drain_run.delay_on_commit(run.pk)
    return redirect("benchmark_run", slug=slug, pk=run.pk)


@require_POST
def estimate_benchmark(request: SignedIn, slug: str) -> HttpResponse:
    """What the run would take. Starts nothing, and asks no server."""
    dataset, membership = administered(request, slug)
    form = NewBenchmark(request.POST, request.FILES, dataset=dataset)
    preview = form.carry_out(lambda: _estimate(dataset, form))
    return previewed(request, form, preview, partial(_page, request, dataset, membership, form))


def _estimate(dataset: Dataset, form: NewBenchmark) -> Estimate:
    options = RunOptions(benchmark=form.options())
    return estimate(draft(dataset=dataset, kind=RunKind.BENCHMARK, options=options, asking=False))


def _page(
    request: SignedIn,
    dataset: Dataset,
    membership: Membership,
    form: NewBenchmark,
    *,
    preview: Estimate | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "dataset": dataset,
        "membership": membership,
        "form": form,
        "preview": preview,
        "dialogues": subjects(dataset, EVERYTHING).count(),
        **foreseen(request),
    }
    return varying(render(request, "generation/new_benchmark.html", context, status=status))
