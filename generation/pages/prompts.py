"""The pages of prompts: the text in use, its versions, and a preview on a dialogue. For admins."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from generation import prompts as texts
from generation.models import Prompt, PromptKind
from generation.previewing import Preview, preview
from review.errors import Invalid, Missing, ReviewError
from review.models import Dataset, Membership
from review.pages.people import SignedIn, administered, wants_fragment
from review.wording.changes import changes

VERSIONS_SHOWN = 50
TITLES = {
    PromptKind.REWRITE: ("Rewrite", "asks a model for candidates"),
    PromptKind.JUDGE: ("Judge", "asks a judge for scores by the rubric"),
    PromptKind.COMPARE: ("Compare", "asks a judge which of two is better"),
}


class PromptForm(forms.Form):
    text = forms.CharField(
        strip=False,
        widget=forms.Textarea(attrs={"rows": 26, "class": "code", "spellcheck": "true"}),
        error_messages={"required": "Write what the model is told."},
    )
    dialogue = forms.CharField(required=False, label="On the dialogue")


@dataclass(frozen=True)
class Shown:
    """A preview, or why there is none."""

    preview: Preview | None = None
    problem: str = ""


@require_safe
def prompts(request: SignedIn, slug: str) -> HttpResponse:
    dataset, membership = administered(request, slug)
    return _page(request, dataset, membership, PromptKind.REWRITE)


@require_http_methods(["GET", "HEAD", "POST"])
def prompt(request: SignedIn, slug: str, kind: str) -> HttpResponse:
    dataset, membership = administered(request, slug)
    chosen = _kind(kind)
    if request.method != "POST":
        return _page(request, dataset, membership, chosen)
    form = PromptForm(request.POST)
    if form.is_valid():
        try:
            before = texts.current(chosen, dataset)
            now = texts.save(
                dataset=dataset, kind=chosen, text=form.cleaned_data["text"], by=request.user
            )
        except Invalid as error:
            form.add_error("text", str(error))
        else:
            _say(request, before, now)
            return redirect("prompt", slug=slug, kind=kind)
    return _page(request, dataset, membership, chosen, form=form, status=422)


@require_POST
def preview_prompt(request: SignedIn, slug: str, kind: str) -> HttpResponse:
    """What is being typed, as a model would be sent it. Saves nothing."""
    dataset, membership = administered(request, slug)
    form = PromptForm(request.POST)
    part = "#preview" if wants_fragment(request) else ""
    return _page(request, dataset, membership, _kind(kind), form=form, part=part)


@require_POST
def use_shipped(request: SignedIn, slug: str, kind: str) -> HttpResponse:
    dataset, _ = administered(request, slug)
    chosen = _kind(kind)
    before = texts.current(chosen, dataset)
    shipped = texts.shipped(chosen).text
    now = texts.save(dataset=dataset, kind=chosen, text=shipped, by=request.user)
    _say(request, before, now)
    return redirect("prompt", slug=slug, kind=kind)


@require_safe
def prompt_version(request: SignedIn, slug: str, kind: str, version: int) -> HttpResponse:
    """One version, and what it changed in the one before it."""
    dataset, membership = administered(request, slug)
    chosen = _kind(kind)
    versions = Prompt.objects.filter(dataset=dataset, kind=chosen).select_related("by")
    found = versions.filter(version=version).first()
    if found is None:
        raise Missing(f"There is no version {version} of this prompt. See the list of versions.")
    before = versions.filter(version__lt=version).first() or texts.shipped(chosen)
    context = {
        "dataset": dataset,
        "membership": membership,
        "kind": chosen,
        "title": TITLES[chosen][0],
        "version": found,
        "before": before,
        "changes": changes(before.text, found.text),
        "in_use": texts.current(chosen, dataset) == found,
    }
    return render(request, "generation/prompt_version.html", context)


def _page(
    request: SignedIn,
    dataset: Dataset,
    membership: Membership,
    kind: PromptKind,
    *,
    form: PromptForm | None = None,
    part: str = "",
    status: int = 200,
) -> HttpResponse:
    now, shipped = texts.current(kind, dataset), texts.shipped(kind)
    form = form or PromptForm(initial={"text": now.text})
    context = {
        "dataset": dataset,
        "membership": membership,
        "kind": kind,
        "title": TITLES[kind][0],
        "kinds": [(one.value, *words) for one, words in TITLES.items()],
        "now": now,
        "as_shipped": now.text == shipped.text,
        "form": form,
        "shown": _preview(dataset, kind, form.data if form.is_bound else form.initial),
        "placeholder": texts.PLACEHOLDERS[kind],
        "versions": _versions(dataset, kind),
    }
    response = render(request, f"generation/prompts.html{part}", context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _versions(dataset: Dataset, kind: PromptKind) -> list[Prompt]:
    rows = Prompt.objects.filter(dataset=dataset, kind=kind).select_related("by")
    return list(rows[:VERSIONS_SHOWN])


def _preview(dataset: Dataset, kind: PromptKind, sent: Mapping[str, Any]) -> Shown:
    external_id = str(sent.get("dialogue", "")).strip()
    try:
        return Shown(
            preview(dataset=dataset, kind=kind, text=sent.get("text", ""), external_id=external_id)
        )
    except ReviewError as error:
        return Shown(problem=str(error))


def _say(request: SignedIn, before: Prompt, now: Prompt) -> None:
    if now == before:
        messages.info(request, "The text is the one in use already: nothing was saved.")
    else:
        messages.success(request, f"Version {now.version} is in use from the next run on.")


def _kind(name: str) -> PromptKind:
    if name not in PromptKind.values:
        known = ", ".join(PromptKind.values)
        raise Missing(f"There is no prompt “{name}”. There are: {known}.")
    return PromptKind(name)
