"""What can go wrong with a request to a model."""

from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one request; each kind is made by the class method of its name."""

    kind: str
    seconds: float = 0
    status: int = 500

    @classmethod
    def rate_limited(cls, seconds: float) -> Self:
        """429 with `Retry-After`."""
        return cls("status", status=429, seconds=seconds)

    @classmethod
    def answers(cls, status: int) -> Self:
        return cls("status", status=status)

    @classmethod
    def hangs(cls, seconds: float = 30) -> Self:
        """Breaks the connection without an answer, but late."""
        return cls("hang", seconds=seconds)

    @classmethod
    def slow(cls, seconds: float) -> Self:
        """Answers well, but late."""
        return cls("slow", seconds=seconds)


DROPPED = Fault("drop")  # the connection breaks without an answer
BROKEN_BODY = Fault("broken-body")  # the whole answer is no JSON
BROKEN_JSON = Fault("broken-json")  # the model's text is no JSON
OFF_SCHEMA = Fault("off-schema")  # JSON, but not what was asked for
EMPTY = Fault("empty")
REFUSAL = Fault("refusal")
CUT = Fault("cut")  # stopped by the limit of length
# Of vectors: the first of them is missing, too short, not a number, or nothing but zeros.
WRONG_COUNT = Fault("wrong-count")
WRONG_DIMENSIONS = Fault("wrong-dimensions")
NOT_A_NUMBER = Fault("not-a-number")
ZERO = Fault("zero")

# For `failing_kinds`: everything that a provider does on a bad day, in short.
EVERY_KIND = (
    Fault.rate_limited(0.1),
    Fault.answers(500),
    DROPPED,
    Fault.hangs(0.2),
    BROKEN_BODY,
    BROKEN_JSON,
    OFF_SCHEMA,
    EMPTY,
    REFUSAL,
    CUT,
    Fault.slow(0.2),
)
