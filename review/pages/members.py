"""The members of a dataset: who they are, what they may do, hold and did; their programs' tokens.

A password or token is shown in the answer to the request that made it, and nowhere again. An admin
makes no token for an account that was there before: it would open that person's other datasets.
"""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from review.errors import Missing, ReviewError
from review.languages import language_name, languages_in
from review.models import ApiToken, Dataset, Invitation, Membership, Role
from review.pages.people import SignedIn, administered, told, wants_fragment
from review.people import membership as people
from review.people.roster import roster
from review.permissions import dataset_for
from review.places import holding

ROLES_IN_WORDS = {
    Role.ANNOTATOR: "reviews dialogues",
    Role.ADJUDICATOR: "reviews, and settles disputes",
    Role.ADMIN: "does everything, and manages runs and members",
}


class NewMember(forms.Form):
    username = forms.CharField(
        max_length=150,
        help_text="An account that exists, or a new one.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none"}),
        error_messages={"required": "Give the username of the person to add."},
    )
    role = forms.ChoiceField(
        choices=[(role.value, f"{role.label}: {ROLES_IN_WORDS[role]}") for role in Role],
        initial=Role.ANNOTATOR,
        error_messages={"invalid_choice": "Choose one of the three roles."},
    )


class ChangedRole(forms.Form):
    role = forms.ChoiceField(choices=Role.choices)


class NewInvitation(forms.Form):
    role = forms.ChoiceField(
        choices=[(role.value, f"{role.label}: {ROLES_IN_WORDS[role]}") for role in Role],
        initial=Role.ANNOTATOR,
        error_messages={"invalid_choice": "Choose one of the three roles."},
    )
    most_uses = forms.IntegerField(
        label="People", initial=1, min_value=1, help_text="How many may join by this link."
    )
    days = forms.IntegerField(
        label="Days", initial=7, min_value=1, help_text="How long it stays open."
    )
    languages = forms.MultipleChoiceField(
        required=False,
        label="Languages they read",
        widget=forms.CheckboxSelectMultiple,
        help_text="They are handed dialogues in these, and in what could not be told. None: all.",
    )

    def __init__(self, dataset: Dataset, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(code, language_name(code)) for code in languages_in(dataset)]
        self.fields["languages"].choices = choices  # type: ignore[attr-defined]  # of its kind
        if len(choices) < 2:
            del self.fields["languages"]

    def given(self) -> dict[str, Any]:
        """What `invitations.make` takes."""
        return {"languages": [], **self.cleaned_data}


@require_safe
def members(request: SignedIn, slug: str) -> HttpResponse:
    dataset, membership = dataset_for(request.user, slug)
    return members_page(request, dataset, membership)


@never_cache
@require_POST
def add_member(request: SignedIn, slug: str) -> HttpResponse:
    dataset, membership = administered(request, slug)
    form = NewMember(request.POST)
    if not form.is_valid():
        return members_page(request, dataset, membership, form=form, status=422)
    try:
        added = people.add_member(dataset=dataset, by=request.user, **form.cleaned_data)
    except ReviewError as error:
        form.add_error(error.field if error.field in form.fields else None, str(error))
        return members_page(request, dataset, membership, form=form, status=422)
    return members_page(request, dataset, membership, added=added)


@never_cache
@require_POST
def make_token(request: SignedIn, slug: str) -> HttpResponse:
    """A token with which the person's own programs speak for them."""
    dataset, membership = dataset_for(request.user, slug)
    _, token = ApiToken.issue(request.user)
    return members_page(request, dataset, membership, token=token)


@require_POST
def change_role(request: SignedIn, slug: str, pk: int) -> HttpResponse:
    dataset, _ = administered(request, slug)
    member = _member(dataset, pk)
    form = ChangedRole(request.POST)
    if not form.is_valid():
        raise people.unknown_role(request.POST.get("role", ""))
    people.change_role(membership=member, role=form.cleaned_data["role"], by=request.user)
    messages.success(request, f"{member.user} is now an {member.role}.")
    return redirect("members", slug=slug)


@require_POST
def change_languages(request: SignedIn, slug: str, pk: int) -> HttpResponse:
    """Sets in which languages a member is handed dialogues: those ticked, and those typed."""
    dataset, _ = administered(request, slug)
    member = _member(dataset, pk)
    typed = request.POST.get("others", "").replace(",", " ").split()
    with told(request):
        people.set_languages(
            membership=member,
            languages=[*request.POST.getlist("languages"), *typed],
            by=request.user,
        )
        names = ", ".join(map(language_name, member.languages)) or "all languages"
        messages.success(request, f"{member.user} is handed dialogues in {names}.")
    return redirect("members", slug=slug)


@require_POST
def take_back(request: SignedIn, slug: str, assignment_id: int) -> HttpResponse:
    """Frees a place that somebody holds."""
    dataset, _ = administered(request, slug)
    with told(request):
        freed = holding.take_back(dataset=dataset, assignment_id=assignment_id, by=request.user)
        messages.success(
            request,
            f"Dialogue {freed.dialogue} is free again. "
            f"What {freed.reviewer} wrote is kept as their draft.",
        )
    return redirect("members", slug=slug)


@require_POST
def pause_member(request: SignedIn, slug: str, pk: int) -> HttpResponse:
    """Pauses a member, or lets them in again: `paused` is 1 or 0."""
    dataset, _ = administered(request, slug)
    member = _member(dataset, pk)
    paused = request.POST.get("paused") == "1"
    people.pause(membership=member, paused=paused, by=request.user)
    what = "is paused and cannot open this dataset" if paused else "may work again"
    messages.success(request, f"{member.user} {what}.")
    return redirect("members", slug=slug)


@require_POST
def remove_member(request: SignedIn, slug: str, pk: int) -> HttpResponse:
    dataset, _ = administered(request, slug)
    member = _member(dataset, pk)
    people.remove(membership=member, by=request.user)
    messages.success(request, f"{member.user} was removed. Their decisions stay in the record.")
    return redirect("members", slug=slug)


def _member(dataset: Dataset, pk: int) -> Membership:
    found = dataset.memberships.select_related("user", "dataset").filter(pk=pk).first()
    if found is None:
        raise Missing("This member was removed meanwhile. Load the list again.")
    return found


def members_page(
    request: SignedIn,
    dataset: Dataset,
    membership: Membership,
    *,
    form: NewMember | None = None,
    inviting: NewInvitation | None = None,
    status: int = 200,
    **shown_once: Any,
) -> HttpResponse:
    context: dict[str, Any] = {
        "dataset": dataset,
        "membership": membership,
        "rows": roster(dataset),
        **shown_once,
    }
    if membership.administers():
        context |= {
            "form": form or NewMember(),
            "inviting": inviting or NewInvitation(dataset),
            "invitations": _open_invitations(dataset),
            "roles": Role.choices,
            "present": languages_in(dataset),
        }
    part = "#people" if wants_fragment(request) else ""
    return render(request, f"review/members.html{part}", context, status=status)


def _open_invitations(dataset: Dataset) -> list[Invitation]:
    rows = dataset.invitations.all() & Invitation.objects.open(timezone.now())
    return list(rows.select_related("by"))
