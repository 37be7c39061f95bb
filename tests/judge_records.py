"""Records of what judges and people said, as `judges_compared.reading` makes them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from generation.judges_compared.record import (
    Author,
    Compared,
    Judge,
    Log,
    Marks,
    Partition,
    Record,
    Verdicts,
)

# A panel of two families over candidates of three, every judge in both orders.
JUDGES = [Judge("gpt-9", "gpt", False), Judge("qwen-9", "qwen", False)]
WROTE = [(Author("gpt-9", "gpt"),), (Author("qwen-9", "qwen"),), (Author("glm-9", "glm"),)]
CRITERIA = ["correctness", "clarity"]


def record(scores: NDArray[np.int64], **fields: Any) -> Record:
    """Of scores (passes, c, j, k): three candidates to a dialogue, one of each author."""
    candidates = scores.shape[1]
    dialogues = -(-candidates // 3)
    empty = np.zeros(0, np.int64)
    values: dict[str, Any] = {
        "judges": JUDGES[: scores.shape[2]],
        "criteria": CRITERIA,
        "marks": Marks(np.array([1.0, 1.0]), np.array([4.0, 3.0])),
        "dialogue": np.arange(candidates) // 3,
        "authorship": np.arange(candidates) % 3,
        "panel": np.full(candidates, 3.0),
        "authorships": WROTE,
        "scores": scores.astype(np.int8),
        "places": np.full(scores.shape[:3], -1, np.int8),
        "self_judged": np.zeros(scores.shape[1:3], bool),
        "verdicts": verdicts(empty, empty.astype(bool)),
        "compared": Compared(empty, empty, empty.astype(bool), empty.astype(bool), empty, empty),
        "partitions": {by: one_part(dialogues) for by in ("language", "turns", "source")},
        "log": nothing_logged(),
        **fields,
    }
    return Record(**values)


def panel(seed: int, *, favours: float = 0.0, strict: float = 0.0) -> NDArray[np.int64]:
    """Both judges see one quality; the first adds `favours` for its own, takes off `strict`."""
    random = np.random.default_rng(seed)
    quality = np.repeat(random.normal(3.2, 0.7, 300), 1)[:, None, None]
    seen = quality + random.normal(0, 0.5, (300, 2, 2))
    seen[::3, 0] += favours
    seen[:, 0] -= strict
    first = np.clip(np.rint(seen), 1, 5)
    return np.stack([first, np.zeros_like(first)]).astype(np.int64)


def verdicts(
    candidate: NDArray[np.int64],
    accepted: NDArray[np.bool_],
    *,
    unseen: NDArray[np.bool_] | None = None,
) -> Verdicts:
    """One decision on each three candidates; scores were in sight unless said otherwise."""
    decision = candidate // 3
    hidden = np.zeros(len(candidate), bool) if unseen is None else unseen
    decisions = len(np.unique(decision))
    seen = len(np.unique(decision[~hidden]))
    return Verdicts(candidate, accepted, decision, hidden, decisions, seen)


def one_part(dialogues: int) -> Partition:
    return Partition(["1-2"], np.zeros(dialogues, np.int64))


def nothing_logged() -> Log:
    empty = np.zeros(0, np.int32)
    scores = np.zeros((0, len(CRITERIA)), np.int8)
    return Log(empty, empty, empty, empty, scores, [], 1)
