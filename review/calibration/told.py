"""What a curated line says of how its dialogue was drawn and certified."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Prefetch

from review.models import Certified, Dialogue, Drawn
from review.models.dialogues import DialogueQuerySet


def with_draws(dialogues: DialogueQuerySet) -> DialogueQuerySet:
    """The queryset with what `told` needs, in two further queries."""
    certified = Certified.objects.select_related("certificate").order_by("pk")
    return dialogues.select_related("drawn__wave").prefetch_related(
        Prefetch("certified", certified)
    )


def told(dialogue: Dialogue, places: Mapping[int, int]) -> dict[str, Any]:
    """`places` numbers the line's candidates, by their keys."""
    drawn: Drawn | None = getattr(dialogue, "drawn", None)
    certified = [row for row in dialogue.certified.all() if row.round == dialogue.round]
    return {
        "waves": [_drawn(drawn, places)] if drawn else [],
        "certificate": _certified(certified[-1], places) if certified else None,
    }


def _drawn(drawn: Drawn, places: Mapping[int, int]) -> dict[str, Any]:
    return {
        "wave": drawn.wave.number,
        "kind": drawn.wave.kind,
        "probability": drawn.probability,
        "score": drawn.score,
        "candidate": None if drawn.candidate_id is None else places.get(drawn.candidate_id),
    }


def _certified(row: Certified, places: Mapping[int, int]) -> dict[str, Any]:
    """`good` is what the person said who looked at it, None where nobody has; `put_back` whether
    people decided after all; `ended` how the certificate ended, None while it is in force."""
    certificate = row.certificate
    return {
        "number": certificate.number,
        "used": row.used_as,
        "score": row.score,
        "candidate": places.get(row.candidate_id),
        "share": certificate.share,
        "confidence": certificate.confidence,
        "good": row.good,
        "put_back": row.put_back_at is not None,
        "ended": certificate.end or None,
    }
