"""Looks at the fields of a foreign record: each gives the value or names the field that is wrong.

Records of other formats are shaped into native ones with these; the rules on content come after.
"""

from collections.abc import Iterable
from typing import Any

from review.importing import checking
from review.importing.reading import named_type
from review.importing.records import Kind, Record, Rejected
from review.turns import Role, Turn


def text_of(item: dict[str, Any], name: str, field: str) -> str:
    """A text, which may be empty or left out. Raises `Rejected`."""
    value = item.get(name)
    if value is None:
        return ""
    if type(value) is not str:
        raise Rejected(field, f"{name} is text, this is {named_type(value)}")
    return value


def list_of(item: dict[str, Any], name: str) -> list[Any]:
    """A list. Raises `Rejected`."""
    value = item.get(name)
    if type(value) is not list:
        raise Rejected(name, f"{name} is a list, this is {named_type(value)}")
    return value


def objects_of(item: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """A list of objects. Raises `Rejected`."""
    found = list_of(item, name)
    for place, entry in enumerate(found):
        if type(entry) is not dict:
            raise Rejected(f"{name}[{place}]", f"this is an object, not {named_type(entry)}")
    return found


def texts_of(item: dict[str, Any], name: str) -> list[str]:
    """A list of texts. Raises `Rejected`."""
    found = list_of(item, name)
    for place, entry in enumerate(found):
        if type(entry) is not str:
            raise Rejected(f"{name}[{place}]", f"this is text, not {named_type(entry)}")
    return found


def name_of(item: dict[str, Any], name: str, field: str = "") -> str:
    """What names something in the source: a text that is not blank, or a whole number.

    Raises `Rejected`.
    """
    value = item.get(name)
    if type(value) is int or (type(value) is str and value.strip()):
        return str(value)
    if type(value) is str:
        raise Rejected(field or name, f"{name} is empty")
    what = "missing" if value is None else f"text or a whole number, this is {named_type(value)}"
    raise Rejected(field or name, f"{name} is {what}")


def metadata_of(
    item: dict[str, Any], used: Iterable[str], own: dict[str, Any] | None = None
) -> dict[str, Any]:
    """The fields of a record that its format does not use, with what the format keeps of its own.

    A field that both have is kept under `extra`, so that none is lost.
    """
    used, own = set(used), own or {}
    left = {name: value for name, value in item.items() if name not in used}
    twice = {name: left.pop(name) for name in own if name in left}
    return {**left, **own, **({"extra": twice} if twice else {})}


def joined(said: Iterable[tuple[Role, str, str]]) -> tuple[list[Turn], dict[str, str]]:
    """The turns of what was said, as (role, text, field), and what the source calls their texts.

    Neighbours by the same speaker are one turn, in several lines. What is blank says nothing.
    """
    turns: list[Turn] = []
    fields: list[str] = []
    for role, text, field in said:
        if not text.strip():
            continue
        if turns and turns[-1]["role"] == role:
            turns[-1]["text"] += f"\n{text}"
            fields[-1] = f"{fields[-1].partition(' to ')[0]} to {field}"
        else:
            turns.append({"role": role, "text": text})
            fields.append(field)
    return turns, {f"turns[{place}].text": field for place, field in enumerate(fields)}


def implied_image(value: dict[str, Any], named: dict[str, str], file: str, line: int) -> Record:
    """An image that a dialogue of line `line` implies; `named` as in `Record`.

    It is held against the rules here: its dialogue goes in with it or not at all. Raises
    `Rejected` with the source's name of the field.
    """
    record = Record(Kind.IMAGE, value, file, line, named=named)
    try:
        checking.checked_id(record)
        checking.checked_image(record)
    except Rejected as error:
        raise Rejected(named.get(error.field, error.field), error.reason) from None
    return record
