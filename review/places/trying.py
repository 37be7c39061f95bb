"""What a reviewer tried at a place while they wrote: kept with it, and with the decision then."""

from dataclasses import asdict, dataclass

import orjson
from django.db.models.expressions import RawSQL
from django.utils import timezone

from review.models import Assignment

# Of one place; older texts give way.
MOST_TRIED = 20


@dataclass(frozen=True)
class Trial:
    """A text with the target's rank among `of` images, and the ids of the best."""

    text: str
    rank: int | None
    tied: int | None
    of: int
    retriever: str
    corpus_version: int
    top: list[str]


def record_tried(*, assignment: Assignment, trial: Trial) -> None:
    """Keeps a trial with a place that is still held, each text once.

    One statement, which reads nothing first: two tabs that try at once both enter.
    """
    entry = asdict(trial) | {"at": timezone.now().isoformat(timespec="seconds")}
    known = [{"text": trial.text}]
    rows = Assignment.objects.held().filter(pk=assignment.pk).exclude(tried__contains=known)
    rows.update(tried=_with(entry))


def _with(entry: dict[str, object]) -> RawSQL:
    """The trials of a row and one more, less the oldest where there are too many."""
    return RawSQL(
        "(CASE WHEN jsonb_array_length(tried) >= %s THEN tried - 0 ELSE tried END) || %s::jsonb",
        (MOST_TRIED, orjson.dumps([entry]).decode()),
    )
