"""The page of what a dataset's calls cost. For admins alone."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from generation.spending import bill_of
from review.pages.people import SignedIn, administered


@require_safe
def spending(request: SignedIn, slug: str) -> HttpResponse:
    dataset, membership = administered(request, slug)
    context = {"dataset": dataset, "membership": membership, "bill": bill_of(dataset)}
    return render(request, "generation/spending.html", context)
