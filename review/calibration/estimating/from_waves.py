"""What people decided of the dialogues that waves drew."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from review.agreement.estimates import Flags, Floats, Ints
from review.calibration.conditions import Conditions
from review.calibration.counting import Uncounted, on_drawn
from review.calibration.draws import word_of
from review.calibration.estimating.reading import Sifted, read
from review.calibration.estimating.record import (
    NONE,
    WHOLE,
    Record,
    Sample,
    Texts,
    Tops,
    Words,
    tops_by_criterion,
)
from review.calibration.report import LANGUAGE, WaveLine
from review.calibration.sampling import following
from review.calibration.sampling.frames import Frame
from review.calibration.slices import DIMENSIONS, UNKNOWN
from review.languages import language_name
from review.models import Dataset, Drawn, Wave

OTHER_CONDITIONS = "made in waves that were drawn for other judges, rubric or rewriters"


@dataclass(frozen=True)
class FromWaves:
    lines: list[WaveLine]
    record: Record
    left_out: list[str]


class _Rows:
    """All drawn dialogues of a dataset, in the order of their keys, by column."""

    def __init__(self, dataset: Dataset) -> None:
        rows = list(
            Drawn.objects.filter(wave__dataset=dataset).order_by("dialogue").values_list(*_COLUMNS)
        )
        columns: list[Any] = list(zip(*rows, strict=True)) or [()] * len(_COLUMNS)
        wave, dialogue, probability, candidate, score, passes, *told = columns
        self.by_criterion, self.slices = told
        self._waves = wave
        self.dialogue: Ints = np.array(dialogue, np.int64)
        self.probability: Floats = np.array(probability, np.float64)
        self.candidate: Ints = np.array(
            [NONE if key is None else key for key in candidate], np.int64
        )
        self.score: Floats = np.array(score, np.float64)
        self.passes: Floats = np.array(
            [np.nan if one is None else float(one) for one in passes], np.float64
        )

    def number_of(self, dialogue: Ints) -> Ints:
        return np.searchsorted(self.dialogue, dialogue)

    def wave_among(self, waves: Sequence[Wave]) -> Ints:
        """The number of each dialogue's wave."""
        number = {wave.pk: place for place, wave in enumerate(waves)}
        return np.array([number[key] for key in self._waves], np.int64)

    def tops(self, now: Conditions | None) -> dict[str, Tops]:
        whole = Tops(self.candidate, word_of(self.score), self.passes)
        return {WHOLE: whole, **tops_by_criterion(self.by_criterion, now.marks() if now else {})}

    def by_slice(self) -> dict[str, Texts]:
        return {
            dimension: np.array([one.get(dimension, UNKNOWN) for one in self.slices], str)
            for dimension in DIMENSIONS
        }

    def record(
        self,
        mine: Flags,
        now: Conditions | None,
        samples: list[Sample],
        of_sample: Ints,
        words: Words,
        reviewers: list[str],
    ) -> Record:
        """Of some of them, which are numbered in this order."""
        return Record(
            samples=samples,
            sample=of_sample[mine],
            probability=self.probability[mine],
            score=self.score[mine],
            tops={name: top.where(mine) for name, top in self.tops(now).items()},
            slices={name: values[mine] for name, values in self.by_slice().items()},
            words=words,
            reviewers=reviewers,
        )


_COLUMNS = (
    *("wave_id", "dialogue_id", "probability", "candidate_id", "score", "passes"),
    *("by_criterion", "slices"),
)


def read_waves(dataset: Dataset, now: Conditions | None) -> FromWaves:
    """Every wave with what became of it, and the record of those drawn under the present
    conditions."""
    # In this order: what is drawn and decided meanwhile is left for the next time.
    decided = read(on_drawn().filter(dialogue__dataset=dataset), {"why": "int8"})
    rows = _Rows(dataset)
    waves = list(Wave.objects.filter(dataset=dataset).order_by("number"))
    wave, dialogue = rows.wave_among(waves), rows.number_of(decided["dialogue_id"])
    sifted = Sifted(len(decided))
    for why in Uncounted:
        sifted.drop(decided["why"] == why, why.label)
    kept = np.array([_is_kept(one, now) for one in waves], bool)
    sifted.drop(~kept[wave[dialogue]], OTHER_CONDITIONS)
    number = np.cumsum(kept[wave]) - 1
    words, reviewers = decided.words(number[dialogue], sifted.counting)
    samples = [_sample(one) for one, used in zip(waves, kept, strict=True) if used]
    of_sample = (np.cumsum(kept) - 1)[wave]
    record = rows.record(kept[wave], now, samples, of_sample, words, reviewers)
    return FromWaves(_lines(waves, now), record, sifted.left_out)


def _lines(waves: Sequence[Wave], now: Conditions | None) -> list[WaveLine]:
    reasons = [why_not(wave, now) for wave in waves]
    told = zip(following.lines_of(waves), reasons, strict=True)
    return [replace(line, used=not why, words=why) for line, why in told]


def why_not(wave: Wave, now: Conditions | None) -> str:
    """Why a wave does not count for the dataset as a whole; nothing where it does."""
    if wave.failure:
        return wave.failure
    if wave.drawn_at is None:
        return "It is still being drawn."
    if now is None:
        return "There are no present judges that it could count for."
    if wave.conditions_hash != now.hash:
        changes = now.changes_since(Conditions.from_json(wave.conditions))
        return " ".join(["It was drawn under other conditions.", *changes])
    if wave.narrowed:
        [(dimension, name)] = wave.narrowed.items()
        part = language_name(name) if dimension == LANGUAGE else name
        return f"It was drawn from {dimension} {part} alone, and counts in that line alone."
    return ""


def _is_kept(wave: Wave, now: Conditions | None) -> bool:
    same = now is not None and wave.conditions_hash == now.hash
    return same and wave.drawn_at is not None


def _sample(wave: Wave) -> Sample:
    return Sample(Frame.from_json(wave.frame), wave.is_uniform(), wave.narrowed)
