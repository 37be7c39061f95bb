"""Through the dialogues whose images nobody has judged: those first in which most images stand
above the target, since there an image that fits as well does most harm."""

from dataclasses import dataclass

from django.db.models import Count, Q

from review import relevance
from review.models import Dialogue, Membership


@dataclass(frozen=True)
class Progress:
    """How many of the dialogues that a member may judge have been judged, by whomever."""

    judged: int
    total: int


def progress(membership: Membership) -> Progress:
    rows = relevance.judgeable(membership).annotate(is_judged=relevance.is_judged())
    counts = rows.aggregate(judged=Count("pk", filter=Q(is_judged=True)), total=Count("pk"))
    return Progress(counts["judged"], counts["total"])


def next_after(membership: Membership, passed: Dialogue | None = None) -> Dialogue | None:
    """The first dialogue that nobody has judged; after one that was judged or passed by, the first
    of those behind it, and from the start again at the end."""
    waiting = relevance.judgeable(membership).filter(~relevance.is_judged())
    waiting = waiting.order_by("-lowest_place", "pk")
    if passed is None:
        return waiting.first()
    others = waiting.exclude(pk=passed.pk)
    return others.filter(_behind(passed)).first() or others.first()


def _behind(passed: Dialogue) -> Q:
    place = passed.lowest_place or 0
    return Q(lowest_place__lt=place) | Q(lowest_place=place, pk__gt=passed.pk)
