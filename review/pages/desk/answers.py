"""How the desk's own program is answered, beside the pages for everybody."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpResponse, JsonResponse

from review.errors import ReviewError
from review.pages.people import SignedIn
from review.refusals import STATUS

# The person that the page belongs to which sends a request.
PERSON = "X-Desk-Person"

Page = Callable[..., HttpResponse]


def from_program(request: SignedIn) -> bool:
    """Whether the desk's own program asks, which puts the answer into the page itself."""
    return PERSON in request.headers


def told_as_json(page: Page) -> Page:
    """Refusals as JSON where the program asks.

    What a page of one person sends is refused where another has signed in meanwhile: decisions
    that wait in that browser are not theirs.
    """

    @wraps(page)
    def answer(request: SignedIn, *args: Any, **kwargs: Any) -> HttpResponse:
        if not from_program(request):
            return page(request, *args, **kwargs)
        if request.headers[PERSON] != str(request.user.pk):
            sentence = f"This page is not {request.user.username}'s. Sign in as before, or reload."
            return JsonResponse({"kind": "signed-out", "sentence": sentence}, status=401)
        try:
            return page(request, *args, **kwargs)
        except ReviewError as error:
            return JsonResponse(problem(error), status=STATUS[error.kind])

    return answer


def problem(error: ReviewError) -> dict[str, Any]:
    return {"kind": error.kind, "sentence": str(error), "field": error.field}
