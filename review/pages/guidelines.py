"""The pages of a dataset's guidelines: read, compared, confirmed by members, edited by admins."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from review import guidelines as versions
from review.amounts import counted
from review.discussion.second_looks import ask, made_under_old
from review.errors import Invalid
from review.models import Dataset, Guidelines, Membership
from review.pages.people import SignedIn, administered, told, wants_fragment
from review.permissions import dataset_for
from review.tasks import send_back_old
from review.wording.changes import changes, in_short


class GuidelinesForm(forms.Form):
    text = forms.CharField(strip=False, required=False, widget=forms.Textarea(attrs={"rows": 24}))
    summary = forms.CharField(
        required=False,
        label="What changed",
        help_text="One or two sentences for those who knew the version before.",
    )


@dataclass(frozen=True)
class Confirmed:
    """How many of the members who work have confirmed the version in force, and who has not."""

    members: int
    waiting: list[str]

    @property
    def done(self) -> int:
        return self.members - len(self.waiting)


@require_safe
@never_cache
def guidelines(request: SignedIn, slug: str) -> HttpResponse:
    dataset, membership = dataset_for(request.user, slug)
    rows = list(dataset.guidelines_versions.select_related("by"))
    context = {
        "dataset": dataset,
        "membership": membership,
        "now": rows[0] if rows else None,
        "before": rows[1:],
        "confirmed": _confirmed(dataset),
        "may_confirm": not membership.knows_guidelines(),
        "under_old": made_under_old(dataset) if membership.administers() else [],
    }
    part = "#old" if wants_fragment(request) else ""
    response = render(request, f"review/guidelines.html{part}", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_POST
def second_look(request: SignedIn, slug: str) -> HttpResponse:
    """Sends what was decided under an old version back to those who decided it."""
    dataset, _ = administered(request, slug)
    with told(request):
        look = ask(
            dataset=dataset,
            version=_number(request.POST.get("version", "")),
            comment=request.POST.get("comment", ""),
            by=request.user,
        )
        send_back_old.delay_on_commit(look.pk)
        number = counted(look.decisions, "decision")
        messages.success(request, f"{number} under version {look.version} will be sent back.")
    return redirect("guidelines", slug=slug)


@require_safe
def guidelines_fragment(request: SignedIn, slug: str) -> HttpResponse:
    """The text in force by itself, for a dialog of the desk; the whole page without htmx."""
    dataset, _ = dataset_for(request.user, slug)
    if not wants_fragment(request):
        return redirect("guidelines", slug=slug)
    response = render(request, "review/_guidelines.html", {"dataset": dataset})
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_safe
def guidelines_version(request: SignedIn, slug: str, version: int) -> HttpResponse:
    """One version, and what it changed in the one before it."""
    dataset, membership = dataset_for(request.user, slug)
    found = versions.version_of(dataset, version)
    before = dataset.guidelines_versions.filter(version__lt=version).first()
    context = {
        "dataset": dataset,
        "membership": membership,
        "version": found,
        "before": before,
        "changes": in_short(changes(before.text, found.text)) if before else [],
        "in_force": version == dataset.guidelines_version,
    }
    return render(request, "review/guidelines_version.html", context)


@require_POST
def confirm_guidelines(request: SignedIn, slug: str) -> HttpResponse:
    dataset, _ = dataset_for(request.user, slug)
    with told(request):
        versions.confirm(
            dataset=dataset, by=request.user, version=_number(request.POST.get("version", ""))
        )
    return redirect("desk", slug=slug)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def edit_guidelines(request: SignedIn, slug: str) -> HttpResponse:
    dataset, membership = administered(request, slug)
    if request.method != "POST":
        form = GuidelinesForm(initial={"text": dataset.guidelines})
        return _editor(request, dataset, membership, form)
    form = GuidelinesForm(request.POST)
    if form.is_valid():
        before = dataset.guidelines
        try:
            saved = versions.save(dataset=dataset, by=request.user, **form.cleaned_data)
        except Invalid as error:
            form.add_error(error.field, str(error))
        else:
            _say(request, saved, changed=dataset.guidelines != before)
            return redirect("guidelines", slug=slug)
    return _editor(request, dataset, membership, form, status=422)


@require_POST
def preview_guidelines(request: SignedIn, slug: str) -> HttpResponse:
    """What is being typed, as it will read. Saves nothing."""
    dataset, membership = administered(request, slug)
    part = "#preview" if wants_fragment(request) else ""
    return _editor(request, dataset, membership, GuidelinesForm(request.POST), part=part)


def _confirmed(dataset: Dataset) -> Confirmed:
    members = dataset.memberships.filter(paused=False).select_related("user", "dataset")
    rows = list(members.order_by("user__username"))
    waiting = [row.user.username for row in rows if not row.knows_guidelines()]
    return Confirmed(len(rows), waiting)


def _editor(
    request: HttpRequest,
    dataset: Dataset,
    membership: Membership,
    form: GuidelinesForm,
    *,
    part: str = "",
    status: int = 200,
) -> HttpResponse:
    data: Any = form.data if form.is_bound else form.initial
    context = {
        "dataset": dataset,
        "membership": membership,
        "form": form,
        "text": str(data.get("text", ""))[: versions.LONGEST_TEXT],
    }
    response = render(request, f"review/edit_guidelines.html{part}", context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _say(request: HttpRequest, saved: Guidelines | None, *, changed: bool) -> None:
    if saved is None or not changed:
        messages.info(request, "The text is the one in force already: nothing was saved.")
        return
    messages.success(
        request,
        f"Version {saved.version} is in force. Each member confirms it before their next dialogue.",
    )


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
