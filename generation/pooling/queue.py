"""Through the dialogues whose images nobody has judged: those first in which most images stand
above the target, since there an image that fits as well does most harm."""

from dataclasses import dataclass

from django.db.models import (
    BooleanField,
    Count,
    Exists,
    F,
    Func,
    IntegerField,
    Max,
    OuterRef,
    Q,
    Subquery,
    Value,
)
from django.db.models.functions import Coalesce, JSONObject

from review import relevance
from review.models import Dialogue, Membership, QueryForm, RetrievalCheck
from review.models.dialogues import DialogueQuerySet

# Looked at before all others, which takes a while: nearly every dialogue has something to judge.
FIRST = 50

# Keys of dialogues, each with how far down its target is.
Places = list[tuple[int, int]]


@dataclass(frozen=True)
class Progress:
    """How many of the dialogues that a member may judge have been judged, by whomever."""

    judged: int
    total: int


def progress(membership: Membership) -> Progress:
    rows = _telling(relevance.judgeable(membership)).annotate(is_judged=relevance.is_judged())
    counts = rows.aggregate(judged=Count("pk", filter=Q(is_judged=True)), total=Count("pk"))
    return Progress(counts["judged"], counts["total"])


def next_after(membership: Membership, passed: Dialogue | None = None) -> Dialogue | None:
    """The first dialogue that nobody has judged; after one that was judged or passed by, the first
    of those behind it, and from the start again at the end."""
    waiting = relevance.judgeable(membership).filter(~relevance.is_judged())
    ordered = waiting.annotate(above=_above()).order_by("-above", "pk")
    places = list(ordered.values_list("pk", "above"))
    keys = [key for key, _ in (places if passed is None else _turned(places, passed))]
    for some in (keys[:FIRST], keys[FIRST:]):
        telling = set(_telling(waiting.filter(pk__in=some)).values_list("pk", flat=True))
        if (found := next((key for key in some if key in telling), None)) is not None:
            return Dialogue.objects.get(pk=found)
    return None


def _turned(places: Places, passed: Dialogue) -> Places:
    """The same beginning behind one of them, which itself is left out."""
    above = Dialogue.objects.filter(pk=passed.pk).annotate(above=_above()).get().above
    place = (-above, passed.pk)
    behind = [(key, above) for key, above in places if (-above, key) > place]
    return behind + [(key, above) for key, above in places if (-above, key) < place]


def _telling(rows: DialogueQuerySet) -> DialogueQuerySet:
    """Those for which a check found something beside the target, and by more than chance."""
    telling = RetrievalCheck.objects.filter(
        # What stands above a target is none, and to look for it in the best images costs much.
        (Q(rank__gt=1) & ~Q(top=[])) | _has_others(),
        Q(tied=None) | Q(tied__lt=F("corpus_size")),
        dialogue=OuterRef("pk"),
    )
    return rows.filter(Exists(telling))


def _has_others() -> Func:
    """Whether a check's best images, as [image id, score], have one with a score that is none of
    the dialogue's targets."""
    return Func(
        F("top"),
        # Strict, or each pair would be taken apart before it is looked at.
        Value("strict $[*] ? (@[1] != 0 && !(@[0] == $targets[*]))"),
        JSONObject(targets=OuterRef("target_images")),
        function="jsonb_path_exists",
        output_field=BooleanField(),
    )


def _above() -> Coalesce:
    """The lowest place that a retriever gives the target by the approved rewrite; 0: by none."""
    checks = RetrievalCheck.objects.filter(
        dialogue=OuterRef("pk"),
        form=QueryForm.REWRITE,
        candidate=OuterRef("approved_candidate"),
    )
    lowest = checks.order_by().values("dialogue").annotate(lowest=Max("rank")).values("lowest")
    return Coalesce(Subquery(lowest), 0, output_field=IntegerField())
