"""The pages of retrievers: all of a dataset, one with its settings. For admins."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from generation.pages.retriever_forms import KINDS, RetrieverForm
from generation.retrievers import setting_up
from generation.retrievers.standing import standing_of, standings
from generation.vectors.tasks import fill_vectors
from review.errors import Conflict, Invalid, Missing, ReviewError
from review.pages.people import SignedIn, administered, told
from review.publishing import publish


@require_safe
def retrievers(request: SignedIn, slug: str) -> HttpResponse:
    dataset, membership = administered(request, slug)
    found = standings(dataset)
    context = {
        "dataset": dataset,
        "membership": membership,
        "standings": found,
        "outdated": any(one.outdated for one in found),
        "kinds": KINDS,
    }
    return render(request, "generation/retrievers.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def new_retriever(request: SignedIn, slug: str, kind: str) -> HttpResponse:
    dataset, membership = administered(request, slug)
    if kind not in KINDS:
        raise Missing(f"There is no kind of retriever “{kind}”. There are: {', '.join(KINDS)}.")
    form = RetrieverForm(_sent(request), dataset=dataset, kind=kind)
    if request.method == "POST" and form.is_valid():
        try:
            made = setting_up.add_retriever(
                dataset=dataset,
                name=form.cleaned_data["name"],
                kind=kind,
                wanted=form.wanted(),
                by=request.user,
            )
        except (Invalid, Conflict) as error:
            _tell(error, form)
        else:
            publish(fill_vectors, made.pk)
            messages.success(request, f"{made.name} is set up.")
            return redirect("retriever", slug=slug, name=made.name)
    context = {"dataset": dataset, "membership": membership, "form": form}
    title, words = KINDS[kind]
    return _page(request, "new_retriever", form, {**context, "kind_title": title, "words": words})


@require_http_methods(["GET", "HEAD", "POST"])
def retriever(request: SignedIn, slug: str, name: str) -> HttpResponse:
    dataset, membership = administered(request, slug)
    row = setting_up.retriever_of(dataset, name)
    form = RetrieverForm(_sent(request), dataset=dataset, kind=row.kind, retriever=row)
    if request.method == "POST" and form.is_valid():
        try:
            setting_up.change_retriever(retriever=row, wanted=form.wanted(), by=request.user)
        except (Invalid, Conflict) as error:
            _tell(error, form)
        else:
            publish(fill_vectors, row.pk)
            messages.success(request, f"{name} is saved.")
            return redirect("retriever", slug=slug, name=name)
    title, words = KINDS[row.kind]
    context = {
        "dataset": dataset,
        "membership": membership,
        "standing": standing_of(dataset, setting_up.retriever_of(dataset, name)),
        "form": form,
        "kind_title": title,
        "words": words,
    }
    return _page(request, "retriever", form, context)


@require_POST
def make_primary(request: SignedIn, slug: str, name: str) -> HttpResponse:
    dataset, _ = administered(request, slug)
    row = setting_up.retriever_of(dataset, name)
    with told(request):
        setting_up.make_primary(retriever=row, by=request.user)
        renew = "A check run renews the outcomes that another retriever decided."
        messages.success(request, f"{name} is the primary retriever now. {renew}")
    return redirect("retrievers", slug=slug)


@require_POST
def retire_retriever(request: SignedIn, slug: str, name: str) -> HttpResponse:
    dataset, _ = administered(request, slug)
    row = setting_up.retriever_of(dataset, name)
    with told(request):
        setting_up.retire_retriever(retriever=row, by=request.user)
        messages.success(request, f"{name} is retired. Its checks and benchmarks stay.")
    return redirect("retrievers", slug=slug)


def _sent(request: SignedIn) -> Any:
    return request.POST if request.method == "POST" else None


def _page(
    request: SignedIn, name: str, form: RetrieverForm, context: dict[str, Any]
) -> HttpResponse:
    wrong = form.is_bound and form.errors
    return render(request, f"generation/{name}.html", context, status=422 if wrong else 200)


def _tell(error: ReviewError, form: RetrieverForm) -> None:
    """Puts a refusal at the field that it is about, or above them all."""
    form.add_error(error.field if error.field in form.fields else None, str(error))
