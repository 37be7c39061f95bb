"""What plans are reckoned from: figures of the dataset where there are any, else assumed ones."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Avg, Count

from review.agreement.estimates import LEVEL, NORMAL
from review.calibration.estimating.prediction import FEWEST_DECIDED
from review.calibration.estimating.widths import decisions_for, half_width
from review.models import Dataset, Decision, Stage, Verdict
from review.models.dialogues import UNRESOLVED
from review.progress import StageCounts

# Half accepted makes intervals as wide as they can be.
WIDEST = 0.5
ASSUMED_APPROVED = 0.8
# A figure of fewer is not taken in place of an assumed one.
FEWEST = FEWEST_DECIDED
# Where a dataset is empty: so many that any sample is a small part of them.
UNBOUNDED = 10_000_000
# The newest decisions of all datasets that are looked through for this one's, and how many of these
# are taken: the page must not wait for a mean over all.
LOOKED_AT = 2_000
NEWEST = 500


@dataclass(frozen=True)
class Ground:
    """A figure that a plan rests on; `words` say where it is from."""

    value: float | None
    measured: bool
    words: str


@dataclass(frozen=True)
class Grounds:
    """`waiting` dialogues can still be decided, each by `decisions_each` people; None while the
    dataset is empty. `seconds` are a decision's."""

    waiting: int | None
    decisions_each: int
    rate: Ground
    correlation: Ground
    approved: Ground
    seconds: Ground

    @property
    def told(self) -> list[Ground]:
        return [self.rate, self.correlation, self.approved, self.seconds]

    @property
    def frame(self) -> int:
        """How many dialogues a wave is a sample of."""
        return UNBOUNDED if self.waiting is None else self.waiting

    def width(self, dialogues: int, correlation: float) -> float:
        return half_width(dialogues, self.frame, self.rate.value or WIDEST, correlation)

    def fewest(self, wanted: float, correlation: float) -> int | None:
        """How many dialogues give this half-width; None where not even all that wait do."""
        return decisions_for(wanted, self.frame, self.rate.value or WIDEST, correlation)

    def work(self, dialogues: int) -> float | None:
        """Seconds that people are at it."""
        if self.seconds.value is None:
            return None
        return dialogues * self.decisions_each * self.seconds.value

    def approved_of(self, dialogues: int) -> int:
        return round(dialogues * (self.approved.value or 0.0))


def waiting(counts: StageCounts) -> int:
    """Dialogues that people can still decide, also those without a score yet."""
    return sum(counts.of(stage) for stage in UNRESOLVED)


def grounds_of(dataset: Dataset, data: dict[str, Any] | None, counts: StageCounts) -> Grounds:
    rate = _measured_rate(data)
    return Grounds(
        waiting=waiting(counts) if counts.total else None,
        decisions_each=dataset.decisions_needed,
        rate=_rate(rate),
        correlation=_correlation(rate),
        approved=_approved(counts),
        seconds=_seconds(dataset),
    )


def _measured_rate(data: dict[str, Any] | None) -> dict[str, Any] | None:
    """The overall pass rate of waves, else of places of the blind arm."""
    for basis in ("from_waves", "from_blind"):
        line = (data or {}).get(basis, {}).get("overall")
        if line and line["rate"]["debiased"]["value"] is not None:
            return dict(line["rate"], basis=basis)
    return None


def _rate(rate: dict[str, Any] | None) -> Ground:
    """Drawn a little towards a half, so that where all were accepted an interval still has a width
    (Agresti and Coull, Approximate Is Better than “Exact”, 1998)."""
    if not rate:
        words = "as if people accepted half of them: no rate makes wider intervals"
        return Ground(WIDEST, False, words)
    n, value = rate["debiased"]["n"], rate["debiased"]["value"]
    z = NORMAL.inv_cdf((1 + LEVEL) / 2)
    drawn_in = (n * value + z * z / 2) / (n + z * z)
    return Ground(drawn_in, True, f"{value:.0%} accepted unedited, {_by(rate)}")


def _correlation(rate: dict[str, Any] | None) -> Ground:
    if not rate or rate["correlation"] is None:
        words = "how well the judges' score goes with people's word is not measured yet"
        return Ground(None, False, words)
    if not helping(rate):
        return Ground(0.0, True, f"the judges' score adds nothing to people's word, {_by(rate)}")
    words = (
        f"a correlation of {rate['correlation']:.2f} between the judges' score and people's word"
    )
    return Ground(rate["correlation"], True, f"{words}, {_by(rate)}")


def helping(rate: dict[str, Any]) -> float:
    """The correlation as far as it narrows the interval of a pass rate."""
    return max(0.0, rate["correlation"] or 0.0) if rate["tuning"] else 0.0


def _by(rate: dict[str, Any]) -> str:
    n = f"{rate['debiased']['n']:,}"
    if rate["basis"] == "from_waves":
        return f"as measured on {n} dialogues of waves"
    return f"as measured on {n} dialogues at places of the blind arm"


def _approved(counts: StageCounts) -> Ground:
    """An approved dialogue is one whose rewrite was accepted or edited."""
    if counts.settled < FEWEST:
        words = f"as if {ASSUMED_APPROVED:.0%} of the decided were approved"
        return Ground(ASSUMED_APPROVED, False, words)
    share = counts.of(Stage.APPROVED) / counts.settled
    return Ground(
        share, True, f"{share:.0%} approved, as of the {counts.settled:,} dialogues settled so far"
    )


def _seconds(dataset: Dataset) -> Ground:
    """Their mean, not the median: it is means that add up to hours."""
    newest = Decision.objects.order_by("-pk").values_list("pk", flat=True)
    before = newest[LOOKED_AT : LOOKED_AT + 1].first() or 0
    mine = (
        Decision.objects.standing()
        .filter(pk__gt=before, dialogue__dataset=dataset, adjudication=False)
        .exclude(verdict=Verdict.SKIP)
        .order_by("-pk")[:NEWEST]
    )
    found = mine.aggregate(mean=Avg("seconds"), n=Count("pk"))
    if found["n"] < FEWEST:
        return Ground(None, False, f"how long a decision takes is known from {FEWEST} decisions on")
    words = f"{found['mean']:.0f} seconds a decision, the mean of the last {found['n']:,}"
    return Ground(found["mean"], True, words)
