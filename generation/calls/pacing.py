"""How long a server asks to be left alone: `Retry-After`, and limits that are used up."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

# A server that asks for longer is not waited for: the item fails and may be tried again later.
LONGEST_WAIT = 600.0
# What of a limit is left, and when it is whole again: OpenAI's and compatible servers' names, and
# those of the IETF's draft.
REMAINING = [
    ("x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"),
    ("x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"),
    ("x-ratelimit-remaining", "x-ratelimit-reset"),
    ("ratelimit-remaining", "ratelimit-reset"),
]
UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
STRETCH = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
# Numbers from here on are moments in seconds since 1970, not a length.
EPOCH_FROM = 1e9


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that `Retry-After` asks for: a number, or a date (RFC 9110, 10.2.3).

    `retry-after-ms` is OpenAI's finer word for the same.
    """
    milliseconds = _number(headers.get("retry-after-ms", ""))
    if milliseconds is not None:
        return milliseconds / 1000
    value = headers.get("retry-after", "").strip()
    seconds = _number(value)
    return seconds if seconds is not None else _until(value)


def exhausted_for(headers: Mapping[str, str]) -> float:
    """Seconds until no limit is used up any more; 0 where something is left of each."""
    return min(max(_waits(headers), default=0.0), LONGEST_WAIT)


def _waits(headers: Mapping[str, str]) -> Iterator[float]:
    for remaining, reset in REMAINING:
        left = _number(headers.get(remaining, ""))
        if left is not None and left <= 0:
            yield lasting(headers.get(reset, "")) or 0.0


def lasting(text: str) -> float | None:
    """Seconds that “1m30s”, “250ms”, “12” or a moment in epoch seconds are from now."""
    number = _number(text)
    if number is not None:
        now = datetime.now(UTC).timestamp()
        return max(0.0, number - now) if number >= EPOCH_FROM else number
    parts = STRETCH.findall(text.strip())
    if not parts or "".join(map("".join, parts)) != text.strip():
        return None
    return sum(float(amount) * UNITS[unit] for amount, unit in parts)


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return max(0.0, value) if value < float("inf") else None


def _until(date: str) -> float | None:
    try:
        moment = parsedate_to_datetime(date)
    except ValueError:
        return None
    return max(0.0, (moment.astimezone(UTC) - datetime.now(UTC)).total_seconds())
