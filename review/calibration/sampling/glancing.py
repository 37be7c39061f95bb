"""What a wave would be drawn from, at a glance: counted by the database, no dialogue on its own.

Whose judges they were, which takes most of the time, is not looked at: so at most these are in the
frame. By rewriter, whom only that look tells, a glance cannot be narrowed.
"""

from collections.abc import Iterator
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count

from review.calibration.report import LANGUAGE, SOURCE, TURNS
from review.calibration.sampling.frames import ELSEWHERE, LENGTH, Waiting, awaiting, is_in
from review.calibration.slices import slices_of
from review.models import Dataset

# What tells where a dialogue belongs in a dimension. Others are not read: to count turns takes
# twice as long as all the rest.
_TELLING = {
    LANGUAGE: ["language"],
    TURNS: ["length"],
    SOURCE: ["metadata__source", "imported_by__source"],
}


def glance(dataset: Dataset, narrowed: dict[str, str], *, uniform: bool) -> Waiting:
    """How far judges and ranks differ is not known of what is for a `uniform` wave."""
    found = Waiting()
    elsewhere = 0
    for why, told, dialogues, disagreements, spreads in _parts(dataset, narrowed, uniform):
        if why:
            found.left_out[why] = found.left_out.get(why, 0) + dialogues
        elif is_in(_slices(told), narrowed):
            found.disagreements += disagreements or [None] * dialogues
            found.spreads += spreads or [None] * dialogues
        else:
            elsewhere += dialogues
    found.left_out[ELSEWHERE] = elsewhere
    return found


def _parts(
    dataset: Dataset, narrowed: dict[str, str], uniform: bool
) -> Iterator[tuple[str, dict[str, Any], int, list[float | None], list[float | None]]]:
    """Of what waits each part by why it is left out and where it belongs."""
    columns = [column for dimension in narrowed for column in _TELLING[dimension]]
    rows = awaiting(dataset).annotate(length=LENGTH).values("why", *columns)
    wanted = {} if uniform else {"d": ArrayAgg("disagreement"), "s": ArrayAgg("rank_spread")}
    for row in rows.annotate(dialogues=Count("pk"), **wanted):
        told = {column: row[column] for column in columns}
        yield row["why"], told, row["dialogues"], row.get("d", []), row.get("s", [])


def _slices(told: dict[str, Any]) -> dict[str, str]:
    return slices_of(
        language=told.get("language", ""),
        turns=told.get("length", 0),
        metadata={"source": told.get("metadata__source")},
        imported_from=told.get("imported_by__source") or "",
        rewriter="",
    )
