"""How like cases were settled: a part of the page of a dialogue."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from review.like_cases import like_cases
from review.pages.dialogue import named_dialogue
from review.pages.people import SignedIn, wants_fragment
from review.permissions import dataset_for


@require_safe
@never_cache
def cases(request: SignedIn, slug: str, external_id: str) -> HttpResponse:
    dataset, membership = dataset_for(request.user, slug)
    dialogue = named_dialogue(dataset, external_id)
    context = {
        "dataset": dataset,
        "membership": membership,
        "dialogue": dialogue,
        "cases": like_cases(dialogue, membership),
    }
    part = "#cases" if wants_fragment(request) else ""
    response = render(request, f"review/like_cases.html{part}", context)
    patch_vary_headers(response, ["HX-Request"])
    return response
