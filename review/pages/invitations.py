"""Invitations: made and taken back by an admin, and the page to which their link leads."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from review.errors import Conflict, Invalid, Missing, TooMany
from review.models import Dataset, Invitation, User
from review.pages.members import NewInvitation, members_page
from review.pages.people import SignedIn, administered
from review.people import invitations, tries
from review.permissions import membership_of

# A class of students may come at once, each with a typing error or two.
MOST_TRIES = 200
MINUTES = 10


class NewAccount(forms.Form):
    username = forms.CharField(
        max_length=150,
        label="Name",
        help_text="Letters, digits and @ . + - _ only. The admins see it beside your work.",
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none"}),
        error_messages={"required": "Choose a name."},
    )
    password = forms.CharField(
        max_length=4096,
        strip=False,
        help_text="At least 8 characters, and no common password.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        error_messages={"required": "Choose a password."},
    )


@never_cache
@require_POST
def invite(request: SignedIn, slug: str) -> HttpResponse:
    dataset, membership = administered(request, slug)
    form = NewInvitation(dataset, request.POST)
    if not form.is_valid():
        return members_page(request, dataset, membership, inviting=form, status=422)
    try:
        _, secret = invitations.make(dataset=dataset, by=request.user, **form.given())
    except Invalid as error:
        form.add_error(error.field if error.field in form.fields else None, str(error))
        return members_page(request, dataset, membership, inviting=form, status=422)
    link = request.build_absolute_uri(reverse("join", args=[secret]))
    return members_page(request, dataset, membership, link=link)


@require_POST
def revoke_invitation(request: SignedIn, slug: str, pk: int) -> HttpResponse:
    dataset, _ = administered(request, slug)
    invitations.revoke(invitation=_invitation(dataset, pk), by=request.user)
    messages.success(request, "The invitation is taken back: its link opens nothing any more.")
    return redirect("members", slug=slug)


def _invitation(dataset: Dataset, pk: int) -> Invitation:
    found = dataset.invitations.select_related("dataset").filter(pk=pk).first()
    if found is None:
        raise Missing("There is no such invitation here. Load the page again.")
    return found


@never_cache
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, secret: str) -> HttpResponse:
    """What one is invited to, and the way in: with one's account, or with a new one."""
    user = request.user if isinstance(request.user, User) else None
    if user is not None and (there := _already_in(user, secret)):
        return redirect("dataset", slug=there)
    invitation = invitations.named(secret)
    if request.method != "POST":
        return _page(request, invitation, NewAccount())
    if tries.count(f"join:{invitation.digest}", minutes=MINUTES) > MOST_TRIES:
        raise TooMany(f"This link was tried very often just now. Wait {MINUTES} minutes.")
    if user is not None:
        invitations.accept(secret=secret, by=user)
        return _welcome(request, invitation)
    return _sign_up(request, invitation, secret)


def _already_in(user: User, secret: str) -> str:
    """The dataset of a link, used up or not, to which this person belongs; empty otherwise."""
    digest = invitations.digest_of(secret)
    found = Invitation.objects.filter(digest=digest).select_related("dataset").first()
    is_member = found is not None and membership_of(user, found.dataset) is not None
    return found.dataset.slug if found is not None and is_member else ""


def _sign_up(request: HttpRequest, invitation: Invitation, secret: str) -> HttpResponse:
    form = NewAccount(request.POST)
    if form.is_valid():
        try:
            user = invitations.sign_up(secret=secret, **form.cleaned_data)
        except (Invalid, Conflict) as error:
            if not error.field:
                raise
            form.add_error(error.field, str(error))
        else:
            login(request, user)
            return _welcome(request, invitation)
    return _page(request, invitation, form, status=422)


def _welcome(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    dataset = invitation.dataset
    messages.success(request, f"You are now an {invitation.role} of {dataset.title or dataset}.")
    return redirect("dataset", slug=dataset.slug)


def _page(
    request: HttpRequest, invitation: Invitation, form: NewAccount, status: int = 200
) -> HttpResponse:
    context: dict[str, Any] = {"invitation": invitation, "form": form}
    return render(request, "review/join.html", context, status=status)
