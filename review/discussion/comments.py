"""What people say to each other about a dialogue, and who hears it.

The thread of a dialogue tells how people decided, so it is open to those who may see that. At a
place of one's own one sees and writes one's own lines only, and what the person who sent it back
says to one there.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from review.errors import Invalid, NotAllowed
from review.models import Assignment, Comment, Dialogue, Membership, Mention, User
from review.visibility import Sight, own_place, sights

LONGEST_COMMENT = 4000
MOST_SHOWN = 200
MOST_COUNTED = 100
# A username as Django takes it; what ends a sentence after it is cut off below.
MENTIONED = re.compile(r"(?<![\w@.+-])@([\w.@+-]+)")
SENTENCE_ENDS = ".-+@"


@dataclass(frozen=True)
class Thread:
    """The lines that one person may see, the oldest first; `earlier` others are not shown."""

    dialogue: Dialogue
    lines: list[Comment]
    earlier: int
    # Whether these are all lines, or only those that this person may see before they decide.
    whole: bool
    writable: bool


def thread(dialogue: Dialogue, membership: Membership) -> Thread:
    """What a member sees of a dialogue's thread; what addressed them in it counts as seen."""
    sight = sights([dialogue], membership)[dialogue.pk]
    rows = _visible(dialogue, membership, whole=sight.decisions).select_related("author")
    newest = list(rows.order_by("-pk")[: MOST_SHOWN + 1])
    lines = newest[:MOST_SHOWN][::-1]
    earlier = rows.count() - len(lines) if len(newest) > MOST_SHOWN else 0
    _see(lines, membership.user)
    # After a control the thread looks as where nobody else has said anything.
    whole = sight.decisions or sight.alone
    return Thread(dialogue, lines, earlier, whole, whole or _has_place(dialogue, membership))


@transaction.atomic
def add(*, dialogue: Dialogue, text: str, membership: Membership) -> Comment:
    """Adds a line to the thread; members whom it names with @ are told of it."""
    sight = sights([dialogue], membership)[dialogue.pk]
    if not (sight.decisions or _has_place(dialogue, membership)):
        raise NotAllowed("Decide on this dialogue first; then you can read and write about it.")
    text = text.replace("\x00", "").strip()
    if not text:
        raise Invalid("Write the comment: it is empty.", field="text")
    if len(text) > LONGEST_COMMENT:
        raise Invalid(
            f"The comment has {len(text):,} characters, the most is {LONGEST_COMMENT:,}.",
            field="text",
        )
    comment = Comment.objects.create(dialogue=dialogue, author=membership.user, text=text)
    named = _members_named(text, membership)
    Mention.objects.bulk_create(Mention(comment=comment, user=user) for user in named)
    return comment


def unseen(user: User) -> int:
    """How many mentions a person has not seen, counted up to `MOST_COUNTED`."""
    rows = _mentions(user).filter(seen_at=None)
    return rows[:MOST_COUNTED].count()


@dataclass(frozen=True)
class Addressed:
    """A mention as its person may see it: without its words before their own decision."""

    mention: Mention
    readable: bool


def mentions_of(user: User, most: int = 50) -> list[Addressed]:
    """The newest mentions of a person, unseen ones first; those shown count as seen from now."""
    rows = _mentions(user).select_related("comment__author", "comment__dialogue__dataset")
    newest = [*rows.filter(seen_at=None).order_by("-pk")[:most]]
    newest += rows.exclude(seen_at=None).order_by("-pk")[: most - len(newest)]
    readable = _readable(newest, user)
    came = [Addressed(mention, mention.pk in readable) for mention in newest]
    Mention.objects.filter(pk__in=readable, seen_at=None).update(seen_at=timezone.now())
    return came


def _mentions(user: User) -> QuerySet[Mention]:
    """Those in datasets that the person still belongs to."""
    return Mention.objects.filter(
        user=user,
        comment__dialogue__dataset__memberships__user=user,
        comment__dialogue__dataset__memberships__paused=False,
    )


def _readable(mentions: list[Mention], user: User) -> set[int]:
    """Keys of the mentions whose words this person may read now."""
    datasets = {mention.comment.dialogue.dataset_id for mention in mentions}
    members = Membership.objects.filter(user=user, dataset__in=datasets).select_related("user")
    readable: set[int] = set()
    for membership in members:
        here = [m for m in mentions if m.comment.dialogue.dataset_id == membership.dataset_id]
        dialogues = [mention.comment.dialogue for mention in here]
        seen, senders = sights(dialogues, membership), _senders(dialogues, user)
        readable |= {m.pk for m in here if _may_read(m.comment, seen, senders)}
    return readable


def _may_read(comment: Comment, seen: dict[int, Sight], senders: dict[int, int | None]) -> bool:
    sender = senders.get(comment.dialogue_id)
    return seen[comment.dialogue_id].decisions or comment.author_id == sender


def _senders(dialogues: Iterable[Dialogue], user: User) -> dict[int, int | None]:
    """Who sent each dialogue back to an open place of this person, by the dialogue's key."""
    places = Assignment.objects.held_by(user).filter(dialogue__in=dialogues)
    return dict(places.values_list("dialogue_id", "sent_back_by_id"))


def _has_place(dialogue: Dialogue, membership: Membership) -> bool:
    return own_place(dialogue, membership.user) is not None


def _visible(dialogue: Dialogue, membership: Membership, *, whole: bool) -> QuerySet[Comment]:
    rows = Comment.objects.filter(dialogue=dialogue)
    if whole:
        return rows
    user = membership.user
    sender = _senders([dialogue], user).get(dialogue.pk)
    to_them = Q(author=sender, mentions__user=user) if sender else Q(pk=None)
    return rows.filter(Q(author=user) | to_them).distinct()


def _see(lines: Iterable[Comment], user: User) -> None:
    unseen = Mention.objects.filter(user=user, seen_at=None, comment__in=[c.pk for c in lines])
    unseen.update(seen_at=timezone.now())


def _members_named(text: str, membership: Membership) -> list[User]:
    found = MENTIONED.findall(text)
    names = {*found, *(name.rstrip(SENTENCE_ENDS) for name in found)}
    members = User.objects.filter(
        memberships__dataset=membership.dataset, memberships__paused=False, username__in=names
    )
    return list(members.exclude(pk=membership.user_id))
