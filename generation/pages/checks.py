"""The strip that shows what a retrieval check found, or that it is still to come."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from generation.checks import words
from review.errors import NotAllowed
from review.liveness import worker_alive
from review.models import Dialogue, Image, QueryForm, RetrievalCheck, Stage
from review.pages.dialogue import named_dialogue
from review.pages.people import SignedIn, wants_fragment
from review.permissions import dataset_for
from review.retrieval import standing
from review.visibility import sights

# The fragment asks again every second; a check takes less. After `PATIENCE` it says what is
# missing if no worker is alive, and after `MOST_POLLS` it stops asking by itself.
PATIENCE = 3
MOST_POLLS = 120
TITLES = {
    QueryForm.FINAL_QUERY: "Final query",
    QueryForm.HISTORY: "Full history",
    QueryForm.REWRITE: "Approved rewrite",
}


@dataclass(frozen=True)
class Hit:
    """One of the best images that a text found."""

    external_id: str
    image: Image | None
    is_target: bool


@dataclass(frozen=True)
class FoundForm:
    """One form of the query with the target's place and its best images."""

    title: str
    place: str
    check: RetrievalCheck
    hits: list[Hit]

    def is_rewrite(self) -> bool:
        return self.check.form == QueryForm.REWRITE


@require_safe
@never_cache
def check_strip(request: SignedIn, slug: str, external_id: str) -> HttpResponse:
    """The fragment that pages load; opened by itself (no JavaScript), a page around it."""
    dataset, membership = dataset_for(request.user, slug)
    dialogue = named_dialogue(dataset, external_id)
    if not sights([dialogue], membership)[dialogue.pk].retrieval:
        return _hidden(request)
    found = _wait(request, dialogue) if _is_awaited(dialogue) else _result(dialogue)
    template = "check_strip.html" if wants_fragment(request) else "check.html"
    context = {"dataset": dataset, "dialogue": dialogue, **found}
    response = render(request, f"generation/{template}", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _hidden(request: SignedIn) -> HttpResponse:
    """Nothing where a page asks for its part; a sentence for a person who came on purpose."""
    if wants_fragment(request):
        return HttpResponse()
    raise NotAllowed("You see the check of a dialogue once you have decided on it.")


def _is_awaited(dialogue: Dialogue) -> bool:
    approved = dialogue.stage == Stage.APPROVED and bool(dialogue.target_images)
    return approved and dialogue.checked_at is None


def _wait(request: HttpRequest, dialogue: Dialogue) -> dict[str, object]:
    """How the fragment asks again, and what it says meanwhile."""
    asked = _asked(request)
    slug, external_id = dialogue.dataset.slug, dialogue.external_id
    address = reverse("check_strip", kwargs={"slug": slug, "external_id": external_id})
    return {
        "awaited": True,
        "asks_again": asked < MOST_POLLS,
        "url": f"{address}?asked={asked + 1}",
        "url_anew": address,
        "no_worker": asked >= PATIENCE and not worker_alive("retrieval"),
    }


def _asked(request: HttpRequest) -> int:
    """How often this page has asked already; what is not a number counts as never."""
    text = request.GET.get("asked", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0


def _result(dialogue: Dialogue) -> dict[str, object]:
    checks = standing(dialogue, dialogue.retrieval_checks.select_related("candidate"))
    by_form = {check.form: check for check in checks if check.form in TITLES}
    rewrite = by_form.get(QueryForm.REWRITE)
    if rewrite is None:
        return {"nothing": _nothing(dialogue)}
    return {
        "rewrite": rewrite,
        "sentence": words.sentence(by_form.get(QueryForm.FINAL_QUERY), rewrite),
        "forms": _forms(dialogue, [by_form[form] for form in TITLES if form in by_form]),
        "candidates": [
            (check.candidate, words.place(check))
            for check in checks
            if check.form == QueryForm.CANDIDATE
        ],
        "outdated": rewrite.corpus_version != dialogue.dataset.corpus_version,
    }


def _nothing(dialogue: Dialogue) -> str:
    """Why there is no check and none is awaited."""
    if not dialogue.target_images:
        return "No target: nothing to check."
    if dialogue.stage == Stage.REJECTED:
        return "Rejected: nothing to check."
    return "Checked as soon as a rewrite is approved."


def _forms(dialogue: Dialogue, checks: list[RetrievalCheck]) -> list[FoundForm]:
    images = _images(dialogue, (image_id for check in checks for image_id, _ in check.top))
    return [
        FoundForm(
            title=TITLES[QueryForm(check.form)],
            place=words.place(check),
            check=check,
            hits=_hits(dialogue, check, images),
        )
        for check in checks
    ]


def _hits(dialogue: Dialogue, check: RetrievalCheck, images: dict[str, Image]) -> list[Hit]:
    """The best images; none where all fit alike, since any six would be chance."""
    if words.says_nothing(check):
        return []
    targets = set(dialogue.target_images)
    return [Hit(i, images.get(i), is_target=i in targets) for i, _ in check.top]


def _images(dialogue: Dialogue, external_ids: Iterable[str]) -> dict[str, Image]:
    rows = Image.objects.current().filter(dataset_id=dialogue.dataset_id)
    return {image.external_id: image for image in rows.named(set(external_ids))}
