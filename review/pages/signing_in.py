"""Signing in and out: how often one may try, where one comes back to, what one leaves behind."""

import hashlib
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import LogoutView, PasswordChangeView, redirect_to_login
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse, reverse_lazy
from django.utils.http import url_has_allowed_host_and_scheme

from review.assignments import leave_all
from review.models import User
from review.people import tries

SAFE = {"GET", "HEAD"}
WRONG_PASSWORDS = 10
MINUTES_TO_WAIT = 10


class SignInForm(AuthenticationForm):
    """A name and its password; after some wrong ones nobody tries further for a while."""

    def clean(self) -> dict[str, Any]:
        attempts = self._attempts()
        if tries.counted(attempts) >= WRONG_PASSWORDS:
            raise ValidationError(
                f"Too many wrong passwords for this name. Wait {MINUTES_TO_WAIT} minutes, then "
                "try again. Who lost their password asks the operator of this site for a new one."
            )
        try:
            cleaned = super().clean()
        except ValidationError:
            tries.count(attempts, minutes=MINUTES_TO_WAIT)
            raise
        tries.forget(attempts)
        return cleaned

    def confirm_login_allowed(self, user: User) -> None:
        """Where the server listens for others the demo accounts are shut; and should another copy
        have opened them in a database that both share, they still let in nobody from afar."""
        super().confirm_login_allowed(user)
        if user.is_demo and not _is_of_this_machine(self._address()):
            raise ValidationError(
                "Demo accounts open on the machine alone that serves this site. Ask an admin for "
                "an account of your own."
            )

    def _address(self) -> str:
        return str(self.request.META.get("REMOTE_ADDR", "")) if self.request else ""

    def _attempts(self) -> str:
        """Tries at one name from one address, so that a stranger elsewhere locks nobody out."""
        address = self._address()
        name = self.cleaned_data.get("username", "").casefold()
        return "sign-in:" + hashlib.sha256(f"{address}\0{name}".encode()).hexdigest()


def _is_of_this_machine(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        # A Unix socket has no address.
        return not address


class LeavingLogoutView(LogoutView):
    """Who signs out gives back what they held ahead; what is in hand goes back in some minutes."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.user.is_authenticated:
            leave_all(by=request.user)
        return super().post(request, *args, **kwargs)


class OwnPasswordView(PasswordChangeView):
    """A password of one's own in place of the one that an admin passed on."""

    template_name = "registration/password.html"
    success_url = reverse_lazy("home")

    def form_valid(self, form: PasswordChangeForm) -> HttpResponse:
        messages.success(
            self.request, "Your password is changed. Other browsers have to sign in again."
        )
        return super().form_valid(form)


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
