"""Numbers as people read them: grouped, counted, as a share, as a while."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django import template
from django.utils import timezone
from django.utils.formats import date_format

from review.amounts import counted, share_of
from review.models import Stage
from review.progress import MOST_COUNTED, StageCounts

register = template.Library()
register.filter(counted)
register.filter(share_of)

MINUTE, HOUR, DAY = 60, 3600, 86400


@register.filter
def grouped(number: int | None) -> str:
    """1000 as “1,000”; nothing for what is not known."""
    return "" if number is None else f"{number:,}"


@register.filter
def waiting_words(number: int) -> str:
    """“12 dialogues”; “1,000+ dialogues” where counting stopped."""
    words = counted(number, "dialogue")
    return words if number < MOST_COUNTED else words.replace(" ", "+ ")


@register.filter
def percent(share: float) -> str:
    """75% for 0.75."""
    return f"{share:.0%}"


@register.filter
def lasting(seconds: float | None) -> str:
    """A length of time in its two largest units: “45 s”, “3 min 20 s”, “2 h 5 min”; what is too
    short for a tenth of a second as “35 ms”."""
    if seconds is None:
        return ""
    if 0 < seconds < 0.1:
        return f"{1000 * seconds:.0f} ms"
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < MINUTE:
        return f"{whole} s"
    if whole < HOUR:
        return f"{whole // MINUTE} min {whole % MINUTE} s"
    return f"{whole // HOUR} h {whole % HOUR // MINUTE} min"


@register.filter
def ago(moment: datetime | None) -> str:
    """When something was, as near as a reader cares: “just now”, “5 min ago”, “12 Nov 2026”."""
    if moment is None:
        return ""
    seconds = (timezone.now() - moment).total_seconds()
    if seconds < MINUTE:
        return "just now"
    if seconds < HOUR:
        return f"{int(seconds // MINUTE)} min ago"
    if seconds < DAY:
        return f"{int(seconds // HOUR)} h ago"
    return date_format(timezone.localtime(moment), "j M Y")


@register.filter
def until(moment: datetime | None) -> str:
    """How long is left: “12 min left”, “6 days left”; “overdue” where nothing is."""
    if moment is None:
        return ""
    left = moment - timezone.now()
    if left <= timedelta(0):
        return "overdue"
    minutes = max(1, int(left.total_seconds() // MINUTE))
    if minutes < 120:
        return f"{minutes} min left"
    hours = minutes // 60
    return f"{hours} hours left" if hours < 48 else f"{hours // 24} days left"


@register.filter
def dollars(amount: Decimal | None) -> str:
    """A cost in dollars; small ones keep the digits that matter, unknown ones say so."""
    if amount is None:
        return "unknown"
    if amount == 0:
        return "$0"
    if amount >= 1:
        return f"${amount:,.2f}"
    # Two digits from the first that is not 0 on: a call may cost millionths.
    return f"${round(amount, max(4, 1 - amount.adjusted())):f}"


@dataclass(frozen=True)
class Segment:
    """One stage's part of a bar that is 100 wide."""

    stage: Stage
    dialogues: int
    start: float
    width: float


# Settled work first, so that the bar fills from the left.
BAR_ORDER = [
    Stage.APPROVED,
    Stage.REJECTED,
    Stage.DISPUTED,
    Stage.JUDGED,
    Stage.PROPOSED,
    Stage.IMPORTED,
]


@register.inclusion_tag("review/_stage_bar.html")
def stage_bar(stages: StageCounts) -> dict[str, object]:
    """How a dataset's dialogues divide over the stages, as one bar."""
    return {"segments": _segments(stages), "stages": stages}


def _segments(stages: StageCounts) -> list[Segment]:
    segments: list[Segment] = []
    start = 0.0
    for stage in BAR_ORDER:
        dialogues = stages.of(stage)
        if dialogues:
            width = 100 * dialogues / stages.total
            segments.append(Segment(stage, dialogues, start, width))
            start += width
    return segments
