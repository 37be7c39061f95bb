"""Which waves are tested together: those that were drawn before anybody had decided on one of them.

Who sees what people said of a wave and then draws another draws until a test would pass: one that
takes both errs in one of five repeats where it promises one of twenty (Armitage, McPherson and
Rowe, Repeated Significance Tests on Accumulating Data, 1969). So a wave that was asked for after
the first decision on the ones before is tested without them, and they are tested first.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models import F, Min, QuerySet

from review.models import Decision, Wave
from review.models.decisions import SAYING


def drawn_together(in_order: Iterable[Wave]) -> list[list[Wave]]:
    """Waves, in the order in which they were asked for, by which ones a test takes together."""
    waves = list(in_order)
    # Of the last one nobody asks, since none was drawn after it.
    looked_at = _first_decisions(waves[:-1])
    found: list[list[Wave]] = []
    for wave in waves:
        if not found or any(_is_before(looked_at.get(one.pk), wave) for one in found[-1]):
            found.append([])
        found[-1].append(wave)
    return found


def is_begun(waves: Sequence[Wave]) -> bool:
    """Whether anybody has decided on one of them, so that none can be drawn to them any more."""
    return _decisions(waves).exists()


def _is_before(decided: datetime | None, wave: Wave) -> bool:
    return decided is not None and decided < wave.created


def _first_decisions(waves: Sequence[Wave]) -> dict[int, datetime]:
    """By wave when it was first decided on."""
    first = _decisions(waves).order_by().values_list("dialogue__drawn__wave")
    return dict(first.annotate(first=Min("created"))) if waves else {}


def _decisions(waves: Sequence[Wave]) -> QuerySet[Decision]:
    """Those on waves since they were asked for, also where they were taken back since."""
    return Decision.objects.filter(
        dialogue__drawn__wave__in=[wave.pk for wave in waves],
        round=F("dialogue__drawn__round"),
        created__gte=F("dialogue__drawn__wave__created"),
        verdict__in=SAYING,
    )
