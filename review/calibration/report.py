"""All figures on how far a dataset's judges may be trusted, as kept, shown and given out.

Shares run from 0 to 1, panel scores from 1 to 5. Figures are never NaN: where there is none, words
say why.
"""

from dataclasses import asdict, dataclass
from typing import Any

from review.agreement.estimates import Estimate

# Grows when the stored form changes; a report of another form is reckoned again.
FORM = 1
# Dimensions of slices (`review.calibration.slices`), in the order in which they are shown.
LANGUAGE, TURNS, SOURCE, REWRITER = "language", "turns", "source", "rewriter"


@dataclass(frozen=True)
class PassRate:
    """What share of top candidates people accept unedited, from both and from each alone.

    `people` is the share among those drawn, as it is; `judges` the share that passes by their
    marks, of all they were drawn from. `tuning` is lambda, `correlation` rho between the judges'
    score and people's word; `worth` says as how many decisions the `debiased.n` count. `missing`
    were drawn and not decided: had people accepted all of them or none, the interval would reach
    over `if_missing`. Words of `debiased` beside an interval say why judges add nothing to it.
    """

    debiased: Estimate
    people: Estimate
    judges: Estimate
    tuning: float | None
    correlation: float | None
    worth: float | None
    missing: int
    if_missing: tuple[float, float] | None


@dataclass(frozen=True)
class Line:
    """The pass rate of a part, such as a language. `dialogues` is how many it was drawn from;
    `auc` how well the score tells accepted from others; `kappa` how far passing agrees with
    people beyond chance."""

    name: str
    dialogues: int
    rate: PassRate
    auc: Estimate
    kappa: Estimate


@dataclass(frozen=True)
class Bin:
    """Panel scores from `low` to below `high` (the last: up to it): how many of the dialogues that
    were drawn from, how many decided, and which share of these people accepted."""

    low: float
    high: float
    dialogues: int
    decided: int
    accepted: Estimate


@dataclass(frozen=True)
class Week:
    """Decisions of one week, by its Monday: people's share, and how far the judges' pass rate on
    the same dialogues lies above it."""

    week: str
    decided: int
    people: Estimate
    gap: Estimate


@dataclass(frozen=True)
class Annotator:
    """One reviewer against the panel in the alternative annotator test: over `dialogues` with
    others' decisions, how often each is at least as good a colleague, and the test's p-value."""

    reviewer: str
    dialogues: int
    panel: float | None
    person: float | None
    p_value: float | None
    beaten: bool
    words: str


@dataclass(frozen=True)
class Alternative:
    """The alternative annotator test (arXiv 2501.10970): `winning_rate` omega, `advantage` rho,
    and whether it passes; `words` say which of its conditions is missing."""

    epsilon: float
    annotators: list[Annotator]
    winning_rate: float | None
    advantage: float | None
    passes: bool | None
    words: str


@dataclass(frozen=True)
class WaveLine:
    """What became of a wave: of `drawn` dialogues some are decided (`decided`), some skipped by
    all who saw them (`skipped`), some settled by decisions that do not count (`uncounted`), the
    others still wait. `words` say why it is not used."""

    number: int
    kind: str
    size: int
    dialogues: int
    drawn: int
    decided: int
    skipped: int
    uncounted: int
    waiting: int
    lowest_probability: float | None
    highest_probability: float | None
    narrowed: dict[str, str]
    used: bool
    words: str


@dataclass(frozen=True)
class Basis:
    """Figures from one kind of decisions: those of waves, or those at places of the blind arm.

    `of` says of which dialogues the share is; `words` why there is no interval; `left_out` which
    decisions do not count, and why; `drift` whether the judges' pass rate moves away from people's
    over the weeks.
    """

    of: str
    words: str
    left_out: list[str]
    overall: Line | None
    criteria: list[Line]
    slices: dict[str, list[Line]]
    scores: list[Bin]
    weeks: list[Week]
    drift: str
    alternative: Alternative


@dataclass(frozen=True)
class Report:
    """`conditions` are the judges, rubric and rewriters that all of it is of."""

    conditions: dict[str, Any]
    waves: list[WaveLine]
    from_waves: Basis
    from_blind: Basis

    def as_json(self) -> dict[str, Any]:
        return {"form": FORM, **asdict(self)}
