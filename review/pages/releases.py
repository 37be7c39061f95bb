"""Releases of a dataset: what can be downloaded, and making the next one.

Every member may download: what a release holds is settled for good, so nobody who reads it can
still be asked to decide on it.
"""

from django.contrib import messages
from django.http import FileResponse, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from review import cards
from review.amounts import counted
from review.errors import Missing
from review.exporting import described, open_release, write_release
from review.markdown import rendered
from review.models import Dataset, Release
from review.pages.people import SignedIn, administered
from review.permissions import can_download, check_can_download, dataset_for
from review.progress import checks_of
from review.traits import in_words


@require_http_methods(["GET", "HEAD", "POST"])
def releases(request: SignedIn, slug: str) -> HttpResponse:
    if request.method == "POST":
        return _make_release(request, slug)
    dataset, membership = dataset_for(request.user, slug)
    made = list(dataset.releases.select_related("by"))
    context = {
        "dataset": dataset,
        "membership": membership,
        "releases": made,
        "last": made[0] if made else None,
        "traits": in_words(made[0].manifest.get("traits", {})) if made else [],
        "checks": checks_of(dataset),
        "may_download": can_download(request.user, dataset),
    }
    return render(request, "review/releases.html", context)


def _make_release(request: SignedIn, slug: str) -> HttpResponse:
    dataset, _ = administered(request, slug)
    release = write_release(dataset=dataset, by=request.user)
    holds = counted(release.dialogues, "dialogue")
    messages.success(request, f"Release {release.number} is made: it holds {holds}.")
    return redirect("releases", slug=slug)


@require_safe
def download(request: SignedIn, slug: str, number: int) -> FileResponse:
    dataset, _ = dataset_for(request.user, slug)
    check_can_download(request.user, dataset)
    release = release_of(dataset, number)
    return FileResponse(
        open_release(release),
        as_attachment=True,
        filename=f"{dataset.slug}-{release.number}.jsonl",
        content_type="application/jsonl",
    )


@require_safe
def manifest(request: SignedIn, slug: str, number: int) -> JsonResponse:
    """What a release holds, and how far the people who decided agreed and were led."""
    dataset, _ = dataset_for(request.user, slug)
    release = release_of(dataset, number)
    answer = JsonResponse(described(release), json_dumps_params={"indent": 2})
    name = f"{dataset.slug}-{release.number}.manifest.json"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@require_safe
def release_card(request: SignedIn, slug: str, number: int) -> HttpResponse:
    """What a release is and how far it may be trusted, in words."""
    dataset, membership = dataset_for(request.user, slug)
    release = release_of(dataset, number)
    context = {
        "dataset": dataset,
        "membership": membership,
        "release": release,
        "text": rendered(cards.body(described(release)), below_others=False),
    }
    return render(request, "review/release_card.html", context)


@require_safe
def download_card(request: SignedIn, slug: str, number: int) -> HttpResponse:
    dataset, _ = dataset_for(request.user, slug)
    return card_file(release_of(dataset, number))


def card_file(release: Release) -> HttpResponse:
    """A release's card as a file, by the name that it has beside the data on the Hub."""
    text = cards.card(described(release))
    answer = HttpResponse(text, content_type="text/markdown; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{cards.NAME}"'
    return answer


def release_of(dataset: Dataset, number: int) -> Release:
    found = dataset.releases.filter(number=number).first()
    if found is None:
        raise Missing(f"There is no release {number} of {dataset.slug}. See the list of releases.")
    return found
