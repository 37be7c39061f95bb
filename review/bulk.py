"""Many rows by one statement over arrays, for what machines write thousands of.

Django's own `bulk_create` and `bulk_update` build an expression for every field of every row, which
took most of a worker's time; these hand PostgreSQL one array for each column.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, TypeVar

from django.db import connection, models
from django.db.models.fields.json import JSONField
from psycopg.types.json import Jsonb

Row = TypeVar("Row", bound=models.Model)


def insert(rows: Sequence[Row], *, ignore_conflicts: bool = False) -> None:
    """Adds rows of one model, whose database defaults are filled in; they learn their keys.

    With `ignore_conflicts` rows that are there already stay, and no key is learnt.
    """
    if not rows:
        return
    fields = _columns(type(rows[0]))
    with connection.cursor() as cursor:
        cursor.execute(_insert(type(rows[0]), ignore_conflicts), _arrays(rows, fields))
        if not ignore_conflicts:
            for row, (key,) in zip(rows, cursor.fetchall(), strict=True):
                row.pk, row._state.adding = key, False


def update(rows: Sequence[Row], names: Iterable[str]) -> None:
    """Writes the named fields of rows of one model."""
    if not rows:
        return
    model, changed = type(rows[0]), tuple(names)
    fields = [model._meta.pk, *(_by_name(model)[name] for name in changed)]
    with connection.cursor() as cursor:
        cursor.execute(_update(model, changed), _arrays(rows, fields))


def _arrays(rows: Sequence[Row], fields: Sequence[Any]) -> list[list[Any]]:
    return [[_stored(field, getattr(row, field.attname)) for row in rows] for field in fields]


def _stored(field: Any, value: Any) -> Any:
    if isinstance(field, JSONField):
        return Jsonb(value)
    return field.get_db_prep_save(value, connection)


@cache
def _columns(model: type[models.Model]) -> list[Any]:
    return [field for field in model._meta.concrete_fields if not field.primary_key]


@cache
def _by_name(model: type[models.Model]) -> dict[str, Any]:
    return {field.name: field for field in model._meta.concrete_fields}


@cache
def _insert(model: type[models.Model], ignore_conflicts: bool) -> str:
    fields = _columns(model)
    names = ", ".join(f'"{field.column}"' for field in fields)
    arrays = ", ".join(f"%s::{_type(field)}[]" for field in fields)
    end = "ON CONFLICT DO NOTHING" if ignore_conflicts else "RETURNING id"
    table = model._meta.db_table
    return f'INSERT INTO "{table}" ({names}) SELECT * FROM unnest({arrays}) {end}'  # noqa: S608  (names of our own tables)


@cache
def _update(model: type[models.Model], names: tuple[str, ...]) -> str:
    fields = [_by_name(model)[name] for name in names]
    values = ", ".join(f'"{field.column}" = changed."{field.column}"' for field in fields)
    columns = ", ".join(f'"{field.column}"' for field in fields)
    arrays = ", ".join(f"%s::{_type(field)}[]" for field in fields)
    table = model._meta.db_table
    return (
        f'UPDATE "{table}" AS row SET {values} '  # noqa: S608  (names of our own tables)
        f"FROM unnest(%s::bigint[], {arrays}) AS changed(id, {columns}) WHERE row.id = changed.id"
    )


def _type(field: Any) -> str:
    return str(field.rel_db_type(connection) if field.remote_field else field.db_type(connection))
