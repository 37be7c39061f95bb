"""What decisions are planned, and which differences a benchmark of their rewrites would show."""

from dataclasses import asdict, dataclass
from typing import Any

from generation.benchmark.planning import PRIMARY_METRIC
from generation.benchmark.report import FORM
from generation.benchmark_shown.names import METRICS
from generation.benchmark_shown.reports import runs_of
from generation.measures.statistics import ASSUMED_DEVIATION, smallest_difference
from generation.models import BenchmarkReport
from review.calibration.planning.gains import HUNDRED
from review.calibration.planning.plans import Plan, plan
from review.models import Dataset, Stage
from review.progress import stages_of


@dataclass(frozen=True)
class Spread:
    """Of paired differences between the approved rewrite and the final query; `words` say where it
    is from."""

    metric: str
    deviation: float
    design_effect: float
    measured: bool
    words: str

    def difference(self, dialogues: int) -> float | None:
        return smallest_difference(dialogues, self.deviation, self.design_effect)


@dataclass(frozen=True)
class Planned:
    """A plan, and beside each of its sizes the smallest difference that a benchmark shows with the
    rewrites approved by then, on top of the `approved` ones: now, with a hundred dialogues more, of
    which `of_a_hundred` are approved, and for each size of the plan and of its aim."""

    plan: Plan
    spread: Spread
    approved: int
    now: float | None
    of_a_hundred: int
    with_a_hundred: float | None
    differences: list[float | None]
    aim_differences: list[float | None]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def planned(
    dataset: Dataset, data: dict[str, Any] | None, *, half_width: float | None = None
) -> Planned:
    """From the stored report of calibration, None where there is none."""
    stages = stages_of(dataset)
    found = plan(dataset, data, half_width=half_width, stages=stages)
    spread = spread_of(dataset)
    approved = stages.of(Stage.APPROVED)
    more = found.grounds.approved_of(HUNDRED)
    aimed = found.aim.sizes if found.aim else []
    return Planned(
        plan=found,
        spread=spread,
        approved=approved,
        now=spread.difference(approved),
        of_a_hundred=more,
        with_a_hundred=spread.difference(approved + more),
        differences=[spread.difference(approved + size.approved) for size in found.sizes],
        aim_differences=[
            None if size is None else spread.difference(approved + size.approved) for size in aimed
        ],
    )


def spread_of(dataset: Dataset) -> Spread:
    """As the newest benchmark with figures measured it for its first retriever, else assumed."""
    reports = BenchmarkReport.objects.filter(run__in=runs_of(dataset), data__form=FORM)
    power = reports.order_by("-run").values_list("data__power", flat=True).first() or []
    row = next((row for row in power if not row["assumed"]), None)
    if row is None:
        words = "as if the rewrite changed the outcome of three dialogues in ten"
        return Spread(PRIMARY_METRIC, ASSUMED_DEVIATION, 1.0, measured=False, words=words)
    return Spread(
        row["metric"],
        row["deviation"],
        row["design_effect"],
        measured=True,
        words=f"with the spread of differences in {METRICS[row['metric']]} by {row['retriever']}, "
        f"as the last benchmark measured it on {row['dialogues']:,} dialogues",
    )
