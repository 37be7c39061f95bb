"""What must hold of a history and of the record that it left."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from tests.load.history import History
from tests.load.invariants import broken

Ask = Callable[[str], list[Any]]

OF_THE_LOAD = """
WITH dialogue AS (
  SELECT d.*, s.decisions_needed FROM review_dialogue d
  JOIN review_dataset s ON s.id = d.dataset_id WHERE s.slug = 'load'
)
"""
DECISIONS = """
SELECT n.idempotency_key, n.id, n.verdict, d.external_id
FROM review_decision n JOIN dialogue d ON d.id = n.dialogue_id
"""
# All its decisions were made, and still it waits: nobody can claim it any more.
STUCK = """
SELECT d.external_id FROM dialogue d
WHERE d.stage IN ('judged', 'proposed') AND d.places_taken >= d.decisions_needed
  AND NOT EXISTS (
    SELECT FROM review_assignment a WHERE a.dialogue_id = d.id AND a.state = 'open')
"""
UNCHECKED = "SELECT external_id FROM dialogue WHERE stage = 'approved' AND checked_at IS NULL"
APPROVED = "SELECT external_id FROM dialogue WHERE stage = 'approved'"
UNSETTLED = "SELECT external_id FROM dialogue WHERE stage IN ('judged', 'proposed')"


def faults(history: History, ask: Ask) -> list[str]:
    """What a history and the record say against each other; nothing where all is well."""
    return [
        *_of_decisions(history, ask(OF_THE_LOAD + DECISIONS)),
        *_of_places(history),
        *_of_record(ask),
    ]


def unsettled(ask: Ask) -> list[str]:
    """Dialogues on which decisions are still to be made."""
    return [name for (name,) in ask(OF_THE_LOAD + UNSETTLED)]


def unchecked(ask: Ask) -> list[str]:
    """Approved dialogues whose check is still to come."""
    return [name for (name,) in ask(OF_THE_LOAD + UNCHECKED)]


def _of_decisions(history: History, rows: list[Any]) -> Iterator[str]:
    times = Counter(key for key, *_ in rows)
    kept = {key: (number, verdict, dialogue) for key, number, verdict, dialogue in rows}
    sent = {asked.key for asked in history.asked if asked.what == "decide"}
    for asked in history.answered("decide", 201):
        told = (asked.answer["decision"], asked.body["verdict"], asked.dialogue)
        if kept.get(asked.key) != told:
            yield f"decision {asked.key} was confirmed as {told} and is {kept.get(asked.key)}"
    for key, count in times.items():
        if count > 1 or key not in sent:
            yield f"decision {key or 'without a key'} is there {count} times"


def _of_places(history: History) -> Iterator[str]:
    """Nobody was handed a place that somebody else was handed."""
    holders: dict[int, str] = {}
    for asked in history.answered("claim", 200):
        place = asked.answer["assignment"]
        if holders.setdefault(place, asked.reviewer) != asked.reviewer:
            yield f"place {place} was handed to {holders[place]} and to {asked.reviewer}"


def _of_record(ask: Ask) -> Iterator[str]:
    for promise, rows in broken(ask).items():
        yield f"it does not hold that {promise}: {rows[:5]}"
    for (dialogue,) in ask(OF_THE_LOAD + STUCK):
        yield f"dialogue {dialogue} has all its decisions, and still waits"


def faults_of_export(history: History, ask: Ask, lines: Iterable[dict[str, Any]]) -> list[str]:
    """What a history says against the curated JSONL that was exported afterwards."""
    told = Counter(
        (asked.dialogue, asked.body["verdict"]) for asked in history.confirmed().values()
    )
    approved, times, found = (
        {row[0] for row in ask(OF_THE_LOAD + APPROVED)},
        Counter[str](),
        list[str](),
    )
    for line in lines:
        name = line["id"]
        times[name] += 1
        given = Counter(decision["verdict"] for decision in line["decisions"])
        missing = {
            verdict: count
            for (dialogue, verdict), count in told.items()
            if dialogue == name and verdict != "skip" and given[verdict] != count
        }
        if missing:
            found.append(f"dialogue {name} was exported with {given}, and {missing} were confirmed")
    if times != Counter(approved):
        found.append(f"{len(approved)} are approved, and {times.total()} lines were exported")
    return found
