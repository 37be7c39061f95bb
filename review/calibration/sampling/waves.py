"""Waves: what one would be drawn from, asking for one, and closing it.

Whoever asks waits for no draw: a worker makes it (`drawing`).
"""

from dataclasses import dataclass

from django.db import transaction
from django.db.models import Max, Q, QuerySet
from django.utils import timezone

from review.agreement.estimates import Floats
from review.amounts import counted
from review.calibration.conditions import Conditions, present
from review.calibration.report import LANGUAGE, REWRITER, TURNS
from review.calibration.sampling import frames, selection
from review.calibration.sampling.frames import Waiting
from review.calibration.sampling.glancing import glance
from review.calibration.slices import DIMENSIONS, turns_slices
from review.errors import Conflict, Invalid, Missing
from review.models import Dataset, Dialogue, Drawn, Stage, User, Wave, WaveKind
from review.permissions import check_can_administer

LEAST_EVEN_SHARE = 0.5
# So many dialogues are read in a second.
QUICKLY_READ = 20_000
AT_MOST = (
    "Where so many wait, whose judges scored them is looked at when it is drawn: that may then be "
    "from fewer."
)
# Dialogue.drawn_place: those of the first wave come first.
PLACES_PER_WAVE = 10**9


@dataclass(frozen=True)
class Preview:
    """What a wave would be drawn from. `expected` is how many are drawn, on average where it is
    informative; `sentences` say which dialogues that wait are left out, and what else to know."""

    dialogues: int
    expected: float
    lowest: float
    highest: float
    sentences: list[str]


def preview(
    dataset: Dataset,
    *,
    kind: str,
    size: int,
    even_share: float | None = None,
    narrowed: dict[str, str] | None = None,
) -> Preview:
    """Raises `Invalid` with the field at fault where there can be no such wave."""
    wave = _asked(dataset, kind, size, even_share, narrowed or {})
    rows, at_most = _foreseen(wave)
    probability = probability_of(wave, rows)
    return Preview(
        dialogues=len(rows),
        expected=float(probability.sum()),
        lowest=float(probability.min()),
        highest=float(probability.max()),
        sentences=[*at_most, *left_out_in_words(rows.left_out), *_on_ranks(wave, rows)],
    )


def _foreseen(wave: Wave) -> tuple[Waiting, list[str]]:
    """What it would be drawn from, as far as somebody can wait for that, and in words what is not
    looked at."""
    if REWRITER in wave.narrowed or not _are_many(wave.dataset):
        return frames.read(wave.dataset, conditions_of(wave.dataset), wave.narrowed), []
    return glance(wave.dataset, wave.narrowed, uniform=wave.is_uniform()), [AT_MOST]


def _are_many(dataset: Dataset) -> bool:
    return frames.count(dataset, most=QUICKLY_READ + 1) > QUICKLY_READ


def draw(
    *,
    dataset: Dataset,
    kind: str,
    size: int,
    even_share: float | None = None,
    narrowed: dict[str, str] | None = None,
    by: User | None = None,
) -> Wave:
    """Asks for a wave, of which `carry_out` draws the dialogues; the caller sends the task.

    Raises `Invalid` with the field at fault where there can be no such wave.
    """
    if by is not None:
        check_can_administer(by, dataset)
    wave = _asked(dataset, kind, size, even_share, narrowed or {})
    _check_can_be_drawn(wave)
    wave.by = by
    return _numbered(wave)


def _check_can_be_drawn(wave: Wave) -> None:
    """As far as a moment allows: where many wait the worker finds the rest, and says so with the
    wave."""
    now = conditions_of(wave.dataset)
    there = frames.count(wave.dataset)
    if there <= QUICKLY_READ:
        probability_of(wave, frames.read(wave.dataset, now, wave.narrowed))
    elif wave.size > there:
        raise Invalid(f"There are {counted(there, 'dialogue')} to draw from.", field="size")


@transaction.atomic
def _numbered(wave: Wave) -> Wave:
    # Two at the same moment must not get the same number.
    Dataset.objects.select_for_update().get(pk=wave.dataset_id)
    last = Wave.objects.filter(dataset=wave.dataset).aggregate(last=Max("number"))["last"]
    wave.number = (last or 0) + 1
    wave.save()
    return wave


def _asked(
    dataset: Dataset, kind: str, size: int, even_share: float | None, narrowed: dict[str, str]
) -> Wave:
    if kind not in WaveKind.values:
        kinds = " or ".join(WaveKind.values)
        raise Invalid(f"A wave is {kinds}.", field="kind")
    if size < 1:
        raise Invalid("Draw one dialogue at least.", field="size")
    share = _even_share(kind, even_share)
    _check_narrowed(narrowed)
    return Wave(
        dataset=dataset,
        kind=kind,
        size=size,
        even_share=share,
        seed=dataset.seed,
        narrowed=narrowed,
    )


def _even_share(kind: str, given: float | None) -> float:
    if kind == WaveKind.UNIFORM:
        if given not in {None, 1}:
            raise Invalid(
                "A uniform wave is spread evenly: give no share of it, or draw an informative one.",
                field="even_share",
            )
        return 1.0
    share = LEAST_EVEN_SHARE if given is None else given
    if not LEAST_EVEN_SHARE <= share <= 1:
        raise Invalid(
            f"At least half of a wave ({LEAST_EVEN_SHARE}, which is {LEAST_EVEN_SHARE:.0%}) and "
            "at most all of it is spread evenly, or else single dialogues would weigh too much.",
            field="even_share",
        )
    return share


def _check_narrowed(narrowed: dict[str, str]) -> None:
    if len(narrowed) > 1:
        raise Invalid("Narrow a wave by one thing alone.", field="narrowed")
    for dimension in narrowed:
        if dimension not in DIMENSIONS:
            there = ", ".join(DIMENSIONS)
            raise Invalid(f"Narrow a wave by one of {there}.", field="narrowed")


def known_parts(dataset: Dataset) -> dict[str, list[str]]:
    """What a wave can be narrowed to, by dimension: as the last wave of the whole dataset found
    them; before the first one, what is known without reading every dialogue."""
    drawn = dataset.waves.filter(drawn_at__isnull=False, narrowed={})
    frame = drawn.order_by("-number").values_list("frame__slices", flat=True).first()
    if frame:
        return {by: list(parts) for by, parts in frame.items()}
    now = present(dataset)
    waiting = Dialogue.objects.filter(dataset=dataset, stage=Stage.JUDGED).order_by()
    languages = waiting.exclude(language="").values_list("language", flat=True).distinct()
    return {
        LANGUAGE: list(languages),
        TURNS: turns_slices(),
        REWRITER: sorted({one.author for one in now.rewriters}) if now else [],
    }


def conditions_of(dataset: Dataset) -> Conditions:
    now = present(dataset)
    if now is None:
        raise Invalid(
            "No dialogue is scored and waits for review. Have judges score some first.",
            field="size",
        )
    return now


def probability_of(wave: Wave, rows: Waiting) -> Floats:
    """With which each dialogue is drawn. Raises `Invalid` where the wave cannot be drawn."""
    there = len(rows)
    if wave.size > there:
        why = " ".join(left_out_in_words(rows.left_out))
        some = counted(there, "dialogue")
        raise Invalid(f"There are {some} to draw from. {why}".strip(), field="size")
    u = rows.informative()
    if wave.even_share < 1 and not u.any():
        raise Invalid(
            "Judges differ on none of these dialogues, and the ranks of their candidates are alike "
            "or not known: an informative wave would be a uniform one. Draw a uniform one, or, "
            "where candidates have no ranks yet, have a check run rank them first.",
            field="kind",
        )
    return selection.probabilities(wave.size, wave.even_share, u)


def _on_ranks(wave: Wave, rows: Waiting) -> list[str]:
    if wave.is_uniform() or not (without := rows.without_ranks()):
        return []
    return [
        f"{counted(without, 'dialogue')} of these {_has(without)} no ranks of candidates and "
        "count as average in that: a check run ranks them."
    ]


_LEFT_OUT = {
    frames.DRAWN: "drawn before",
    frames.BEGUN: "with a reviewer, or decided by some",
    frames.UNSCORED: "without a score yet",
    frames.COVERED: "covered by the certificate in force",
    frames.OTHERS: "scored by other judges than the present ones, or written by other rewriters",
    frames.ELSEWHERE: "of another part of the dataset",
}


def left_out_in_words(left_out: dict[str, int]) -> list[str]:
    """Which dialogues that wait are in no frame, a sentence for each reason."""
    return [
        f"Left out: {counted(left_out[why], 'dialogue')} {words}."
        for why, words in _LEFT_OUT.items()
        if left_out.get(why)
    ]


def _has(many: int) -> str:
    return "has" if many == 1 else "have"


def awaiting() -> QuerySet[Wave]:
    """Those asked for that no worker has drawn, or is at."""
    waiting = Wave.objects.being_drawn()
    return waiting.filter(Q(leased_until=None) | Q(leased_until__lt=timezone.now()))


def place_of(wave: Wave, drawn: Drawn) -> int:
    return wave.number * PLACES_PER_WAVE + drawn.place


def place_in_turn(dialogue: Dialogue, round: int) -> int | None:
    """Where a dialogue that waits for reviewers in a round stands among what is handed out first;
    None where it was not drawn in that round, or its wave is closed."""
    drawn = Drawn.objects.filter(dialogue=dialogue, round=round).select_related("wave")
    found = drawn.filter(wave__closed_at=None).first()
    return None if found is None else place_of(found.wave, found)


@transaction.atomic
def close(*, wave: Wave, by: User | None = None) -> Wave:
    """Ends a wave: what nobody has decided is missing in it, and waits as any other dialogue."""
    if by is not None:
        check_can_administer(by, wave.dataset)
    wave = Wave.objects.select_for_update(of=("self",)).select_related("dataset").get(pk=wave.pk)
    if wave.closed_at is not None:
        raise Conflict(f"Wave {wave.number} is closed already.")
    if wave.is_being_drawn():
        raise Conflict(f"Wave {wave.number} is being drawn. Close it once that has ended.")
    wave.closed_at, wave.closed_by = timezone.now(), by
    wave.save(update_fields=["closed_at", "closed_by"])
    # In the order in which everybody locks several dialogues.
    rows = Dialogue.objects.select_for_update(of=("self",)).filter(drawn__wave=wave)
    keys = [row.pk for row in rows.order_by("pk").only("pk")]
    Dialogue.objects.filter(pk__in=keys).update(drawn_place=None)
    return wave


def wave_of(dataset: Dataset, number: int) -> Wave:
    found = dataset.waves.filter(number=number).select_related("dataset", "by").first()
    if found is None:
        raise Missing(f"There is no wave {number} of {dataset.slug}. See the list of waves.")
    return found
