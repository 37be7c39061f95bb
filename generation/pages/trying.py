"""What a text would find, beside the field in which a reviewer writes it."""

import math
from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from generation.checks import words
from generation.searching import Found, trying
from generation.searching.trying import Tried
from review import assignments
from review.models import Assignment, CheckOutcome, Image
from review.pages.people import SignedIn, wants_fragment

LARGEST_KEY = 2**63 - 1
# The ends of a track, in per cent of its width: a mark at either end is drawn whole.
NEAR, FAR = 2.0, 98.0


@dataclass(frozen=True)
class Span:
    """Where a rank stands on a track from the first to the last image, in per cent.

    `start` and `end` differ where images tie, and `dot` is midway among them.
    """

    start: str
    dot: str
    end: str


@dataclass(frozen=True)
class Lane:
    """One text on its track; `span` is None where it finds nothing, `before` the final query's."""

    name: str
    kind: str
    place: str
    span: Span | None
    before: Span | None = None


@dataclass(frozen=True)
class Hit:
    external_id: str
    number: int
    image: Image | None
    is_target: bool


@require_POST
@never_cache
def try_rewrite(request: SignedIn, assignment_id: int) -> HttpResponse:
    """The fragment that the desk loads; without JavaScript, a page around it."""
    place = assignments.place_of(assignment_id=assignment_id, by=request.user)
    candidate = request.POST.get("candidate", "")
    tried = trying.try_text(
        place=place,
        text=request.POST.get("text", ""),
        candidate_id=_number(candidate),
    )
    template = "try_strip.html" if wants_fragment(request) else "try.html"
    context = {"place": place, "dialogue": place.dialogue, **_shown(place, tried)}
    response = render(request, f"generation/{template}", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _number(text: str) -> int | None:
    """The id of a candidate; None where the form has none."""
    return min(int(text), LARGEST_KEY) if text.isascii() and text.isdigit() else None


def _shown(place: Assignment, tried: Tried) -> dict[str, object]:
    context: dict[str, object] = {"tried": tried, "dataset": place.dialogue.dataset}
    if tried.text is None or tried.final_query is None:
        return context
    return context | {
        "sentence": _sentence(place, tried.final_query, tried.text, tried.outcome),
        "lanes": _lanes(tried),
        "ticks": _ticks(tried.text.corpus_size),
        "hits": _hits(place, tried.text),
        "empty": not tried.text.text.strip(),
    }


def _sentence(place: Assignment, before: Found, after: Found, outcome: CheckOutcome) -> str:
    if not place.dialogue.target_images:
        return "No target image was given: this is what it finds."
    if outcome == CheckOutcome.UNRANKED:
        return f"The target is not ranked: {after.unranked_reason}"
    return words.change(before, after, outcome)


def _lanes(tried: Tried) -> list[Lane]:
    """The final query, the candidate and the text, where the target has a rank at all."""
    named = [
        ("Final query", "query", tried.final_query),
        ("Chosen candidate", "candidate", tried.candidate),
        ("Your text", "text", tried.text),
    ]
    before = _span(tried.final_query) if tried.final_query else None
    return [
        Lane(name, kind, words.place(found), _span(found), before if kind == "text" else None)
        for name, kind, found in named
        if found is not None and found.rank is not None
    ]


def _span(found: Found) -> Span | None:
    if found.rank is None or found.tied is None or words.says_nothing(found):
        return None
    last = found.rank + found.tied - 1
    ends = [_along(rank, found.corpus_size) for rank in (found.rank, (found.rank + last) / 2, last)]
    return Span(*[f"{end:.1f}%" for end in ends])


def _along(rank: float, size: int) -> float:
    """How far a rank stands from the first, by its logarithm: from 12th to 3rd is a long way."""
    part = math.log(rank) / math.log(size) if size > 1 else 0.0
    return NEAR + (FAR - NEAR) * part


def _ticks(size: int) -> list[tuple[str, str, str]]:
    """Powers of ten with their places, and the last image: place, words, the side it is set on."""
    powers = [10**power for power in range(len(str(size)))]
    # The last image's own number needs its room.
    clear = [rank for rank in powers if _along(rank, size) < 78 or rank == size]
    numbers = dict.fromkeys([*clear, size])
    return [(f"{_along(n, size):.1f}%", f"{n:,}", _side(n, size)) for n in numbers if n]


def _side(rank: int, size: int) -> str:
    return "start" if rank == 1 else "end" if rank == size else "middle"


def _hits(place: Assignment, found: Found) -> list[Hit]:
    """The best images; none where all fit alike, since any of them would be chance."""
    if words.says_nothing(found) or not found.text.strip():
        return []
    names = [image_id for image_id, _ in found.top]
    rows = Image.objects.current().filter(dataset_id=place.dialogue.dataset_id).named(names)
    images = {image.external_id: image for image in rows}
    targets = set(place.dialogue.target_images)
    return [Hit(n, at, images.get(n), n in targets) for at, n in enumerate(names, start=1)]
