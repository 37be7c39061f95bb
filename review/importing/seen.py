"""Which ids an import has met, and where: in a temporary table, so that memory stays the same."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.db import connection

from review.importing.records import Kind, Record, Rejected

_MAKE = """
    CREATE TEMPORARY TABLE import_seen (
        kind text, id text, file text, line integer, PRIMARY KEY (kind, id)
    )
"""
_ENTER = """
    INSERT INTO import_seen
    SELECT %s, * FROM unnest(%s::text[], %s::text[], %s::integer[])
    ON CONFLICT DO NOTHING RETURNING id
"""
_FIND = "SELECT id, file, line FROM import_seen WHERE kind = %s AND id = ANY(%s)"
_FORGET = "DELETE FROM import_seen WHERE kind = %s AND id = ANY(%s)"


@contextmanager
def seen_table() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS pg_temp.import_seen")
        cursor.execute(_MAKE)
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS pg_temp.import_seen")


def first_of_each(
    kind: Kind, records: Sequence[Record]
) -> tuple[list[Record], list[tuple[Record, Rejected]]]:
    """The records whose id is new in this source, and those that repeat one."""
    if not records:
        return [], []
    fresh = _entered(kind, records)
    firsts, repeats = [], []
    for record in records:
        if record.id in fresh:
            fresh.discard(record.id)
            firsts.append(record)
        else:
            repeats.append(record)
    return firsts, _as_duplicates(kind, repeats)


def new_of(kind: Kind, records: Sequence[Record]) -> list[Record]:
    """The first record of each id that is new in this source, where repeating one is no fault."""
    firsts = {record.id: record for record in reversed(records)}
    if not firsts:
        return []
    fresh = _entered(kind, list(firsts.values()))
    return [record for record in reversed(firsts.values()) if record.id in fresh]


def forget(kind: Kind, ids: Sequence[str]) -> None:
    """Makes ids new again, of records that did not go in after all."""
    if ids:
        with connection.cursor() as cursor:
            cursor.execute(_FORGET, [kind.value, list(ids)])


def among(kind: Kind, ids: Sequence[str]) -> set[str]:
    """Those of `ids` that this import has met."""
    return set(_places(kind, ids))


def _entered(kind: Kind, records: Sequence[Record]) -> set[str]:
    ids, files = [r.id for r in records], [r.file for r in records]
    lines = [r.line for r in records]
    with connection.cursor() as cursor:
        cursor.execute(_ENTER, [kind.value, ids, files, lines])
        return {found for (found,) in cursor.fetchall()}


def _places(kind: Kind, ids: Sequence[str]) -> dict[str, tuple[str, int]]:
    if not ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_FIND, [kind.value, list(ids)])
        return {found: (file, line) for found, file, line in cursor.fetchall()}


def _as_duplicates(kind: Kind, repeats: Sequence[Record]) -> list[tuple[Record, Rejected]]:
    places = _places(kind, [record.id for record in repeats])
    return [(record, _duplicate(record, *places[record.id])) for record in repeats]


def _duplicate(record: Record, file: str, line: int) -> Rejected:
    first = f"line {line}" if file == record.file else f"line {line} of {file}"
    return Rejected(
        "id",
        f"duplicate id: {first} has it too, and that one was kept (this is line {record.line})",
    )
