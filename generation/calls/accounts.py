"""On whose account calls are."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from decimal import Decimal
from typing import Self

from generation.models import Endpoint, Run
from review.models import Dataset


@dataclass(frozen=True)
class Account:
    """A dataset's, and there that of a run with its budget; without a run there is no budget."""

    dataset_id: int | None
    run: Run | None = None

    @classmethod
    def of(cls, run: Run) -> Self:
        return cls(run.dataset_id, run)

    @property
    def budget_usd(self) -> Decimal | None:
        return self.run.budget_usd if self.run else None

    def model_of(self, endpoint: Endpoint) -> str:
        """The model to ask there: in a run the one that it froze."""
        return self.run.model_of(endpoint) if self.run else endpoint.model


_charged: ContextVar[Account | None] = ContextVar("charged", default=None)


@contextmanager
def charged_to(run: Run) -> Iterator[None]:
    """What retrievers ask servers within the block is on the account of a run, and may meet the
    end of its budget: `BudgetSpent`.

    Several blocks of one run side by side may pass its budget by what each has on its way.
    """
    token = _charged.set(Account.of(run))
    try:
        yield
    finally:
        _charged.reset(token)


def account_for(dataset: Dataset) -> Account:
    """That of the run in whose block this is, else the dataset's own."""
    return _charged.get() or Account(dataset.pk)
