"""Waves and certificates of a dataset as they are now, beside what the report tells of them."""

from dataclasses import dataclass, replace
from typing import Any

from review.calibration.certifying import listing
from review.calibration.certifying.auditing import last_audited
from review.calibration.certifying.listing import Listed
from review.calibration.certifying.thresholds import LAST_AUDITED, runs_of_bad_at
from review.calibration.report import WaveLine
from review.calibration.sampling import following
from review.models import Dataset, Wave

# Parts of the bar of a wave, in their order.
PARTS = ("decided", "uncounted", "skipped", "waiting")


@dataclass(frozen=True)
class WaveRow:
    """A wave and what became of it; `reckoned` where the report says whether it is used, and
    `as_reckoned` where also what became of it is as the report has it."""

    wave: Wave
    line: WaveLine
    reckoned: bool = False
    as_reckoned: bool = False

    @property
    def is_drawing(self) -> bool:
        return self.wave.is_being_drawn()

    @property
    def parts(self) -> list[tuple[str, float, float]]:
        """How its dialogues divide, as parts of a bar that is 100 wide: name, start, width."""
        found, start = [], 0.0
        for name in PARTS:
            width = round(100 * getattr(self.line, name) / max(1, self.line.drawn), 2)
            found.append((name, start, width))
            start = round(start + width, 2)
        return found

    @property
    def for_tests(self) -> bool:
        """Whether a certificate could be tested on it."""
        return self.wave.is_uniform() and not self.wave.narrowed and self.wave.drawn_at is not None

    @property
    def can_close(self) -> bool:
        left = self.line.waiting + self.line.skipped
        return self.wave.drawn_at is not None and self.wave.closed_at is None and left > 0


@dataclass(frozen=True)
class Standing:
    """Waves and certificates, the newest first."""

    waves: list[Wave]
    listed: list[Listed]

    @property
    def in_force(self) -> Listed | None:
        return next((one for one in self.listed if one.certificate.is_in_force()), None)

    def drawing(self) -> list[Wave]:
        """Waves that a worker draws, or is to draw."""
        return [wave for wave in self.waves if wave.is_being_drawn()]

    def putting_back(self) -> list[Listed]:
        """Certificates whose dialogues a worker puts back, or is to."""
        return [
            one
            for one in self.listed
            if one.certificate.put_back_asked and not one.certificate.put_back_done
        ]


def standing(dataset: Dataset) -> Standing:
    waves = dataset.waves.select_related("by", "closed_by", "certificate").order_by("-number")
    return Standing(list(waves), listing.listed(dataset))


def rows_of(waves: list[Wave], data: dict[str, Any] | None) -> list[WaveRow]:
    """Waves with what became of them, and what a report made since, or before, says of those that
    it knows as drawn. Where many are drawn, what became of these is as it was then."""
    told = {line["number"]: line for line in (data or {}).get("waves", []) if line["drawn"]}
    kept = following.told_by(data, waves)
    lines = following.lines_of(wave for wave in waves if wave.number not in kept)
    now = {line.number: line for line in lines}
    return [
        WaveRow(wave, kept[wave.number], reckoned=True, as_reckoned=True)
        if wave.number in kept
        else _row(wave, now[wave.number], told.get(wave.number))
        for wave in waves
    ]


def _row(wave: Wave, line: WaveLine, told: dict[str, Any] | None) -> WaveRow:
    if told is None or wave.drawn_at is None:
        return WaveRow(wave, line)
    return WaveRow(wave, replace(line, used=told["used"], words=told["words"]), reckoned=True)


def audits_of(listed: Listed) -> dict[str, int]:
    """How near a certificate in force is to being revoked by what people find."""
    last = last_audited(listed.certificate)
    return {
        "last": len(last),
        "last_bad": sum(last),
        "run_of_bad": runs_of_bad_at(listed.certificate.share),
        "last_audited": LAST_AUDITED,
    }
