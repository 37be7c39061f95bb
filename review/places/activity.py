"""How long a person was at work on a dialogue, as the server saw it.

Every sign of life (a kept draft, a key pressed, the decision itself) adds the time since the one
before, but never more than a minute: who walks away is not at work.
"""

from datetime import datetime

from django.utils import timezone

from review.assignments import lease_end
from review.errors import PlaceLost
from review.models import Assignment

# The longest pause between two signs of life that counts as work.
LONGEST_PAUSE_SECONDS = 60.0


def note(assignment: Assignment) -> bool:
    """Counts the time since the last sign of life and renews the lease; False if it has ended."""
    now = timezone.now()
    seconds = seconds_until(assignment, now)
    end = max(assignment.expires_at, lease_end(assignment.dialogue.dataset))
    renewed = Assignment.objects.held().filter(pk=assignment.pk, active_at=assignment.active_at)
    if renewed.update(active_seconds=seconds, active_at=now, expires_at=end):
        assignment.active_seconds, assignment.active_at = seconds, now
        assignment.expires_at = end
        return True
    # Another tab was quicker by a moment: its sign of life counts for both.
    return Assignment.objects.held().filter(pk=assignment.pk).exists()


def renew(assignment: Assignment) -> None:
    """The same for who must have the place to go on. Raises `PlaceLost`."""
    if not note(assignment):
        raise PlaceLost("Your time for this dialogue ended. Claim it anew, or the next one.")


def seconds_until(assignment: Assignment, now: datetime) -> float:
    """Seconds of work at a place, had its last sign of life come at `now`."""
    since = assignment.active_at or assignment.begun_at or assignment.claimed_at
    return assignment.active_seconds + pause_until(since, now)


def pause_until(since: datetime, now: datetime) -> float:
    """Seconds between two signs of life, as far as they count as work."""
    return min(max((now - since).total_seconds(), 0.0), LONGEST_PAUSE_SECONDS)
