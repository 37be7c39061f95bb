"""What deceives, as counted when a report was reckoned."""

from dataclasses import dataclass
from typing import Any

from review.models import Trait

WORDS = {
    Trait.SHORTCUT: "Some retriever has the target among its first 10 by the final query alone.",
    Trait.HISTORY_REQUIRED: "Found among the first 10 with the history, not by the final query.",
    Trait.UNRESOLVED: "No retriever finds it among its first 10, even with the history.",
    Trait.LEAK: "A word that neither dialogue nor shown images account for helps to find it.",
    Trait.HALLUCINATION: "A word that nothing accounts for makes it harder to find.",
    Trait.PADDING: "A word that is accounted for changes nothing.",
    Trait.UNCHANGED: "The approved rewrite says what the final query says.",
    Trait.UNSTABLE: "Which candidate is chosen changes the rank by much.",
    Trait.TOO_BROAD: "People said of ten or more other images that they fit as well.",
}


@dataclass(frozen=True)
class TraitRow:
    code: str
    label: str
    words: str
    dialogues: int


def trait_rows(data: dict[str, Any]) -> list[TraitRow]:
    """Every trait, also those that no dialogue has."""
    found = (data.get("deceiving") or {}).get("traits", {})
    return [
        TraitRow(trait.value, str(trait.label), words, found.get(trait.value, 0))
        for trait, words in WORDS.items()
    ]
