"""What a changed policy does to open work: said before it is saved, done afterwards.

Doing it is a task's work, in small steps that may be repeated: whoever dies between two of them
leaves a change that is not `applied`, and the sweep finds it.
"""

from collections.abc import Collection, Iterator, Mapping
from time import monotonic, sleep
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, Exists, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from review import decisions
from review.calibration.certifying import applying
from review.calibration.certifying.winding_up import begin_anew
from review.locking import held
from review.models import Dataset, Decision, Dialogue, Membership, PolicyChange, Role, Stage, Takers
from review.models.decisions import SETTLING
from review.models.dialogues import DialogueQuerySet
from review.policy.certifying import certified_use_changed
from review.policy.reasons import KINDS, farewells
from review.practice import pool

# The first number of PostgreSQL's advisory locks on following a policy, one lock per dataset.
FOLLOWING = 20_261_126
MOST_LOCKED = 100
# Seconds: a batch of an import takes a few.
WAIT, LONGEST_WAIT = 0.05, 15
# Whoever writes rows keeps this lock on their table until the end; other databases of the server
# have nothing to do with it.
WRITERS = """
SELECT virtualtransaction FROM pg_locks
WHERE locktype = 'relation' AND mode = 'RowExclusiveLock' AND granted
  AND relation = %s::regclass AND pid IS DISTINCT FROM pg_backend_pid()
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
REORDERING = {"queue_order"}
CLOSING = {"decisions_needed", "quorum"}
CERTIFYING = {"certified_use"}
WAITING = [Stage.JUDGED, Stage.PROPOSED]


def reaches_open_work(fields: Collection[str]) -> bool:
    """Whether a change of these fields leaves something to be done."""
    return bool((REORDERING | CLOSING | CERTIFYING).intersection(fields))


def awaiting() -> QuerySet[Dataset]:
    """Datasets in which open work does not follow the policy yet."""
    return Dataset.objects.filter(
        Exists(PolicyChange.objects.pending().filter(dataset=OuterRef("pk")))
    )


def catch_up(dataset: Dataset) -> None:
    """Makes what is open follow the policy, unless somebody is at it."""
    with held(FOLLOWING, dataset.pk) as is_ours:
        if is_ours:
            _follow(dataset)


def _follow(dataset: Dataset) -> None:
    pending = list(PolicyChange.objects.pending().filter(dataset=dataset))
    changed = {name for change in pending for name in change.before}
    # The policy as it is from here on: a later change is pending by itself.
    dataset.refresh_from_db()
    if changed & REORDERING and not _reorder(dataset):
        return
    if changed & CLOSING and not _settle(dataset):
        return
    if changed & CERTIFYING:
        begin_anew(dataset)
        applying.apply(dataset)
    PolicyChange.objects.filter(pk__in=[one.pk for one in pending]).update(applied=timezone.now())


def _reorder(dataset: Dataset) -> bool:
    """Gives every waiting dialogue its place anew; the database's trigger knows which.

    False where one may have been missed: all has to be done again.
    """
    saw_all = _older_writers_ended()
    waiting = Dialogue.objects.filter(dataset=dataset, stage__in=WAITING)
    # Claims pass over locked rows: never so many at once that nothing seems to wait.
    step = min(max(waiting.count() // 10, 1), MOST_LOCKED)
    for keys in _batches(waiting, step):
        _place_anew(keys)
    if not saw_all:
        return False
    Dataset.objects.filter(pk=dataset.pk, queue_order=dataset.queue_order).update(
        queue_ordered=True
    )
    return True


def _older_writers_ended() -> bool:
    """Waits a while for the transactions that were writing when the policy changed: what such a one
    has written stands in the old order, and nobody sees it yet."""
    older, until = _writers(), monotonic() + LONGEST_WAIT
    while older & _writers():
        if monotonic() > until:
            return False
        sleep(WAIT)
    return True


def _writers() -> set[str]:
    """Transactions of others that have written dialogues and not ended, by PostgreSQL's names."""
    with connection.cursor() as cursor:
        cursor.execute(WRITERS, [Dialogue._meta.db_table])
        return {name for (name,) in cursor.fetchall()}


@transaction.atomic
def _place_anew(keys: list[int]) -> None:
    rows = Dialogue.objects.filter(pk__in=keys).order_by("pk").select_for_update(no_key=True)
    Dialogue.objects.filter(pk__in=[row.pk for row in rows.only("pk")]).update(queue_key=0)


def _batches(rows: DialogueQuerySet, size: int) -> Iterator[list[int]]:
    last = 0
    keys = rows.order_by("pk").values_list("pk", flat=True)
    while batch := list(keys.filter(pk__gt=last)[:size]):
        yield batch
        last = batch[-1]


def _settle(dataset: Dataset) -> bool:
    """Settles what has enough decisions by now; False where somebody is still at work on such a
    dialogue, who must come first."""
    # A decision that is being made counts as a place taken: it is waited for at the lock.
    begun = Dialogue.objects.filter(
        dataset=dataset, stage__in=WAITING, places_taken__gte=dataset.decisions_needed
    )
    settled = [
        decisions.settle_open(dialogue_id=key)
        for keys in _batches(begun, MOST_LOCKED)
        for key in keys
    ]
    return all(settled)


def consequences(dataset: Dataset, changes: Mapping[str, Any]) -> list[str]:
    """What a change, checked already, would do to open work: sentences with counts."""
    changed = {name: new for name, new in changes.items() if new != getattr(dataset, name)}
    said = [SENTENCES[name](dataset, new) for name, new in changed.items() if name in SENTENCES]
    said = list(dict.fromkeys(said))  # two changes of one rule do the same
    if CLOSING & changed.keys():
        said.insert(0, _settled_now(dataset, changed))
    for field in KINDS:
        said += farewells(dataset, field, changed[field]) if field in changed else []
    return [sentence for sentence in said if sentence]


def _settled_now(dataset: Dataset, changed: Mapping[str, Any]) -> str:
    needed = changed.get("decisions_needed", dataset.decisions_needed)
    count = _with_decisions(dataset, needed).count()
    if not count:
        return ""
    has = "has" if count == 1 else "have"
    alike = needed == 1 and dataset.decisions_needed <= 2  # none has two that could differ
    differ = "" if alike else ", or go to an adjudicator where the decisions differ"
    return (
        f"{_dialogues(count)} {has} {_number(needed, 'decision')} already and will be settled "
        f"now{differ}."
    )


def _with_decisions(dataset: Dataset, needed: int) -> DialogueQuerySet:
    """Open dialogues that have so many decisions."""
    made = (
        Decision.objects.standing()
        .filter(dialogue=OuterRef("pk"), round=OuterRef("round"), adjudication=False)
        .filter(verdict__in=SETTLING)
        .order_by()
        .values("dialogue")
        .annotate(count=Count("pk"))
        .values("count")
    )
    begun = Dialogue.objects.filter(dataset=dataset, stage__in=WAITING, places_taken__gte=needed)
    return begun.annotate(made=Coalesce(Subquery(made), 0)).filter(made__gte=needed)


def _more_needed(dataset: Dataset, needed: int) -> str:
    if needed <= dataset.decisions_needed:
        return ""
    settled = dataset.dialogues.filter(stage__in=[Stage.APPROVED, Stage.REJECTED]).count()
    stay = f" {_dialogues(settled)} settled before {_stays(settled)} so." if settled else ""
    open_ones = dataset.dialogues.filter(stage__in=WAITING).count()
    if not open_ones:
        return stay.strip()
    verb = "needs" if open_ones == 1 else "need"
    waits = "waits" if open_ones == 1 else "wait"
    return f"{_dialogues(open_ones)} that {waits} {verb} {_number(needed, 'decision')} each.{stay}"


def _reordered(dataset: Dataset, order: str) -> str:
    count = dataset.dialogues.filter(stage__in=WAITING).count()
    if not count:
        return ""
    what = "that waits is" if count == 1 else "that wait are"
    return f"{_dialogues(count)} {what} put in the new order; people go on meanwhile."


def _scores_needed(dataset: Dataset, needs: bool) -> str:
    count = dataset.dialogues.filter(stage=Stage.PROPOSED).count()
    if not count:
        return ""
    if needs:
        verb = "leaves" if count == 1 else "leave"
        return f"{_dialogues(count)} without scores {verb} the queue until judges have scored."
    return f"{_dialogues(count)} without scores can be reviewed at once."


def _takers_changed(dataset: Dataset, takers: str) -> str:
    others = Membership.objects.filter(dataset=dataset, paused=False).exclude(role=Role.ANNOTATOR)
    count = others.count()
    if not count:
        return ""
    who = "1 adjudicator or admin" if count == 1 else f"{count:,} adjudicators and admins"
    verb = "is" if count == 1 else "are"
    if takers == Takers.ANNOTATORS:
        return f"{who} {verb} handed nothing new; what they hold they may finish."
    return f"{who} {verb} handed dialogues as well."


def _quiz_asked(dataset: Dataset, size: int) -> str:
    known = pool.size_of(dataset).dialogues if size else 0
    if known >= size:
        return ""
    there = "is 1" if known == 1 else f"are {known:,}" if known else "is none"
    return (
        f"The quiz takes {_dialogues(size)} with a known outcome, and there {there}: new "
        "annotators wait until there are enough. Practice tells where they come from."
    )


def _controls_asked(dataset: Dataset, rate: float) -> str:
    if not rate or pool.size_of(dataset).dialogues:
        return ""
    return (
        "No dialogue has a known outcome yet: hidden controls begin once one has. Practice tells "
        "where they come from."
    )


def _rule_changed(dataset: Dataset, rule: Any) -> str:
    checked = dataset.dialogues.filter(stage=Stage.APPROVED, checked_at__isnull=False).count()
    if not checked:
        return ""
    kept = "keeps its outcome, and counts" if checked == 1 else "keep their outcome, and count"
    return (
        f"{_dialogues(checked)} checked before {kept} as outdated until a check run looks again "
        "under the new rule."
    )


SENTENCES: dict[str, Any] = {
    "certified_use": certified_use_changed,
    "check_margin": _rule_changed,
    "leave_out_shown": _rule_changed,
    "quiz_size": _quiz_asked,
    "control_rate": _controls_asked,
    "decisions_needed": _more_needed,
    "queue_order": _reordered,
    "needs_scores": _scores_needed,
    "takers": _takers_changed,
}


def _dialogues(count: int) -> str:
    return _number(count, "dialogue")


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun if count == 1 else noun + 's'}"


def _stays(count: int) -> str:
    return "stays" if count == 1 else "stay"
