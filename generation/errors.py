"""What can go wrong with machine work, in sentences fit for the person who reads them."""

from review.errors import Conflict, Invalid, Missing


class UnknownEndpoint(Missing):
    """No endpoint of that name."""


class EndpointUnreachable(Invalid):
    """The server did not answer when a run was to start."""


class RunEnded(Conflict):
    """What is asked does not fit the state of the run."""


class NoUsableReply(Exception):
    """A model gave nothing that could be used; `str(error)` is the reason, kept with the item.

    `status_code` is what its server answered; None: it did not.
    """

    def __init__(self, reason: str, status_code: int | None = None) -> None:
        super().__init__(reason)
        self.status_code = status_code


class BudgetSpent(Exception):
    """The next call could pass the run's budget; `str(error)` says so in dollars."""


class NotReady(Exception):
    """A retriever or its model cannot be used yet, or not any more; says why in a sentence."""
