"""Where a person comes back to when they had to sign in again."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

SAFE = {"GET", "HEAD"}


class ReturningLoginRequiredMiddleware(LoginRequiredMiddleware):
    """Sends strangers to sign in, and back to the page with the form where they had sent one.

    Django would send them back to the form's own address, which takes no GET.
    """

    def handle_no_permission(
        self, request: HttpRequest, view_func: Callable[..., Any]
    ) -> HttpResponseRedirect:
        if request.method in SAFE:
            return super().handle_no_permission(request, view_func)
        return redirect_to_login(page_of(request), self.get_login_url(view_func))


def page_of(request: HttpRequest) -> str:
    """The page of ours that a request was sent from; the first page where it does not say."""
    sender = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(sender, {request.get_host()}):
        return reverse("home")
    parts = urlsplit(sender)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
