"""What must hold of places and decisions whatever was done, in whatever order.

Each is a question to the database that finds what breaks it; the answer is to be empty.
"""

from collections.abc import Callable
from typing import Any

# `taken`: places taken in the present round of their dialogue; `standing`: decisions that nobody
# took back.
WITH = """
WITH taken AS (
  SELECT a.* FROM review_assignment a JOIN review_dialogue d ON d.id = a.dialogue_id
  WHERE a.round = d.round AND a.purpose = 'review' AND a.state IN ('open', 'decided')
), standing AS (
  SELECT n.* FROM review_decision n
  WHERE n.verdict NOT IN ('undo', 'send-back') AND n.purpose = 'review'
    AND NOT EXISTS (SELECT FROM review_decision later WHERE later.supersedes_id = n.id)
)
"""
INVARIANTS = {
    "no more places held and decided than the policy asks for": """
        SELECT dialogue_id, count(*) FROM taken
        JOIN review_dialogue d ON d.id = dialogue_id JOIN review_dataset s ON s.id = d.dataset_id
        GROUP BY dialogue_id, decisions_needed HAVING count(*) > decisions_needed
    """,
    "the places written down are the places taken": """
        SELECT d.id, d.places_taken, count(t.id) FROM review_dialogue d
        LEFT JOIN taken t ON t.dialogue_id = d.id
        GROUP BY d.id HAVING d.places_taken <> count(t.id)
    """,
    "nobody has two places in a dialogue": """
        SELECT dialogue_id, reviewer_id FROM taken
        GROUP BY dialogue_id, reviewer_id HAVING count(*) > 1
    """,
    "a decided place has one standing decision": """
        SELECT t.id, count(n.id) FROM taken t LEFT JOIN standing n ON n.assignment_id = t.id
        WHERE t.state = 'decided' GROUP BY t.id HAVING count(n.id) <> 1
    """,
    "any other place has none that counts": """
        SELECT a.id, n.verdict
        FROM review_assignment a JOIN standing n ON n.assignment_id = a.id
        WHERE a.state <> 'decided' AND n.verdict <> 'skip'
    """,
    "an approved dialogue has its rewrite, and somebody chose it": """
        SELECT d.id FROM review_dialogue d WHERE d.stage = 'approved' AND NOT EXISTS (
          SELECT FROM standing n
          WHERE n.dialogue_id = d.id AND n.candidate_id = d.approved_candidate_id)
    """,
}


def broken(ask: Callable[[str], list[Any]]) -> dict[str, list[Any]]:
    """The invariants that do not hold, each with what breaks it."""
    found = {promise: ask(WITH + question) for promise, question in INVARIANTS.items()}
    return {promise: rows for promise, rows in found.items() if rows}
