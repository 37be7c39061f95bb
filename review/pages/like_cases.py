"""How like cases were settled: a part of the page of a dialogue."""

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from review.discussion.like_cases import LikeCase, like_cases
from review.pages.dialogue import named_dialogue
from review.pages.people import SignedIn, wants_fragment
from review.pages.reading import Mark, left_out, marks
from review.permissions import dataset_for


@dataclass(frozen=True)
class Case:
    """A settled dialogue as a page shows it, its approved rewrite as on a card."""

    settled: LikeCase
    marks: list[Mark]
    left_out: list[str]


@require_safe
@never_cache
def cases(request: SignedIn, slug: str, external_id: str) -> HttpResponse:
    dataset, membership = dataset_for(request.user, slug)
    dialogue = named_dialogue(dataset, external_id)
    context = {
        "dataset": dataset,
        "membership": membership,
        "dialogue": dialogue,
        "cases": [_case(settled) for settled in like_cases(dialogue, membership)],
    }
    part = "#cases" if wants_fragment(request) else ""
    response = render(request, f"review/like_cases.html{part}", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _case(settled: LikeCase) -> Case:
    return Case(settled, marks(settled.pieces), left_out(settled.pieces))
