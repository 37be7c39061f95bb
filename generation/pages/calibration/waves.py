"""Drawing a wave and closing one. For admins alone."""

from dataclasses import replace
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from generation.pages.calibration.forms import NewWave
from generation.pages.previews import previewed
from review.calibration.estimating.stored import CALIBRATION
from review.calibration.planning.grounds import grounds_of
from review.calibration.sampling import waves
from review.calibration.sampling.tasks import draw_waves
from review.calibration.sampling.waves import Preview
from review.models import Dataset, Membership
from review.pages.people import SignedIn, administered, told, varying
from review.progress import stages_of

FROM_ADDRESS = ("kind", "size", "narrow")


@require_http_methods(["GET", "HEAD", "POST"])
def new_wave(request: SignedIn, slug: str) -> HttpResponse:
    dataset, membership = administered(request, slug)
    if request.method != "POST":
        return _page(request, dataset, membership, _offered(request, dataset))
    form = NewWave(request.POST, dataset=dataset)
    wave = form.carry_out(lambda: waves.draw(dataset=dataset, by=request.user, **form.asked()))
    if wave is None:
        return _page(request, dataset, membership, form, status=422)
    draw_waves.delay_on_commit(dataset.pk)
    soon = f"Wave {wave.number} is being drawn."
    messages.success(request, f"{soon} Its dialogues come to the desk before all others.")
    return redirect("calibration", slug=slug)


@require_POST
def preview_wave(request: SignedIn, slug: str) -> HttpResponse:
    """What the wave would be drawn from and bring. Draws nothing."""
    dataset, membership = administered(request, slug)
    form = NewWave(request.POST, dataset=dataset)
    preview = form.carry_out(lambda: _preview(dataset, form))
    return previewed(request, form, preview, partial(_page, request, dataset, membership, form))


@require_POST
def close_wave(request: SignedIn, slug: str, number: int) -> HttpResponse:
    dataset, _ = administered(request, slug)
    with told(request):
        waves.close(wave=waves.wave_of(dataset, number), by=request.user)
        messages.success(request, f"Wave {number} is closed.")
    return redirect("calibration", slug=slug)


def _offered(request: HttpRequest, dataset: Dataset) -> NewWave:
    """As the address says, such as a link of the plan."""
    given = {name: request.GET[name] for name in FROM_ADDRESS if name in request.GET}
    return NewWave(initial=given, dataset=dataset)


def _preview(dataset: Dataset, form: NewWave) -> dict[str, Any]:
    found = waves.preview(dataset, **form.asked())
    return {"found": found, "kind": form.cleaned_data["kind"], **_width(dataset, found)}


def _width(dataset: Dataset, found: Preview) -> dict[str, Any]:
    """Half of the interval's width to expect once all of the wave is decided, with the judges and
    from people alone."""
    grounds = grounds_of(dataset, CALIBRATION.known(dataset).data, stages_of(dataset))
    drawn_from = replace(grounds, waiting=found.dialogues)
    decided = max(1, round(found.expected))
    helped = grounds.correlation.value
    return {
        "grounds": [grounds.rate, grounds.correlation],
        "alone": drawn_from.width(decided, 0.0),
        "helped": helped and drawn_from.width(decided, helped),
        "seconds": grounds.work(decided),
    }


def _page(
    request: SignedIn,
    dataset: Dataset,
    membership: Membership,
    form: NewWave,
    *,
    preview: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {"dataset": dataset, "membership": membership, "form": form, "preview": preview}
    return varying(render(request, "generation/new_wave.html", context, status=status))
