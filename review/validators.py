"""What is said of a rewrite before it is approved: by rules on words, as the dataset's policy asks.

Each rule says nothing, warns, or blocks; what is blocked can be approved with a reason, which is
kept with the decision.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from review.errors import Invalid
from review.models import Dialogue
from review.models.candidates import likeness_key
from review.wording.grounding import unsupported_words
from review.wording.references import unresolved_references
from review.wording.tokens import words


class Level(StrEnum):
    OFF = "off"
    WARN = "warn"
    BLOCK = "block"


@dataclass(frozen=True)
class Finding:
    """What one rule says of a text; `words` are those that it is about, as written."""

    code: str
    level: Level
    message: str
    words: tuple[str, ...] = ()


Rule = Callable[[Dialogue, str], tuple[str, tuple[str, ...]] | None]


def findings(dialogue: Dialogue, text: str) -> list[Finding]:
    """What the dataset's validators say of a text for a dialogue, the blocking ones first."""
    levels = {code: Level(dialogue.dataset.validators.get(code, Level.OFF)) for code in RULES}
    found = [
        Finding(code, levels[code], *said)
        for code, rule in RULES.items()
        if levels[code] != Level.OFF and (said := rule(dialogue, text))
    ]
    return sorted(found, key=lambda finding: finding.level != Level.BLOCK)


def check(found: Iterable[Finding], *, override: str) -> None:
    """Raises `Invalid` where a rule blocks and no reason to override it is given."""
    blocking = _blocking(found)
    if blocking and not override.strip():
        raise Invalid(
            f"{blocking} Change the text, or say why it is right all the same.", field="override"
        )


def blocked(dialogue: Dialogue, text: str) -> str:
    """What a text is blocked for, in sentences; empty where nothing blocks it."""
    if Level.BLOCK not in dialogue.dataset.validators.values():
        return ""
    return _blocking(findings(dialogue, text))


def _blocking(found: Iterable[Finding]) -> str:
    return " ".join(finding.message for finding in found if finding.level == Level.BLOCK)


def _equal(dialogue: Dialogue, text: str) -> tuple[str, tuple[str, ...]] | None:
    if likeness_key(text) != likeness_key(dialogue.final_query):
        return None
    return "It is the final query as it stands.", ()


def _unresolved(dialogue: Dialogue, text: str) -> tuple[str, tuple[str, ...]] | None:
    # References are phrases: a space too many must not hide one.
    left = tuple(unresolved_references(" ".join(text.split())))
    if not left:
        return None
    return f"{_quoted(left)} cannot be understood without the dialogue.", left


def _too_long(dialogue: Dialogue, text: str) -> tuple[str, tuple[str, ...]] | None:
    count, most = len(words(text)), dialogue.dataset.most_words
    return (f"It has {count} words, the most is {most}.", ()) if count > most else None


def _unsupported(dialogue: Dialogue, text: str) -> tuple[str, tuple[str, ...]] | None:
    new = tuple(unsupported_words(dialogue.turns, text))
    if not new:
        return None
    verb = "is" if len(new) == 1 else "are"
    return f"{_quoted(new)} {verb} found nowhere in the dialogue.", new


def _quoted(phrases: tuple[str, ...]) -> str:
    return ", ".join(f"“{phrase}”" for phrase in phrases)


RULES: dict[str, Rule] = {
    "equal": _equal,
    "unresolved": _unresolved,
    "too-long": _too_long,
    "unsupported": _unsupported,
}
