"""Waves and certificates of a dataset as they are now, beside what the report tells of them."""

from dataclasses import dataclass, replace
from typing import Any

from review.calibration.certifying import certificates
from review.calibration.certifying.auditing import last_audited
from review.calibration.certifying.certificates import Listed
from review.calibration.certifying.thresholds import LAST_AUDITED, runs_of_bad_at
from review.calibration.report import WaveLine
from review.calibration.sampling import following
from review.models import Dataset, Wave

# Parts of the bar of a wave, in their order.
PARTS = ("decided", "uncounted", "skipped", "waiting")


@dataclass(frozen=True)
class WaveRow:
    """A wave and what became of it; `reckoned` where the report says whether it is used."""

    wave: Wave
    line: WaveLine
    reckoned: bool = False

    @property
    def is_drawing(self) -> bool:
        return self.wave.drawn_at is None and not self.wave.failure

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
        return self.wave.drawn_at is not None and self.wave.closed_at is None


@dataclass(frozen=True)
class Standing:
    """Waves and certificates, the newest first."""

    waves: list[WaveRow]
    listed: list[Listed]

    @property
    def in_force(self) -> Listed | None:
        return next((one for one in self.listed if one.certificate.is_in_force()), None)

    def drawing(self) -> list[Wave]:
        """Waves that a worker draws, or is to draw."""
        return [row.wave for row in self.waves if row.is_drawing]

    def putting_back(self) -> list[Listed]:
        """Certificates whose dialogues a worker puts back, or is to."""
        return [
            one
            for one in self.listed
            if one.certificate.put_back_asked and not one.certificate.put_back_done
        ]


def standing(dataset: Dataset) -> Standing:
    lines = {line.number: line for line in following.lines(dataset)}
    waves = dataset.waves.select_related("by", "closed_by", "certificate").order_by("-number")
    # One that was asked for between the two questions has no line yet.
    rows = [WaveRow(wave, lines[wave.number]) for wave in waves if wave.number in lines]
    return Standing(rows, certificates.listed(dataset))


def with_report(rows: list[WaveRow], data: dict[str, Any] | None) -> list[WaveRow]:
    """What a report made since, or before, says of the waves that it knows as drawn."""
    told = {line["number"]: line for line in (data or {}).get("waves", []) if line["drawn"]}
    return [_with_line(row, told.get(row.wave.number)) for row in rows]


def _with_line(row: WaveRow, told: dict[str, Any] | None) -> WaveRow:
    if told is None or row.wave.drawn_at is None:
        return row
    line = replace(row.line, used=told["used"], words=told["words"])
    return WaveRow(row.wave, line, reckoned=True)


def audits_of(listed: Listed) -> dict[str, int]:
    """How near a certificate in force is to being revoked by what people find."""
    last = last_audited(listed.certificate)
    return {
        "last": len(last),
        "last_bad": sum(last),
        "run_of_bad": runs_of_bad_at(listed.certificate.share),
        "last_audited": LAST_AUDITED,
    }
