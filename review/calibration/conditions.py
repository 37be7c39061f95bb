"""What figures on judges hold for: which judges, by which rubric, over whose rewrites.

With other judges, prompts, marks or rewriters a score means something else, so that decisions and
certificates of before say nothing of it.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple, Self

from django.db import connection

from review import rubrics
from review.calibration.heard import heard_on
from review.models import CandidateKind, Dataset, Dialogue, Rubric, Stage
from review.models.dialogues import DialogueQuerySet

# So many of the newest that wait tell what is scored by whom at present.
LOOKED_AT = 2000
BATCH = 20_000


class Judged(NamedTuple):
    """A judge under a prompt; `family` tells whose rewrites it is not asked about."""

    judge: str
    model: str
    prompt_hash: str
    family: str


class Wrote(NamedTuple):
    author: str
    model: str
    prompt_hash: str


@dataclass(frozen=True)
class Panel:
    """What the panel says of a dialogue: its best candidate, that one's score and whether it
    passes, which judges were heard on it, who wrote it first (`rewriter`), of which `families` its
    authors are ("" for one that nobody knows), and who wrote any of the dialogue's candidates."""

    candidate: int
    score: float
    passes: bool | None
    judges: frozenset[Judged]
    rewriter: str
    families: frozenset[str]
    authors: frozenset[Wrote]


@dataclass(frozen=True)
class Conditions:
    """`rubric` has the hash of its wording, and weight and pass mark by criterion."""

    judges: frozenset[Judged]
    rubric: dict[str, Any]
    rewriters: frozenset[Wrote]

    @property
    def hash(self) -> str:
        told = json.dumps(self.as_json(), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(told.encode()).hexdigest()

    def as_json(self) -> dict[str, Any]:
        return {
            "judges": [one._asdict() for one in sorted(self.judges)],
            "rubric": self.rubric,
            "rewriters": [one._asdict() for one in sorted(self.rewriters)],
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        return cls(
            judges=frozenset(Judged(**one) for one in data["judges"]),
            rubric=data["rubric"],
            rewriters=frozenset(Wrote(**one) for one in data["rewriters"]),
        )

    def marks(self) -> dict[str, int]:
        """The pass mark of each criterion."""
        return {criterion: mark for criterion, (_, mark) in self.rubric["marks"].items()}

    def covers(self, panel: Panel) -> bool:
        """Whether a dialogue was scored by these judges, of rewrites by these rewriters.

        A judge is not asked about what its own family wrote; of an imported rewrite nobody may
        know the family.
        """
        own = panel.families
        missing = self.judges - panel.judges
        return (
            panel.judges <= self.judges
            and panel.authors <= self.rewriters
            and all("" in own or one.family in own for one in missing)
        )

    def changes_since(self, earlier: Self) -> list[str]:
        """What is different now, in sentences; none where nothing is."""
        return [
            *_changes("judge", _told(earlier.judges), _told(self.judges)),
            *_rubric_changes(earlier.rubric, self.rubric),
            *_changes("rewriter", _told(earlier.rewriters), _told(self.rewriters)),
        ]


def present(dataset: Dataset) -> Conditions | None:
    """Those of most dialogues among the newest that are scored and wait, or where none waits any
    more, among the newest that are scored; None where none is."""
    scored = Dialogue.objects.filter(dataset=dataset, panel_score__isnull=False)
    waiting = _newest(scored.filter(stage=Stage.JUDGED))
    return _of_most(dataset, waiting or _newest(scored))


def _newest(dialogues: DialogueQuerySet) -> list[int]:
    return list(dialogues.order_by("-pk").values_list("pk", flat=True)[:LOOKED_AT])


def _of_most(dataset: Dataset, keys: list[int]) -> Conditions | None:
    count: dict[tuple[frozenset[Judged], frozenset[Wrote]], int] = {}
    for judges, authors in _heard_anywhere(keys):
        count[judges, authors] = count.get((judges, authors), 0) + 1
    if not count:
        return None
    # Among as many of each the same one every time.
    judges, authors = max(count, key=lambda one: (count[one], _in_order(one)))
    return Conditions(judges, rubric_of(rubrics.current(dataset)), authors)


def rubric_of(rubric: Rubric) -> dict[str, Any]:
    marks = {part.key: [part.weight, part.pass_mark] for part in rubric.parts}
    return {"hash": rubric.hash, "marks": marks}


def panels_of(dialogues: Sequence[int]) -> dict[int, Panel]:
    """By their keys, the panel's word on each dialogue that has one."""
    found: dict[int, Panel] = {}
    for start in range(0, len(dialogues), BATCH):
        found.update(_panels(list(dialogues[start : start + BATCH])))
    return found


def panels_among(candidates: Sequence[int]) -> dict[int, Panel]:
    """The same, by dialogue, as if these were all candidates that there are."""
    return dict(_panels(list(candidates), within="id"))


def _panels(keys: list[int], within: str = "dialogue_id") -> Iterator[tuple[int, Panel]]:
    with connection.cursor() as cursor:
        cursor.execute(_TOPS.format(within=within), [keys, CandidateKind.PERSON, keys])
        tops = cursor.fetchall()
        cursor.execute(_HEARD, [[row[1] for row in tops]])
        judges = dict(cursor.fetchall())
    for dialogue, candidate, score, passes, rewriter, families, authors in tops:
        yield (
            dialogue,
            Panel(
                candidate,
                score,
                passes,
                _judges(judges.get(candidate) or "[]"),
                rewriter,
                _families(families),
                _authors(authors),
            ),
        )


def _heard_anywhere(keys: list[int]) -> Iterator[tuple[frozenset[Judged], frozenset[Wrote]]]:
    """For each dialogue the judges heard on any of its candidates, for a judge is not asked about
    those of its own family; and who wrote them."""
    with connection.cursor() as cursor:
        cursor.execute(_CANDIDATES, [keys, CandidateKind.PERSON])
        rows = cursor.fetchall()
        cursor.execute(
            _HEARD, [[candidate for _, candidates, _ in rows for candidate in candidates]]
        )
        judges = dict(cursor.fetchall())
    for _, candidates, authors in rows:
        heard = [_judges(judges.get(candidate) or "[]") for candidate in candidates]
        yield frozenset[Judged]().union(*heard), _authors(authors)


# The best candidate of each dialogue, and who wrote all of them. Few differ in their authors, so
# that these come as text, which is read once. Asked twice for the same candidates, or all that
# there are would be read to join them.
_TOPS = """
SELECT dialogue_id, key, score, passes, author,
       jsonb_build_array(kind, family, also_by)::text, authors
FROM (
    SELECT dialogue_id, (array_agg(id ORDER BY panel_score DESC, id)
                         FILTER (WHERE panel_score IS NOT NULL))[1] AS key,
           jsonb_agg(DISTINCT jsonb_build_array(author, model, prompt_hash, also_by))::text
               AS authors
    FROM review_candidate
    WHERE {within} = ANY(%s) AND kind <> %s
    GROUP BY dialogue_id
) AS best
JOIN (SELECT id, panel_score AS score, passes, author, kind, family, also_by
      FROM review_candidate WHERE {within} = ANY(%s)) AS top ON top.id = best.key
"""
_CANDIDATES = """
SELECT dialogue_id, array_agg(id),
       jsonb_agg(DISTINCT jsonb_build_array(author, model, prompt_hash, also_by))::text
FROM review_candidate
WHERE dialogue_id = ANY(%s) AND kind <> %s
GROUP BY dialogue_id
"""
_HEARD = """
WITH {heard}
SELECT candidate_id,
       jsonb_agg(jsonb_build_array(judge, model, prompt_hash, family) ORDER BY judge)::text
FROM heard
WHERE scored
GROUP BY candidate_id
""".format(heard=heard_on("%s", by=", model, family"))


@lru_cache(maxsize=4096)
def _judges(told: str) -> frozenset[Judged]:
    return frozenset(Judged(*one) for one in json.loads(told))


@lru_cache(maxsize=4096)
def _authors(told: str) -> frozenset[Wrote]:
    found = set()
    for author, model, prompt_hash, also in json.loads(told):
        found.add(Wrote(author, model, prompt_hash))
        found.update(
            Wrote(one["author"], one.get("model", ""), one.get("prompt_hash", "")) for one in also
        )
    return frozenset(found)


@lru_cache(maxsize=4096)
def _families(told: str) -> frozenset[str]:
    """With "" where it is imported and says none: then it may be any."""
    kind, family, also = json.loads(told)
    written = [(kind, family), *((one.get("kind"), one.get("family", "")) for one in also)]
    return frozenset(name for how, name in written if name or how == CandidateKind.IMPORTED)


def _in_order(one: tuple[frozenset[Judged], frozenset[Wrote]]) -> list[list[tuple[str, ...]]]:
    return [sorted(map(tuple, part)) for part in one]


def _told(people: frozenset[Judged] | frozenset[Wrote]) -> dict[str, set[tuple[str, str]]]:
    """By name the models and prompts."""
    told: dict[str, set[tuple[str, str]]] = {}
    for one in people:
        told.setdefault(one[0], set()).add((one.model, one.prompt_hash))
    return told


def _changes(
    what: str, before: dict[str, set[tuple[str, str]]], now: dict[str, set[tuple[str, str]]]
) -> Iterator[str]:
    for name in sorted(now.keys() - before.keys()):
        yield f"The {what} {name} is new."
    for name in sorted(before.keys() - now.keys()):
        yield f"The {what} {name} is gone."
    for name in sorted(now.keys() & before.keys()):
        if now[name] != before[name]:
            models = {model for model, _ in now[name]} != {model for model, _ in before[name]}
            yield f"The {what} {name} has another {'model' if models else 'prompt'}."


def _rubric_changes(before: dict[str, Any], now: dict[str, Any]) -> Iterator[str]:
    if now["hash"] != before["hash"]:
        yield "The rubric has other words."
    if now["marks"] != before["marks"]:
        yield "The rubric has other weights or pass marks."
