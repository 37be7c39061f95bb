"""Languages of dialogues and of people, by ISO code: they decide who is handed what."""

import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from django.conf.locale import LANG_INFO
from django.db import connection

from review.errors import Invalid
from review.models import Dataset
from review.turns import Turn
from review.wording.telling import CHARACTERS_READ, language_told

# Where an import says it, under either name.
DECLARED = ("language", "lang")
TAG = re.compile(r"([a-z]{2,3})(?:[-_][a-z0-9_-]*)?", re.IGNORECASE)
# Undetermined, several, none, and private codes: nobody is chosen by these.
NO_LANGUAGE = {"und", "mul", "zxx", "mis"}
MOST_LANGUAGES = 30
# Django knows these by their scripts or countries alone.
LANGUAGES = {**LANG_INFO, "zh": {"name": "Chinese", "name_local": "中文"}}
# The least language that follows another, again and again: each step is one look into an index,
# where DISTINCT would read every dialogue.
_PRESENT = """
    WITH RECURSIVE found AS (
      (SELECT language FROM review_dialogue WHERE dataset_id = %(dataset)s
       ORDER BY language LIMIT 1)
      UNION ALL
      SELECT (SELECT language FROM review_dialogue
              WHERE dataset_id = %(dataset)s AND language > found.language
              ORDER BY language LIMIT 1)
      FROM found WHERE found.language IS NOT NULL
    )
    SELECT language FROM found WHERE language <> ''
"""


def language_of(turns: Sequence[Turn], metadata: dict[str, Any]) -> str:
    """The code of the language in which the user of a dialogue writes; empty where nobody knows.

    What an import declares counts for more than what the words tell.
    """
    for name in DECLARED:
        if (declared := metadata.get(name)) is not None:
            return primary(declared)
    return language_told(_said(turns))


def _said(turns: Sequence[Turn]) -> str:
    """Enough of the user's words, the last first: it is the final query that is rewritten."""
    said, length = [], 0
    for turn in reversed(turns):
        if turn["role"] == "user":
            said.append(turn["text"])
            length += len(turn["text"])
            if length >= CHARACTERS_READ:
                break
    return " ".join(said)


def primary(tag: object) -> str:
    """“de” for de-AT, DE_at, German or Deutsch; empty for what names no language."""
    if not isinstance(tag, str):
        return ""
    tag = tag.strip().lower()
    if (named := _by_name().get(tag)) is not None:
        return named
    found = TAG.fullmatch(tag)
    code = found[1] if found else ""
    return "" if code in NO_LANGUAGE else code


@cache
def _by_name() -> dict[str, str]:
    """Codes of the languages that Django knows, by their English and their own name."""
    plain = {code: info for code, info in LANGUAGES.items() if "name" in info and "-" not in code}
    own = {info["name_local"].lower(): code for code, info in plain.items()}
    return own | {info["name"].lower(): code for code, info in plain.items()}


def language_name(code: str) -> str:
    """“German” for de; the code itself where its name is not known."""
    return str(LANGUAGES.get(code, {}).get("name", code))


def checked_languages(codes: Iterable[str]) -> list[str]:
    """Codes as a member's languages are kept: each once, in order. Raises `Invalid`."""
    found: dict[str, None] = {}
    for given in codes:
        code = primary(given)
        if given.strip() and not code:
            raise Invalid(
                f"“{given}” is no language: give ISO codes such as en, de or zh.", field="languages"
            )
        if code:
            found[code] = None
    if len(found) > MOST_LANGUAGES:
        raise Invalid(
            f"Give at most {MOST_LANGUAGES} languages; none means all.", field="languages"
        )
    return sorted(found)


def languages_in(dataset: Dataset) -> list[str]:
    """Codes of the languages that a dataset's dialogues are in, in order."""
    with connection.cursor() as cursor:
        cursor.execute(_PRESENT, {"dataset": dataset.pk})
        return [code for (code,) in cursor.fetchall()]
