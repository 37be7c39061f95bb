"""A person's own keys for the desk."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from review.errors import InvalidFields
from review.pages.people import SignedIn
from review.people import keys as own_keys

PRESETS = {
    "usual": ("The usual keys are back.", own_keys.USUAL),
    "none": (
        "Every key is off. Digits, arrows and Escape still work.",
        dict.fromkeys(own_keys.USUAL, ""),
    ),
}


@dataclass(frozen=True)
class Row:
    """An action with its key as the person has it, or just wrote it."""

    action: own_keys.Action
    key: str
    error: str = ""

    def usual(self) -> str:
        return own_keys.shown(self.action.key)


@require_http_methods(["GET", "HEAD", "POST"])
def keys(request: SignedIn) -> HttpResponse:
    if request.method != "POST":
        return _page(request, own_keys.of(request.user), {})
    said, wanted = _posted(request.POST)
    try:
        own_keys.save(user=request.user, keys=wanted)
    except InvalidFields as refusal:
        return _page(request, wanted, refusal.fields, status=422)
    messages.success(request, said)
    return redirect("keys")


def _posted(form: QueryDict) -> tuple[str, dict[str, str]]:
    """What to say afterwards, and the keys that were asked for."""
    preset = PRESETS.get(form.get("preset", ""))
    if preset is not None:
        return preset
    return "Your keys are saved.", {code: form.get(code, "") for code in own_keys.USUAL}


def _page(
    request: SignedIn, chosen: dict[str, str], errors: dict[str, str], status: int = 200
) -> HttpResponse:
    rows = [
        Row(action, own_keys.shown(chosen[action.code]), errors.get(action.code, ""))
        for action in own_keys.ACTIONS
    ]
    context = {"rows": rows, "named": own_keys.NAMED, "errors": errors}
    return render(request, "review/keys.html", context, status=status)
