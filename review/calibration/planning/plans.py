"""What further decisions would bring: how wide intervals would be, and where they help most.

A plan is made of what is known before the next wave is drawn: figures of the stored report where
there are any, else assumed ones, and it says which.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from review.calibration.planning.certificates_ahead import CertificatesAhead, certificates_ahead
from review.calibration.planning.gains import Gains, gains
from review.calibration.planning.grounds import Grounds, grounds_of, waiting
from review.errors import Invalid
from review.models import Dataset
from review.progress import StageCounts, stages_of

SIZES = (50, 100, 200, 400, 800, 1600)
# Between the panel's score and people's word, as long as nobody has measured it; 0 is people alone.
ASSUMED_CORRELATIONS = (0.0, 0.3, 0.5, 0.7)
# Wanted half-widths, as shares.
NARROWEST, WIDEST = 0.001, 0.5


@dataclass(frozen=True)
class Column:
    """Whether judges help, and how well their score goes with people's word."""

    correlation: float
    measured: bool


@dataclass(frozen=True)
class Size:
    """So many dialogues decided: half the width of the pass rate's interval by column, people's
    work in seconds, and how many are approved by then. `all`: none is left."""

    dialogues: int
    all: bool
    half_widths: list[float]
    seconds: float | None
    approved: int


@dataclass(frozen=True)
class Aim:
    """The fewest dialogues whose interval is as narrow as wanted; None where not even all are
    enough."""

    half_width: float
    sizes: list[Size | None]


@dataclass(frozen=True)
class Plan:
    grounds: Grounds
    columns: list[Column]
    sizes: list[Size]
    aim: Aim | None
    certificates: CertificatesAhead
    gains: Gains
    words: str

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def plan(
    dataset: Dataset,
    data: dict[str, Any] | None,
    *,
    half_width: float | None = None,
    stages: StageCounts | None = None,
) -> Plan:
    """From the stored report (`review.calibration.report.Report.as_json`; None where there is
    none) and a few counts. `half_width` is a wanted one, as a share."""
    counts = stages_of(dataset) if stages is None else stages
    grounds = grounds_of(dataset, data, counts)
    columns = _columns(grounds)
    return Plan(
        grounds=grounds,
        columns=columns,
        sizes=list(_sizes(grounds, columns)),
        aim=None if half_width is None else _aim(half_width, grounds, columns),
        certificates=certificates_ahead(dataset, data),
        gains=gains(data),
        words=_words(counts),
    )


def checked_half_width(wanted: float) -> float:
    """Raises `Invalid` for what no plan can be made for."""
    if not NARROWEST <= wanted <= WIDEST:
        raise Invalid(
            f"An interval can be planned from ±{100 * NARROWEST:g} to ±{100 * WIDEST:g} points.",
            field="half_width",
        )
    return wanted


def _words(counts: StageCounts) -> str:
    if not counts.total:
        return (
            "No dialogue is here yet, so this is reckoned for a dataset of which these are a "
            "small part."
        )
    return "" if waiting(counts) else "No dialogue waits for a decision: none is left to plan for."


def _columns(grounds: Grounds) -> list[Column]:
    """People alone, and with the judges as they are, or as they might be."""
    known = grounds.correlation.value
    if known is None:
        return [Column(value, measured=False) for value in ASSUMED_CORRELATIONS]
    return [Column(value, measured=True) for value in sorted({0.0, known})]


def _sizes(grounds: Grounds, columns: Sequence[Column]) -> Iterator[Size]:
    most = grounds.waiting
    for dialogues in SIZES:
        if most is None or dialogues < most:
            yield _size(dialogues, grounds, columns)
    if most:
        yield _size(most, grounds, columns)


def _size(dialogues: int, grounds: Grounds, columns: Sequence[Column]) -> Size:
    return Size(
        dialogues=dialogues,
        all=dialogues == grounds.waiting,
        half_widths=[grounds.width(dialogues, column.correlation) for column in columns],
        seconds=grounds.work(dialogues),
        approved=grounds.approved_of(dialogues),
    )


def _aim(wanted: float, grounds: Grounds, columns: Sequence[Column]) -> Aim:
    sizes = []
    for column in columns:
        dialogues = grounds.fewest(wanted, column.correlation)
        sizes.append(None if dialogues is None else _size(dialogues, grounds, columns))
    return Aim(wanted, sizes)
