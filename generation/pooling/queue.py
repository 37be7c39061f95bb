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


@dataclass(frozen=True)
class Progress:
    """How many of the dialogues that a member may judge have been judged, by whomever."""

    judged: int
    total: int


def progress(membership: Membership) -> Progress:
    rows = _rows(membership).annotate(is_judged=relevance.is_judged())
    counts = rows.aggregate(judged=Count("pk", filter=Q(is_judged=True)), total=Count("pk"))
    return Progress(counts["judged"], counts["total"])


def next_after(membership: Membership, passed: Dialogue | None = None) -> Dialogue | None:
    """The first dialogue that nobody has judged; after one that was judged or passed by, the first
    of those behind it, and from the start again at the end."""
    waiting = _rows(membership).filter(~relevance.is_judged()).annotate(above=_above())
    order = waiting.order_by("-above", "pk")
    if passed is None:
        return order.first()
    place = Dialogue.objects.filter(pk=passed.pk).annotate(above=_above()).get()
    above = place.above
    behind = order.filter(Q(above__lt=above) | Q(above=above, pk__gt=passed.pk))
    return behind.first() or order.exclude(pk=passed.pk).first()


def _rows(membership: Membership) -> DialogueQuerySet:
    """Those for which a check found something beside the target, and by more than chance."""
    telling = RetrievalCheck.objects.filter(
        _has_others(),
        Q(tied=None) | Q(tied__lt=F("corpus_size")),
        dialogue=OuterRef("pk"),
    )
    return relevance.judgeable(membership).filter(Exists(telling))


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
