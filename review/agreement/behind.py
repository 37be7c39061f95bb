"""The dialogues behind a number, by a short name that fits an address.

together:differ          compared, same or differ
pair:alice:bob:same      compared, same, differ, other-text or other-verdict
reviewer:alice:overruled counting, compared, settled, upheld, overruled or adjudicated
week:2026-11-16          compared in the week of this Monday
arm:blind:accepted       decided on, by what was measured; or what became of its places
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Self

from django.db.models import (
    Aggregate,
    Count,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
)
from django.utils import timezone

from review.agreement.reading import FINAL, TOP, VERDICT, WANTED
from review.agreement.record import ACCEPT, EDIT, MORE, REJECT, UNSETTLED
from review.errors import Invalid
from review.models import (
    Arm,
    Assignment,
    Decision,
    Dialogue,
    Membership,
    PlaceState,
    Purpose,
    Stage,
)
from review.models.decisions import SAYING, SETTLING
from review.models.dialogues import DialogueQuerySet

DECIDED = {"accepted": ACCEPT, "edited": EDIT, "rejected": REJECT, "more": MORE}
ENDED = [PlaceState.EXPIRED, PlaceState.RETURNED]
PLACES = {
    "drawn": Q(),
    # `begun_at` is taken off again where a place is sent back or put behind another.
    "unseen": Q(state__in=ENDED, active_at=None),
    "ended-decided": Q(state=PlaceState.DECIDED),
    "skipped": Q(state=PlaceState.SKIPPED),
    "left": Q(state__in=ENDED) & ~Q(active_at=None),
    "open": Q(state=PlaceState.OPEN),
}

_TOGETHER = {
    "compared": "two or more reviewers decided",
    "same": "all reviewers came to the same outcome",
    "differ": "reviewers differ",
}
_PAIR = {
    "compared": "both decided",
    "same": "same outcome",
    "differ": "another outcome",
    "other-text": "same verdict, another text",
    "other-verdict": "another verdict",
}
_REVIEWER = {
    "counting": "decided",
    "compared": "decided beside others",
    "settled": "compared with the outcome",
    "upheld": "upheld",
    "overruled": "overruled",
    "adjudicated": "settled by an adjudicator",
}
_ARM = {
    "decided": "decided",
    "accepted": "accepted unedited",
    "edited": "edited",
    "rejected": "rejected",
    "more": "asked for more",
    "ranked": "decided, with a top candidate",
    "top": "top candidate accepted",
    "tried": "texts tried",
    "colleagues": "another reviewer beside it",
    "drawn": "places drawn",
    "unseen": "never begun",
    "ended-decided": "place decided",
    "skipped": "skipped",
    "left": "left undecided",
    "open": "still held",
}


@dataclass(frozen=True)
class Behind:
    """What a number counts: its kind, the names that it is about, and what is said of them."""

    kind: str
    names: tuple[str, ...]
    said: str

    @classmethod
    def named(cls, name: str) -> Self:
        """Raises `Invalid` where there is no such number."""
        kind, *rest = name.split(":")
        found = cls(kind, tuple(rest[:-1]), rest[-1] if rest else "")
        if kind not in _KINDS or not _KINDS[kind].fits(found):
            raise Invalid("There is no such number: follow a link on the page of agreement.")
        return found

    def words(self) -> str:
        return _KINDS[self.kind].words(self)

    def of(self, dialogues: DialogueQuerySet) -> DialogueQuerySet:
        """Those among `dialogues`."""
        return _KINDS[self.kind].dialogues(dialogues, self)


def overseen(rows: QuerySet[Dialogue], membership: Membership) -> QuerySet[Dialogue]:
    """Of the dialogues behind a number those whose decisions this member may know.

    Never one that they are deciding themselves, nor, for an adjudicator, one that they may still
    be handed or that they had as a control.
    """
    mine = Assignment.objects.filter(reviewer=membership.user_id, dialogue=OuterRef("pk"))
    rows = rows.exclude(Exists(mine.held()))
    if membership.administers():
        return rows
    rows = rows.exclude(Exists(mine.filter(purpose=Purpose.CONTROL)))
    decided = mine.filter(state=PlaceState.DECIDED, round=OuterRef("round"))
    over = [Stage.APPROVED, Stage.REJECTED, Stage.DISPUTED]
    return rows.filter(Q(stage__in=over) | Exists(decided))


@dataclass(frozen=True)
class _Kind:
    fits: Callable[[Behind], bool]
    words: Callable[[Behind], str]
    dialogues: Callable[[DialogueQuerySet, Behind], DialogueQuerySet]


def _said() -> QuerySet[Decision]:
    return Decision.objects.standing().filter(verdict__in=SAYING)


def _counting() -> QuerySet[Decision]:
    """The reviewers' decisions that settle dialogues in their present round, with `label` and
    `wanted` as `record` has them."""
    rows = _said().filter(adjudication=False, verdict__in=SETTLING, round=F("dialogue__round"))
    return rows.order_by().annotate(label=VERDICT, wanted=WANTED)


def _compared(dialogues: DialogueQuerySet, ones: Q, others: Q, how: str) -> DialogueQuerySet:
    """Dialogues with a decision of `ones` beside one of `others`, by how the two compare."""
    beside = _counting().filter(others, dialogue=OuterRef("dialogue"))
    beside = beside.exclude(reviewer=OuterRef("reviewer"))
    here = _counting().filter(ones, dialogue=OuterRef("pk"))
    another = ~Q(wanted=OuterRef("wanted"))
    differing = here.filter(Exists(beside.filter(another)))
    chosen = {
        "compared": Exists(here.filter(Exists(beside))),
        "same": Exists(here.filter(Exists(beside))) & ~Exists(differing),
        "differ": Exists(differing),
        "other-text": Exists(
            here.filter(Exists(beside.filter(another, Q(label=OuterRef("label")))))
        ),
        "other-verdict": Exists(here.filter(Exists(beside.filter(~Q(label=OuterRef("label")))))),
    }
    return dialogues.filter(chosen[how])


def _together(dialogues: DialogueQuerySet, behind: Behind) -> DialogueQuerySet:
    """Counted dialogue by dialogue, as far as a page reaches: joined, all decisions were compared
    before the first row."""
    outcomes = _of_each(Count("wanted", distinct=True))
    rows = dialogues.annotate(deciding=_of_each(Count("pk")), outcomes=outcomes)
    several = Q(deciding__gte=2)
    chosen = {
        "compared": several,
        # Not `outcomes=1`: of that the database expects next to none, and looks through all.
        "same": several & Q(outcomes__lte=1),
        "differ": Q(outcomes__gte=2),
    }
    return rows.filter(chosen[behind.said])


def _of_each(figure: Aggregate) -> Subquery:
    rows = _counting().filter(dialogue=OuterRef("pk")).values("dialogue")
    return Subquery(rows.annotate(figure=figure).values("figure"))


def _pair(dialogues: DialogueQuerySet, behind: Behind) -> DialogueQuerySet:
    one, other = behind.names
    return _compared(dialogues, Q(reviewer__username=one), Q(reviewer__username=other), behind.said)


def _reviewer(dialogues: DialogueQuerySet, behind: Behind) -> DialogueQuerySet:
    mine = Q(reviewer__username=behind.names[0])
    if behind.said == "compared":
        return _compared(dialogues, mine, Q(), "compared")
    rows = _counting().filter(mine, dialogue=OuterRef("pk"))
    if behind.said == "counting":
        return dialogues.filter(Exists(rows))
    return dialogues.filter(Exists(_against_outcome(rows, behind.said)))


def _against_outcome(rows: QuerySet[Decision], how: str) -> QuerySet[Decision]:
    """As `reviewers` compares them: where the decision was not the outcome all by itself."""
    ruling = _said().filter(
        dialogue=OuterRef("dialogue"),
        adjudication=True,
        verdict__in=SETTLING,
        round=F("dialogue__round"),
    )
    own = ruling.filter(reviewer=OuterRef("reviewer"))
    others = _counting().filter(dialogue=OuterRef("dialogue"))
    others = others.exclude(reviewer=OuterRef("reviewer"))
    rows = rows.annotate(final=FINAL).exclude(final=UNSETTLED)
    ruled = rows.filter(Exists(ruling), ~Exists(own))
    if how == "adjudicated":
        return ruled
    settled = rows.filter((Exists(ruling) & ~Exists(own)) | (~Exists(ruling) & Exists(others)))
    upheld = Q(wanted=F("final"))
    return settled.filter({"settled": Q(), "upheld": upheld, "overruled": ~upheld}[how])


def _week(dialogues: DialogueQuerySet, behind: Behind) -> DialogueQuerySet:
    begin, end = _week_bounds(date.fromisoformat(behind.said))
    here = _counting().filter(dialogue=OuterRef("pk"))
    within = Exists(here.filter(created__gte=begin, created__lt=end))
    rows = dialogues.filter(within, ~Exists(here.filter(created__gte=end)))
    return rows.annotate(deciding=_of_each(Count("pk"))).filter(deciding__gte=2)


def _week_bounds(monday: date) -> tuple[datetime, datetime]:
    """The moment at which a week begins, and the first behind it."""
    days = monday, monday + timedelta(days=7)
    begin, end = (timezone.make_aware(datetime.combine(day, time.min)) for day in days)
    return begin, end


def _arm(dialogues: DialogueQuerySet, behind: Behind) -> DialogueQuerySet:
    arm, how = behind.names[0], behind.said
    if how in PLACES:
        places = Assignment.objects.of_an_arm().filter(PLACES[how], arm=arm)
        return dialogues.filter(Exists(places.filter(dialogue=OuterRef("pk"))))
    of_arm = Q(assignment__arm=arm, assignment__drawn=False)
    if how == "colleagues":
        return _compared(dialogues, of_arm, Q(assignment__arm=Arm.PLAIN), "compared")
    rows = _said().filter(of_arm, adjudication=False, dialogue=OuterRef("pk"))
    rows = rows.order_by().annotate(label=VERDICT, top=TOP)
    return dialogues.filter(Exists(rows.filter(_measured(how))))


def _measured(how: str) -> Q:
    if how in DECIDED:
        return Q(label=DECIDED[how])
    others = {
        "decided": Q(),
        "ranked": Q(top__gte=0),
        "top": Q(top=1),
        "tried": ~Q(assignment__tried=[]),
    }
    return others[how]


def _is_monday(text: str) -> bool:
    try:
        return date.fromisoformat(text).weekday() == 0
    except ValueError:
        return False


def _week_in_words(behind: Behind) -> str:
    monday = date.fromisoformat(behind.said)
    sunday = monday + timedelta(days=6)
    return f"compared, last decision {monday:%-d %b} to {sunday:%-d %b %Y}"


_KINDS = {
    "together": _Kind(
        lambda b: not b.names and b.said in _TOGETHER,
        lambda b: _TOGETHER[b.said],
        _together,
    ),
    "pair": _Kind(
        lambda b: len(b.names) == 2 and b.said in _PAIR,
        lambda b: f"{b.names[0]} and {b.names[1]}: {_PAIR[b.said]}",
        _pair,
    ),
    "reviewer": _Kind(
        lambda b: len(b.names) == 1 and b.said in _REVIEWER,
        lambda b: f"{b.names[0]}: {_REVIEWER[b.said]}",
        _reviewer,
    ),
    "week": _Kind(
        lambda b: not b.names and _is_monday(b.said),
        _week_in_words,
        _week,
    ),
    "arm": _Kind(
        lambda b: len(b.names) == 1 and b.names[0] in Arm.values and b.said in _ARM,
        lambda b: f"{b.names[0]} arm: {_ARM[b.said]}",
        _arm,
    ),
}
