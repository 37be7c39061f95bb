"""The strip that shows what a retrieval check found, or that it is still to come."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from generation.checks import checker_of, words
from generation.checks.waiting import what_lacks
from generation.errors import NotReady
from generation.models import ConfiguredRetriever
from generation.retrievers import configured
from review.checking import Checker
from review.errors import NotAllowed
from review.liveness import worker_alive
from review.models import Candidate, Dialogue, Image, QueryForm, RetrievalCheck, Stage
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


@dataclass(frozen=True)
class FoundBy:
    """What one retriever found: a sentence, the forms behind it, and notes. One that has not
    looked yet has a sentence alone."""

    name: str
    sentence: str
    rewrite: RetrievalCheck | None = None
    forms: list[FoundForm] = field(default_factory=list)
    candidates: list[tuple[Candidate, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


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
    context = {"dataset": dataset, "dialogue": dialogue, "address": _address(dialogue), **found}
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


def _address(dialogue: Dialogue) -> str:
    of = {"slug": dialogue.dataset.slug, "external_id": dialogue.external_id}
    return reverse("check_strip", kwargs=of)


def _wait(request: HttpRequest, dialogue: Dialogue) -> dict[str, object]:
    """How the fragment asks again, and what it says meanwhile."""
    asked = _asked(request)
    return {
        "awaited": True,
        "asks_again": asked < MOST_POLLS,
        "asked_next": asked + 1,
        "no_worker": asked >= PATIENCE and not worker_alive("retrieval"),
        "lacks": what_lacks(dialogue.dataset, configured(dialogue.dataset)[0]),
    }


def _asked(request: HttpRequest) -> int:
    """How often this page has asked already; what is not a number counts as never."""
    text = request.GET.get("asked", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0


def _result(dialogue: Dialogue) -> dict[str, object]:
    checks = standing(dialogue, dialogue.retrieval_checks.select_related("candidate"))
    by_name: dict[str, list[RetrievalCheck]] = {}
    for check in checks:
        by_name.setdefault(check.retriever, []).append(check)
    if not any(check.form == QueryForm.REWRITE for check in checks):
        return {"nothing": _nothing(dialogue)}
    images = _images(dialogue, (image_id for check in checks for image_id, _ in check.top))
    first, *others = list(_found_by(dialogue, by_name, images))
    return {"first": first, "others": others, "due": dialogue.checks_due}


def _found_by(
    dialogue: Dialogue, by_name: dict[str, list[RetrievalCheck]], images: dict[str, Image]
) -> Iterator[FoundBy]:
    """The retrievers of the dataset, its primary first, then those of the past that checked."""
    rows = configured(dialogue.dataset)
    used = {row.name for row in rows}
    for row in rows:
        checks = by_name.get(row.name, [])
        if any(check.form == QueryForm.REWRITE for check in checks):
            yield _found(dialogue, checks, images, _checker(dialogue, row))
        elif dialogue.stage == Stage.APPROVED:
            yield FoundBy(row.name, _awaited(dialogue, row))
    for name, checks in by_name.items():
        if name not in used and any(check.form == QueryForm.REWRITE for check in checks):
            yield _found(dialogue, checks, images, None)


def _checker(dialogue: Dialogue, row: ConfiguredRetriever) -> Checker | None:
    with suppress(NotReady):
        return checker_of(dialogue.dataset, row)
    return None


def _awaited(dialogue: Dialogue, row: ConfiguredRetriever) -> str:
    """Why a retriever has not looked at an approved rewrite that others have looked at."""
    if lacks := what_lacks(dialogue.dataset, row):
        return f"Not checked yet. {lacks}"
    return "Being checked…" if dialogue.checks_due else "Not checked: a check run does it."


def _nothing(dialogue: Dialogue) -> str:
    """Why there is no check and none is awaited."""
    if not dialogue.target_images:
        return "No target: nothing to check."
    if dialogue.stage == Stage.REJECTED:
        return "Rejected: nothing to check."
    return "Checked as soon as a rewrite is approved."


def _found(
    dialogue: Dialogue,
    checks: list[RetrievalCheck],
    images: dict[str, Image],
    now: Checker | None,
) -> FoundBy:
    by_form = {check.form: check for check in checks if check.form in TITLES}
    before, rewrite = by_form.get(QueryForm.FINAL_QUERY), by_form[QueryForm.REWRITE]
    apart = words.targets_apart(dialogue, before, rewrite) if before else []
    notes = [*apart, words.left_out(rewrite), words.outdated(rewrite, now)]
    return FoundBy(
        name=rewrite.retriever,
        sentence=words.sentence(before, rewrite),
        rewrite=rewrite,
        forms=[_form(dialogue, by_form[form], images) for form in TITLES if form in by_form],
        candidates=[
            (check.candidate, words.place(check))
            for check in checks
            if check.form == QueryForm.CANDIDATE and check.candidate
        ],
        notes=[note for note in notes if note],
    )


def _form(dialogue: Dialogue, check: RetrievalCheck, images: dict[str, Image]) -> FoundForm:
    return FoundForm(
        title=TITLES[QueryForm(check.form)],
        place=words.place(check),
        check=check,
        hits=_hits(dialogue, check, images),
    )


def _hits(dialogue: Dialogue, check: RetrievalCheck, images: dict[str, Image]) -> list[Hit]:
    """The best images; none where all fit alike, since any six would be chance."""
    if words.says_nothing(check):
        return []
    targets = set(dialogue.target_images)
    return [Hit(i, images.get(i), is_target=i in targets) for i, _ in check.top]


def _images(dialogue: Dialogue, external_ids: Iterable[str]) -> dict[str, Image]:
    rows = Image.objects.current().filter(dataset_id=dialogue.dataset_id)
    return {image.external_id: image for image in rows.named(set(external_ids))}
