"""How far waves are: what became of the dialogues that were drawn."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Count

from review.amounts import counted
from review.calibration.counting import what_became
from review.calibration.report import WaveLine
from review.calibration.sampling.frames import Frame
from review.models import Drawn, Wave

# Of so many drawn dialogues a page can ask while it is waited for what became of them: three
# hundredths of a second.
MOST_FOLLOWED = 2000


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
    """Whether their datasets have many: to follow the few of one wave takes a look at decisions on
    those of all."""
    datasets = {wave.dataset_id for wave in waves}
    drawn = Wave.objects.filter(dataset__in=datasets).values_list("frame__drawn", flat=True)
    return sum(many or 0 for many in drawn) > MOST_FOLLOWED


def line(wave: Wave) -> WaveLine:
    return lines_of([wave])[0]


def _counts(waves: Sequence[int]) -> dict[int, dict[str, int]]:
    """By wave and by what became of them. Counted by that, not each on its own, so that it is asked
    of a dialogue once."""
    rows = Drawn.objects.filter(wave__in=waves).order_by().values_list("wave", what_became())
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
    gone = wave.frame.get("drawn", there) - there
    said = [f"{counted(gone, 'dialogue')} of it are deleted."] if gone else []
    if wave.closed_at is not None:
        said.append("It is closed: what nobody has decided is missing.")
    return " ".join(said)
