"""The log of a run's calls, and one of them with its request and reply. For admins alone."""

import json
from collections.abc import Mapping

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from generation.models import Call, CallOutcome, Run
from generation.pages.runs import key_in
from generation.pages.transcripts import pictures_of, transcript
from generation.runs import board
from generation.runs.lifecycle import run_of
from generation.runs.withholding import withheld
from review.errors import Missing
from review.pages.listing import Chip
from review.pages.people import SignedIn, administered, wants_fragment

CALLS_SHOWN = 50
FILTERS = ("outcome", "endpoint", "dialogue", "status")


class CallFilter(forms.Form):
    """What the log may be narrowed to."""

    outcome = forms.ChoiceField(
        required=False,
        choices=[("", "Any outcome"), *[(outcome.value, outcome.label) for outcome in CallOutcome]],
    )
    endpoint = forms.ChoiceField(required=False)
    dialogue = forms.CharField(
        required=False, max_length=500, widget=forms.TextInput(attrs={"placeholder": "Its id"})
    )
    status = forms.IntegerField(
        required=False, min_value=100, max_value=999, widget=forms.HiddenInput
    )

    def __init__(self, given: QueryDict, *, run: Run) -> None:
        super().__init__(given)
        names = sorted(run.parameters.get("models", {}))
        choices = [("", "Any endpoint"), *[(name, name) for name in names]]
        self.fields["endpoint"].choices = choices  # type: ignore[attr-defined]  # of this field

    def narrowed(self, rows: QuerySet[Call]) -> QuerySet[Call]:
        if not self.is_valid():
            return rows.none()
        said = self.cleaned_data
        wanted = {
            "outcome": said["outcome"],
            "endpoint__name": said["endpoint"],
            "item__dialogue__external_id": said["dialogue"].strip(),
            "status_code": said["status"],
        }
        return rows.filter(**{name: value for name, value in wanted.items() if value})


@require_safe
def calls(request: SignedIn, slug: str, pk: int) -> HttpResponse:
    dataset, membership = administered(request, slug)
    run = run_of(dataset, pk)
    filters = CallFilter(request.GET, run=run)
    rows = board.listed_calls(filters.narrowed(Call.objects.filter(run=run)))
    before = key_in(request, "before")
    found = list((rows.filter(pk__lt=before) if before else rows)[: CALLS_SHOWN + 1])
    shown = found[:CALLS_SHOWN]
    context = {
        "dataset": dataset,
        "membership": membership,
        "run": run,
        "filters": filters,
        "chips": _chips(request),
        "calls": shown,
        "latest": _address(request) if before else "",
        "older": _address(request, before=shown[-1].pk) if len(found) > CALLS_SHOWN else "",
    }
    part = "#results" if wants_fragment(request) else ""
    response = render(request, f"generation/calls.html{part}", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_safe
def call(request: SignedIn, slug: str, pk: int, call_pk: int) -> HttpResponse:
    """Request and reply of one call, to be read; as they went over the wire behind a click."""
    dataset, membership = administered(request, slug)
    run = run_of(dataset, pk)
    one = _call(run, call_pk)
    context = {
        "dataset": dataset,
        "membership": membership,
        "run": run,
        "call": one,
        "withheld": bool(withheld([one], membership)),
        "transcript": transcript(one, pictures_of(one)),
        "request_text": json.dumps(one.request, indent=2, ensure_ascii=False),
        **_neighbours(one),
    }
    return render(request, "generation/call.html", context)


def _call(run: Run, pk: int) -> Call:
    rows = Call.objects.select_related("run", "endpoint", "prompt", "item__dialogue")
    found = rows.filter(run=run, pk=pk).first()
    if found is None:
        raise Missing(f"Run {run.pk} has no call {pk}.")
    return found


def _neighbours(call: Call) -> dict[str, int | None]:
    """The attempts before and after for the same item: how a question went."""
    if call.item_id is None:
        return {"earlier": None, "later": None}
    same = Call.objects.filter(item=call.item_id).values_list("pk", flat=True)
    return {
        "earlier": same.filter(pk__lt=call.pk).order_by("-pk").first(),
        "later": same.filter(pk__gt=call.pk).order_by("pk").first(),
    }


def _chips(request: HttpRequest) -> list[Chip]:
    given = _given(request)
    return [
        Chip(name, _in_words(name, value), _query({k: v for k, v in given.items() if k != name}))
        for name, value in given.items()
    ]


def _in_words(name: str, value: str) -> str:
    return {"dialogue": f"dialogue {value}", "status": f"HTTP {value}"}.get(name, value)


def _address(request: HttpRequest, **changes: int) -> str:
    return _query({**_given(request), **changes})


def _given(request: HttpRequest) -> dict[str, str]:
    return {name: request.GET[name] for name in FILTERS if request.GET.get(name)}


def _query(parts: Mapping[str, object]) -> str:
    query = QueryDict(mutable=True)
    query.update({name: str(value) for name, value in parts.items()})
    return f"?{query.urlencode()}"
