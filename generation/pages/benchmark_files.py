"""What can be taken away of a benchmark, and having it reckoned or written anew."""

from django.http import FileResponse, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST, require_safe

from generation.benchmark import reckoning
from generation.benchmark_files import archive
from generation.benchmark_files.taking import Taken, taken
from generation.benchmark_files.tasks import write_benchmark_archive
from generation.benchmark_shown import reports
from generation.pages.benchmark import overseen
from generation.report_tasks import compute_benchmark_report
from review.pages.people import SignedIn, administered, told


@require_safe
def benchmark_file(request: SignedIn, slug: str, pk: int, name: str) -> HttpResponseBase:
    dataset, _ = overseen(request, slug)
    return sent_file(taken(reports.benchmark_of(dataset, pk), name))


def sent_file(found: Taken) -> HttpResponseBase:
    """Always to be kept, never shown here: the report has its styles in itself."""
    if not isinstance(found.content, str):
        return FileResponse(
            found.content,
            as_attachment=True,
            filename=found.name,
            content_type=found.media_type,
        )
    response = HttpResponse(found.content, content_type=found.media_type)
    disposition = content_disposition_header(as_attachment=True, filename=found.name)
    response["Content-Disposition"] = disposition or "attachment"
    return response


@require_POST
def write_benchmark_files(request: SignedIn, slug: str, pk: int) -> HttpResponse:
    dataset, _ = overseen(request, slug)
    with told(request):
        archive.ask(run=reports.benchmark_of(dataset, pk), by=request.user)
        write_benchmark_archive.delay_on_commit(pk)
    return redirect("benchmark_run", slug=slug, pk=pk)


@require_POST
def reckon_benchmark(request: SignedIn, slug: str, pk: int) -> HttpResponse:
    dataset, _ = administered(request, slug)
    with told(request):
        reckoning.ask(run=reports.benchmark_of(dataset, pk), by=request.user)
        compute_benchmark_report.delay_on_commit(pk)
    return redirect("benchmark_run", slug=slug, pk=pk)
