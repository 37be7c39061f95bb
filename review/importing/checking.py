"""The rules on content: a record in native form becomes a clean one, or is rejected with its field.

Text is taken as it came. These functions run for every record of every import, so they look at
each value once and build a field's name only where a rule is broken.
"""

import hashlib
import re
from typing import Any

import orjson

from review.importing import limits
from review.importing.reading import named_type
from review.importing.records import (
    CleanCandidate,
    CleanDialogue,
    CleanImage,
    CleanJudgement,
    Record,
    Rejected,
)

# All control characters but tab, line feed and carriage return.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
# Whole numbers from here on are read as floats, and would lose their last digits without a word.
_BEYOND_64_BITS = 2.0**63
_DIALOGUE = {"id", "turns", "target_images", "candidates", "metadata"}
_IMAGE = {"id", "file", "caption", "url", "metadata"}
_TURN = {"role", "text", "images"}
_CANDIDATE = {"text", "author", "judgements"}
_JUDGEMENT = {"judge", "criterion", "score", "reason", "unscored_reason"}
_ROLES = {"user", "assistant"}
# As `Judgement.criterion`.
_CRITERION_CHARACTERS = 32


def checked_id(record: Record) -> str:
    """The record's id. Raises `Rejected`."""
    return _text(record.value.get("id"), "id", limits.ID_CHARACTERS)


def content_hash(record: Record) -> str:
    """SHA-256 of the record as it came, whatever the order of its fields."""
    try:
        content = orjson.dumps(record.value, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:
        raise Rejected("", "lists or objects are nested too deeply") from None
    # In JSON a NUL can only stand as an escape; text that merely looks like one is let through.
    if b"\\u0000" in content:
        _check_no_nul(record.value, "")
    return hashlib.sha256(content).hexdigest()


def checked_dialogue(record: Record, content_hash: str) -> CleanDialogue:
    """The dialogue of a record. Raises `Rejected`. Its images are not looked up here."""
    value = record.value
    turns = _listed(value.get("turns"), "turns", limits.TURNS)
    if not turns:
        raise Rejected("turns", "a dialogue has at least one turn, this has none")
    last = len(turns) - 1
    for place, turn in enumerate(turns):
        _check_turn(turn, place, is_last=place == last)
    targets = _ids(value.get("target_images"), "target_images", limits.TARGET_IMAGES)
    candidates, candidates_as_came = _candidates(value.get("candidates"))
    metadata = _metadata(value, _DIALOGUE)
    if candidates_as_came:
        metadata.setdefault("candidates", candidates_as_came)
    return CleanDialogue(record, content_hash, turns, targets, metadata, candidates)


def checked_image(record: Record) -> CleanImage:
    """The image of a record, its file not yet opened. Raises `Rejected`."""
    value = record.value
    return CleanImage(
        record,
        file=_optional_text(value.get("file"), "file"),
        caption=_optional_text(value.get("caption"), "caption"),
        url=_optional_text(value.get("url"), "url"),
        metadata=_metadata(value, _IMAGE),
    )


def references(dialogue: CleanDialogue) -> dict[str, str]:
    """The images that a dialogue names, each with the field that names it first."""
    found: dict[str, str] = {}
    for place, turn in enumerate(dialogue.turns):
        for position, image in enumerate(turn.get("images", ())):
            found.setdefault(image, f"turns[{place}].images[{position}]")
    for position, image in enumerate(dialogue.target_images):
        found.setdefault(image, f"target_images[{position}]")
    return found


def _check_turn(turn: Any, place: int, *, is_last: bool) -> None:
    if type(turn) is not dict:
        raise Rejected(f"turns[{place}]", f"a turn is an object, this is {named_type(turn)}")
    role = turn.get("role")
    if type(role) is not str or role not in _ROLES:
        raise Rejected(f"turns[{place}].role", _why_no_role(role))
    if is_last and role != "user":
        raise Rejected(
            f"turns[{place}].role",
            "the last turn is the user's: its text is the final query. Leave out what follows it",
        )
    images = turn.get("images", [])
    if images != []:
        if images is None:
            raise Rejected(f"turns[{place}].images", "images is a list, this is null")
        _ids(images, f"turns[{place}].images", limits.IMAGES_PER_TURN)
    _check_turn_text(turn, place, may_be_empty=bool(images) and not is_last)
    if len(turn) > 2 and turn.keys() - _TURN:
        _check_depth(turn, f"turns[{place}]", limits.DEPTH)


def _check_turn_text(turn: dict[str, Any], place: int, *, may_be_empty: bool) -> None:
    """A turn that shows an image needs no words, but the final query does."""
    text = turn.get("text")
    if text == "" and may_be_empty:
        return
    # The commonest case first: a sound text costs one look.
    if type(text) is not str or not text.strip() or _is_wrong(text, limits.TEXT_CHARACTERS):
        _text(text, f"turns[{place}].text", limits.TEXT_CHARACTERS)


def _why_no_role(role: Any) -> str:
    if isinstance(role, str):
        return f"unknown role “{role[:40]}”: it is user or assistant"
    return f"a role is user or assistant, this is {named_type(role)}"


def _is_wrong(text: str, most: int) -> bool:
    return len(text) > most or _CONTROL.search(text) is not None


def _text(value: Any, field: str, most: int) -> str:
    """A text that says something. Raises `Rejected`."""
    if type(value) is not str:
        missing = (
            "missing: give it as text" if value is None else f"text, this is {named_type(value)}"
        )
        raise Rejected(field, f"{field} is {missing}")
    if not value.strip():
        raise Rejected(field, "the text is empty")
    if len(value) > most:
        raise Rejected(
            field, f"the text is too long: {len(value):,} characters, the most is {most:,}"
        )
    if found := _CONTROL.search(value):
        code, position = ord(found[0]), found.start() + 1
        raise Rejected(field, f"control character U+{code:04X} at character {position}: remove it")
    return value


def _optional_text(value: Any, field: str) -> str:
    if value is None or value == "":
        return ""
    return _text(value, field, limits.TEXT_CHARACTERS)


def _listed(value: Any, field: str, most: int) -> list[Any]:
    if value is None:
        return []
    if type(value) is not list:
        raise Rejected(field, f"{field} is a list, this is {named_type(value)}")
    if len(value) > most:
        raise Rejected(field, f"{field} has {len(value):,} entries, the most is {most:,}")
    return value


def _ids(value: Any, field: str, most: int) -> list[str]:
    ids = _listed(value, field, most)
    for place, image in enumerate(ids):
        if type(image) is not str or not image or _is_wrong(image, limits.ID_CHARACTERS):
            _text(image, f"{field}[{place}]", limits.ID_CHARACTERS)
    return ids


def _candidates(value: Any) -> tuple[list[CleanCandidate], list[Any]]:
    """The candidates, and the list as it came where it holds fields that we have no place for."""
    came = _listed(value, "candidates", limits.CANDIDATES)
    clean = [_candidate(entry, f"candidates[{place}]") for place, entry in enumerate(came)]
    has_more = any(entry.keys() - _CANDIDATE for entry in came)
    if has_more:
        _check_depth(came, "candidates", limits.DEPTH)
    return clean, came if has_more else []


def _candidate(value: Any, field: str) -> CleanCandidate:
    if type(value) is not dict:
        raise Rejected(field, f"a candidate is an object, this is {named_type(value)}")
    text = _text(value.get("text"), f"{field}.text", limits.TEXT_CHARACTERS)
    author = value.get("author")
    if author is None:
        author = "unknown"
    elif type(author) is not str or not author or _is_wrong(author, limits.ID_CHARACTERS):
        author = _text(author, f"{field}.author", limits.ID_CHARACTERS)
    judgements = value.get("judgements")
    return CleanCandidate(text, author, _judgements(judgements, field) if judgements else [])


def _judgements(value: Any, field: str) -> list[CleanJudgement]:
    field = f"{field}.judgements"
    came = _listed(value, field, limits.CANDIDATES)
    clean = [_judgement(entry, f"{field}[{place}]") for place, entry in enumerate(came)]
    if len({(j.judge, j.criterion) for j in clean}) < len(clean):
        raise Rejected(field, "the same judge judges the same criterion twice: keep one of them")
    return clean


def _judgement(value: Any, field: str) -> CleanJudgement:
    if type(value) is not dict:
        raise Rejected(field, f"a judgement is an object, this is {named_type(value)}")
    score = value.get("score")
    if score is not None and (type(score) is bool or score not in (1, 2, 3, 4, 5)):
        raise Rejected(f"{field}.score", "a score is a whole number from 1 to 5, or null")
    reason = _optional_text(value.get("reason"), f"{field}.reason")
    unscored = _optional_text(value.get("unscored_reason"), f"{field}.unscored_reason")
    return CleanJudgement(
        _text(value.get("judge"), f"{field}.judge", limits.ID_CHARACTERS),
        _text(value.get("criterion"), f"{field}.criterion", _CRITERION_CHARACTERS),
        None if score is None else int(score),
        reason,
        "" if score is not None else unscored or reason or "no reason was imported",
    )


def _metadata(value: dict[str, Any], known: set[str]) -> dict[str, Any]:
    """The metadata with the record's own further fields beside it.

    A further field that the metadata has too is kept under `extra`, so that none is lost.
    """
    came = value.get("metadata")
    if came is None:
        came = {}
    if type(came) is not dict:
        raise Rejected("metadata", f"metadata is an object, this is {named_type(came)}")
    more = {name: value[name] for name in value.keys() - known}
    if not came and not more:
        return {}
    _check_depth([came, more], "metadata", limits.DEPTH)
    twice = {name: more.pop(name) for name in came.keys() & more.keys()}
    return {**more, **came, **({"extra": twice} if twice else {})}


def _check_depth(value: Any, field: str, most: int) -> None:
    if type(value) is float and abs(value) >= _BEYOND_64_BITS:
        raise Rejected(
            field, f"the number {value:.6g} is beyond 64 bits and loses digits: write it as text"
        )
    if type(value) is not dict and type(value) is not list:
        return
    if most < 0:
        raise Rejected(field, f"lists or objects are nested more than {limits.DEPTH} deep")
    for inner in value.values() if type(value) is dict else value:
        _check_depth(inner, field, most - 1)


def _check_no_nul(value: Any, field: str) -> None:
    """PostgreSQL stores no NUL in any text, keys included."""
    if type(value) is str:
        if "\0" in value:
            raise Rejected(field, "the text holds a NUL (U+0000): remove it")
    elif type(value) is list:
        for place, inner in enumerate(value):
            _check_no_nul(inner, f"{field}[{place}]")
    elif type(value) is dict:
        for key, inner in value.items():
            _check_no_nul(key, field or "a field's name")
            _check_no_nul(inner, f"{field}.{key}" if field else key)
