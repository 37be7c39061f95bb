"""How far waves are: what became of the dialogues that were drawn."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Case, Count, Exists, F, OuterRef, Q, QuerySet, Value, When

from review.amounts import counted
from review.calibration.report import WaveLine
from review.calibration.sampling.frames import Frame
from review.models import (
    Assignment,
    Decision,
    Drawn,
    PlaceState,
    Stage,
    Wave,
)

# Of so many drawn dialogues a page can ask while it is waited for what became of them: a hundredth
# of a second.
MOST_FOLLOWED = 2000

_SKIPPED = Assignment.objects.for_review().filter(
    dialogue=OuterRef("dialogue"), round=OuterRef("round"), state=PlaceState.SKIPPED
)
_WAITS = Q(dialogue__stage__in=[Stage.JUDGED, Stage.PROPOSED], dialogue__round=F("round"))


def _deciding() -> QuerySet[Decision]:
    """Those that count of a drawn dialogue, in the round of the draw."""
    return Decision.objects.unswayed().filter(
        dialogue=OuterRef("dialogue"), round=OuterRef("round")
    )


def lines_of(waves: Iterable[Wave]) -> list[WaveLine]:
    """What became of waves so far, in their order. Whether they are used is not said here."""
    waves = list(waves)
    counts = _counts([wave.pk for wave in waves])
    return [_line(wave, counts.get(wave.pk, {})) for wave in waves]


def told_by(data: dict[str, Any] | None, waves: Iterable[Wave]) -> dict[int, WaveLine]:
    """What a report tells, by number, of waves that it knows as drawn: where so many dialogues are
    drawn that nobody waits while each is looked at. Else of none."""
    told = [line for line in (data or {}).get("waves", []) if line["drawn"]]
    kept = told if are_many(waves) else []
    return {line["number"]: WaveLine(**line) for line in kept}


def are_many(waves: Iterable[Wave]) -> bool:
    return sum(wave.frame.get("drawn", 0) for wave in waves) > MOST_FOLLOWED


def line(wave: Wave) -> WaveLine:
    return lines_of([wave])[0]


def _counts(waves: Sequence[int]) -> dict[int, dict[str, int]]:
    """By wave and by what became of them. Counted by that, not each on its own, so that it is asked
    of a dialogue once."""
    became = Case(
        When(Exists(_deciding()), then=Value("decided")),
        When(~_WAITS, then=Value("uncounted")),
        When(Exists(_SKIPPED), then=Value("skipped")),
        default=Value("waiting"),
    )
    rows = Drawn.objects.filter(wave__in=waves).order_by().values_list("wave", became)
    found: dict[int, dict[str, int]] = {wave: {} for wave in waves}
    for wave, what, dialogues in rows.annotate(dialogues=Count("pk")):
        found[wave][what] = dialogues
    return found


def _line(wave: Wave, counts: dict[str, int]) -> WaveLine:
    frame = wave.frame
    return WaveLine(
        number=wave.number,
        kind=wave.kind,
        size=wave.size,
        dialogues=Frame.from_json(frame).dialogues if frame else 0,
        drawn=frame.get("drawn", 0),
        decided=counts.get("decided", 0),
        skipped=counts.get("skipped", 0),
        uncounted=counts.get("uncounted", 0),
        waiting=counts.get("waiting", 0),
        lowest_probability=frame.get("lowest"),
        highest_probability=frame.get("highest"),
        narrowed=wave.narrowed,
        used=False,
        words=_words(wave, sum(counts.values())),
    )


def _words(wave: Wave, there: int) -> str:
    if wave.failure:
        return f"It was not drawn: {wave.failure}"
    if wave.drawn_at is None:
        return "A worker draws it now." if wave.leased_until else "It waits for a worker."
    gone = int(wave.frame["drawn"]) - there
    said = [f"{counted(gone, 'dialogue')} of it are deleted."] if gone else []
    if wave.closed_at is not None:
        said.append("It is closed: what nobody has decided is missing.")
    return " ".join(said)
