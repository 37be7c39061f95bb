"""Turns a refusal of the rules into a page, or into a line where htmx asked for a part of one."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers

from review.errors import ReviewError

STATUS = {
    "refused": 400,
    "invalid": 400,
    "not-allowed": 403,
    "missing": 404,
    "conflict": 409,
    "too-many": 429,
    "place-lost": 409,
    "newer-draft": 409,
    "guidelines-unread": 409,
}
TITLES = {
    400: "That cannot be taken",
    403: "Not for your role",
    404: "Nothing here",
    409: "This has moved on",
    429: "Too often",
}


class RefusalMiddleware:
    """Answers with the sentence of a `ReviewError` that a page let through."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        return refusal(request, error) if isinstance(error, ReviewError) else None


def refusal(request: HttpRequest, error: ReviewError) -> HttpResponse:
    """The page (or fragment) that says why, with the status that fits."""
    status = STATUS[error.kind]
    template = "refusal.html#sentence" if getattr(request, "htmx", False) else "refusal.html"
    context = {"title": TITLES[status], "sentence": str(error)}
    response = render(request, template, context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response
