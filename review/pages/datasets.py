"""One dataset at a glance: its way through the stages, its policy, its people, its imports."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from review.amounts import counted
from review.assignments import offer_again as put_back
from review.models import Dataset, Import, Membership, Stage, User
from review.pages.people import SignedIn, administered
from review.panels import panels
from review.permissions import dataset_for
from review.policy.wording import in_short
from review.practice.results import struggling
from review.progress import (
    StageCounts,
    checks_of,
    corpus_of,
    drawn_that_wait,
    held_by,
    skipped_in,
    stages_of,
    waiting_for,
    workers_of,
)
from review.traits import counts, in_words

IMPORTS_SHOWN = 5
ERRORS_SHOWN = 20

STAGES_IN_WORDS = {
    Stage.IMPORTED: "wait for candidates",
    Stage.PROPOSED: "have candidates, no scores",
    Stage.JUDGED: "scored, wait for reviewers",
    Stage.APPROVED: "have an approved rewrite",
    Stage.DISPUTED: "wait for an adjudicator",
    Stage.REJECTED: "are left out",
}


@dataclass(frozen=True)
class FlowItem:
    """One stage of the way, with what its dialogues wait for."""

    stage: Stage
    dialogues: int
    words: str


@require_safe
def dataset(request: SignedIn, slug: str) -> HttpResponse:
    found, membership = dataset_for(request.user, slug)
    stages = stages_of(found)
    context = {
        "dataset": found,
        "membership": membership,
        "policy": in_short(found),
        "stages": stages,
        "checks": checks_of(found),
        "traits": in_words(counts(found.dialogues.approved())),
        "corpus": corpus_of(found),
        "flow": flow(stages),
        "dataset_panels": _panels(found, membership),
        **_own_work(found, request.user),
        **(_for_admins(found) if membership.administers() else {}),
    }
    return render(request, "review/dataset.html", context)


@require_POST
def offer_again(request: SignedIn, slug: str) -> HttpResponse:
    """Puts the dialogues that reviewers skipped back into everybody's queue."""
    found, _ = administered(request, slug)
    count = put_back(dataset=found)
    messages.success(request, f"{counted(count, 'dialogue')} can be claimed by everybody again.")
    return redirect("dataset", slug=slug)


def flow(stages: StageCounts) -> list[FlowItem]:
    """The stages in the order of the way."""
    return [FlowItem(stage, stages.of(stage), words) for stage, words in STAGES_IN_WORDS.items()]


def _panels(dataset: Dataset, membership: Membership) -> list[dict[str, str]]:
    """What other apps show of this dataset: fragments that load after the page."""
    return [
        {"title": panel.title, "url": panel.url(slug=dataset.slug)}
        for panel in panels("dataset", membership)
    ]


def _own_work(dataset: Dataset, user: User) -> dict[str, Any]:
    return {
        "waiting": waiting_for(user)[dataset.pk],
        "held": held_by(user).get(dataset.pk),
    }


def _for_admins(dataset: Dataset) -> dict[str, Any]:
    return {
        "workers": workers_of(dataset),
        "skipped": skipped_in(dataset),
        "struggling": struggling(dataset),
        "drawn": drawn_that_wait([dataset])[dataset.pk],
        "imports": _last_imports(dataset),
        "errors_shown": ERRORS_SHOWN,
        "errors_slice": f":{ERRORS_SHOWN}",
    }


def _last_imports(dataset: Dataset) -> list[Import]:
    for_good = dataset.imports.exclude(options__contains={"dry_run": True})
    return list(for_good.select_related("by")[:IMPORTS_SHOWN])
