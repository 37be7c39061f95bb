"""What was read out of a reply: what it used, and the answer that it holds, of whatever kind."""

from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

Said = TypeVar("Said")


@dataclass(frozen=True)
class Usage:
    """Tokens of one call; the cached ones are part of the input. None: the server did not say."""

    tokens_input: int | None = None
    tokens_cached: int | None = None
    tokens_output: int | None = None

    @property
    def total(self) -> int | None:
        if self.tokens_input is None or self.tokens_output is None:
            return None
        return self.tokens_input + self.tokens_output

    @classmethod
    def of(cls, usage: Any) -> "Usage":
        """As a server tells it. Servers differ: nothing of it is taken for granted."""
        if not isinstance(usage, dict):
            return cls()
        details = usage.get("prompt_tokens_details")
        cached = details.get("cached_tokens") if isinstance(details, dict) else None
        return cls(
            tokens_input=_count(usage.get("prompt_tokens")),
            tokens_cached=_count(cached),
            tokens_output=_count(usage.get("completion_tokens")),
        )


@dataclass(frozen=True)
class Reading(Generic[Said]):
    """An answer, or why there is none that can be used.

    `kept` is what the ledger keeps of a reply that is too large to be kept as it came.
    """

    usage: Usage = field(default_factory=Usage)
    answer: Said | None = None
    unusable: str = ""
    kept: str | None = None


def _count(value: Any) -> int | None:
    is_count = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31
    return value if is_count else None
