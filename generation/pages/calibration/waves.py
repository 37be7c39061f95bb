"""Drawing a wave and closing one. For admins alone."""

from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from generation.pages.calibration.forms import NewWave
from review.calibration.estimating.stored import CALIBRATION
from review.calibration.planning.grounds import grounds_of
from review.calibration.sampling import waves
from review.calibration.sampling.tasks import draw_waves
from review.calibration.sampling.waves import Preview
from review.errors import ReviewError
from review.models import Dataset, Membership
from review.pages.people import SignedIn, administered, told, varying, wants_fragment
from review.progress import stages_of

FROM_ADDRESS = ("kind", "size", "narrow")


@require_http_methods(["GET", "HEAD", "POST"])
def new_wave(request: SignedIn, slug: str) -> HttpResponse:
    dataset, membership = administered(request, slug)
    if request.method != "POST":
        return _page(request, dataset, membership, _offered(request, dataset))
    form = NewWave(request.POST, dataset=dataset)
    if form.is_valid():
        try:
            wave = waves.draw(dataset=dataset, by=request.user, **form.asked())
        except ReviewError as error:
            form.refuse(error, error.field)
        else:
            draw_waves.delay_on_commit(dataset.pk)
            soon = f"Wave {wave.number} is being drawn."
            messages.success(request, f"{soon} Its dialogues come to the desk before all others.")
            return redirect("calibration", slug=slug)
    return _page(request, dataset, membership, form, status=422)


@require_POST
def preview_wave(request: SignedIn, slug: str) -> HttpResponse:
    """What the wave would be drawn from and bring. Draws nothing."""
    dataset, membership = administered(request, slug)
    form = NewWave(request.POST, dataset=dataset)
    found = _preview(dataset, form)
    status = 200 if found else 422
    if wants_fragment(request):
        context = {"form": form, "preview": found}
        page = "generation/_calibration_previewed.html"
        return varying(render(request, page, context, status=status))
    return _page(request, dataset, membership, form, found=found, status=status)


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


def _preview(dataset: Dataset, form: NewWave) -> dict[str, Any] | None:
    """None where the form is refused, which it then says."""
    if not form.is_valid():
        return None
    try:
        found = waves.preview(dataset, **form.asked())
    except ReviewError as error:
        form.refuse(error, error.field)
        return None
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
    found: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {"dataset": dataset, "membership": membership, "form": form, "preview": found}
    return varying(render(request, "generation/new_wave.html", context, status=status))
