"""The page of practice, for admins: what serves for it, and how each reviewer does."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from review.errors import Missing
from review.models import Control, Dataset
from review.pages.dialogue import named_dialogue
from review.pages.people import SignedIn, administered, told
from review.practice import pool, quiz
from review.practice.results import LEAST, Result, results_of

MOST_SHOWN = 100


@require_safe
@never_cache
def practice(request: SignedIn, slug: str) -> HttpResponse:
    dataset, membership = administered(request, slug)
    results = results_of(dataset)
    context: dict[str, Any] = {
        "dataset": dataset,
        "membership": membership,
        "results": results,
        "struggling": [result for result in results if result.struggles],
        "wrong": _wrong(results),
        "least": LEAST,
        "pool": pool.size_of(dataset),
        "controls": _controls(dataset),
        "quiz_needed": quiz.needed(dataset.quiz_size, dataset.quiz_pass),
    }
    return render(request, "review/practice.html", context)


@require_POST
def mark_control(request: SignedIn, slug: str) -> HttpResponse:
    """Chooses the dialogue named in the form; from the page of the dialogue it leads back there."""
    dataset, _ = administered(request, slug)
    name = request.POST.get("dialogue", "").strip()
    found = named_dialogue(dataset, name)
    with told(request):
        explanation = request.POST.get("explanation", "")
        pool.mark(dialogue=found, by=request.user, explanation=explanation)
        messages.success(request, f"Dialogue {name} serves for practice.")
    return _back(request, dataset, name)


@require_POST
def unmark_control(request: SignedIn, slug: str) -> HttpResponse:
    dataset, _ = administered(request, slug)
    name = request.POST.get("dialogue", "")
    pool.unmark(dialogue=named_dialogue(dataset, name), by=request.user)
    messages.success(request, f"Dialogue {name} serves for practice no more.")
    return _back(request, dataset, name)


@require_POST
def pass_quiz(request: SignedIn, slug: str, pk: int) -> HttpResponse:
    """Lets a member begin without the quiz."""
    dataset, _ = administered(request, slug)
    member = dataset.memberships.select_related("user", "dataset").filter(pk=pk).first()
    if member is None:
        raise Missing("This member was removed meanwhile. Load the page again.")
    quiz.pass_by_hand(membership=member, by=request.user)
    messages.success(request, f"{member.user} may begin without the quiz.")
    return redirect("practice", slug=slug)


def _back(request: SignedIn, dataset: Dataset, name: str) -> HttpResponse:
    if request.POST.get("from") == "dialogue":
        return redirect("dialogue", slug=dataset.slug, external_id=name)
    return redirect("practice", slug=dataset.slug)


def _controls(dataset: Dataset) -> list[Control]:
    rows = dataset.controls.select_related("dialogue__approved_candidate", "by")
    return list(rows[:MOST_SHOWN])


def _wrong(results: list[Result]) -> list[Any]:
    """The newest wrong answers to controls, of all reviewers."""
    answers = [answer for result in results for answer in result.wrong]
    return sorted(answers, key=lambda answer: -answer.decision.pk)[:MOST_SHOWN]
