"""How far waves are: what became of the dialogues that were drawn."""

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from review.calibration.report import WaveLine
from review.calibration.sampling.frames import Frame
from review.models import (
    Assignment,
    Dataset,
    Decision,
    Drawn,
    PlaceState,
    Stage,
    Wave,
)
from review.templatetags.numbers import counted

_SKIPPED = Assignment.objects.for_review().filter(
    dialogue=OuterRef("dialogue"), round=OuterRef("round"), state=PlaceState.SKIPPED
)
_WAITS = Q(dialogue__stage__in=[Stage.JUDGED, Stage.PROPOSED], dialogue__round=F("round"))


def _deciding() -> QuerySet[Decision]:
    """Those that count of a drawn dialogue, in the round of the draw."""
    return Decision.objects.unswayed().filter(
        dialogue=OuterRef("dialogue"), round=OuterRef("round")
    )


def lines(dataset: Dataset) -> list[WaveLine]:
    """What became of each wave so far, the last one first. Whether it is used is not said here."""
    waves = dataset.waves.order_by("-number")
    counts = _counts(Drawn.objects.filter(wave__dataset=dataset))
    return [_line(wave, counts.get(wave.pk, _NONE)) for wave in waves]


def line(wave: Wave) -> WaveLine:
    return _line(wave, _counts(wave.drawn.all()).get(wave.pk, _NONE))


def _counts(rows: QuerySet[Drawn]) -> dict[int, tuple[int, ...]]:
    rows = rows.annotate(is_decided=Exists(_deciding()), is_skipped=Exists(_SKIPPED))
    open_still = Q(is_decided=False) & _WAITS
    found = (
        rows.order_by()
        .values("wave")
        .annotate(
            there=Count("pk"),
            decided=Count("pk", filter=Q(is_decided=True)),
            skipped=Count("pk", filter=open_still & Q(is_skipped=True)),
            waiting=Count("pk", filter=open_still & Q(is_skipped=False)),
        )
    )
    return {wave: tuple(counts) for wave, *counts in found.values_list("wave", *_COUNTED)}


_COUNTED = ("there", "decided", "skipped", "waiting")
_NONE = (0, 0, 0, 0)


def _line(wave: Wave, counts: tuple[int, ...]) -> WaveLine:
    frame = wave.frame
    there, decided, skipped, waiting = counts
    return WaveLine(
        number=wave.number,
        kind=wave.kind,
        size=wave.size,
        dialogues=Frame.from_json(frame).dialogues if frame else 0,
        drawn=frame.get("drawn", 0),
        decided=decided,
        skipped=skipped,
        uncounted=there - decided - skipped - waiting,
        waiting=waiting,
        lowest_probability=frame.get("lowest"),
        highest_probability=frame.get("highest"),
        narrowed=wave.narrowed,
        used=False,
        words=_words(wave, there),
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
