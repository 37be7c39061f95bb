"""Vectors on their way into PostgreSQL and out of it: in its binary form, by COPY.

As the values of model instances 100,000 vectors would take minutes and gigabytes.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray
from psycopg import sql

from generation.models import ImageVector, VectorSpace

# PostgreSQL's binary COPY: signature, flags, no extension; each row as a count of fields and, of
# each field, its length in bytes and its bytes; -1 where a count would stand at the end.
HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"
AT_ONCE = 2000

Vectors = NDArray[np.float16]


def insert(space: VectorSpace, images: Sequence[int], vectors: Vectors) -> None:
    """Adds the vectors of images, by their keys, to a space. Raises `IntegrityError` where one is
    there already."""
    rows = np.zeros(len(images), _row(vectors.shape[1], "space", "image", reason=True))
    rows["fields"] = 4
    rows["space"], rows["image"] = space.pk, images
    rows["vector"] = vectors
    statement = sql.SQL("COPY {} (space_id, image_id, vector, reason) FROM STDIN (FORMAT binary)")
    with (
        connection.cursor() as cursor,
        cursor.copy(statement.format(sql.Identifier(ImageVector._meta.db_table))) as copy,
    ):
        copy.write(HEADER + _with_lengths(rows).tobytes() + TRAILER)


def stream(space: VectorSpace) -> Iterator[tuple[NDArray[np.int64], Vectors]]:
    """All vectors of a space with the keys of their images, in no order, some at a time."""
    statement = sql.SQL(
        "COPY (SELECT image_id, vector FROM {} WHERE space_id = {} AND vector IS NOT NULL)"
        " TO STDOUT (FORMAT binary)"
    ).format(sql.Identifier(ImageVector._meta.db_table), sql.Literal(space.pk))
    kind = _row(space.dimensions, "image", reason=False)
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for block in _joined(copy, kind.itemsize):
            rows = np.frombuffer(block, kind)
            yield rows["image"].astype(np.int64), rows["vector"].astype(np.float16)


def halfvec(vector: Vectors) -> bytes:
    """One vector in PostgreSQL's binary form."""
    return np.array([len(vector), 0], ">u2").tobytes() + vector.astype(">f2").tobytes()


def _row(dimensions: int, *keys: str, reason: bool) -> np.dtype[Any]:
    """A row as PostgreSQL writes it: every number with its first byte first."""
    fields: list[tuple[Any, ...]] = [("fields", ">i2")]
    for key in keys:
        fields += [(f"{key}_length", ">i4"), (key, ">i8")]
    fields += [("vector_length", ">i4"), ("dimensions", ">u2"), ("unused", ">u2")]
    fields += [("vector", ">f2", (dimensions,))]
    fields += [("reason_length", ">i4")] if reason else []
    return np.dtype(fields)


def _with_lengths(rows: NDArray[Any]) -> NDArray[Any]:
    for name in rows.dtype.names or ():
        if name.endswith("_length") and name not in ("vector_length", "reason_length"):
            rows[name] = 8
    dimensions = rows["vector"].shape[1]
    rows["dimensions"] = dimensions
    rows["vector_length"] = 4 + 2 * dimensions
    return rows


def _joined(messages: Iterator[Any], size: int) -> Iterator[bytes]:
    """Rows of one size each, many at a time, out of messages that may be cut anywhere."""
    held = bytearray()
    begun = False
    for message in messages:
        held += message
        if not begun and len(held) >= len(HEADER):
            del held[: len(HEADER)]
            begun = True
        if begun and len(held) >= size * AT_ONCE:
            whole = len(held) - len(held) % size
            yield bytes(held[:whole])
            del held[:whole]
    if len(held) % size != len(TRAILER):
        raise ValueError("PostgreSQL gave vectors of another size than their space has.")
    yield bytes(held[: -len(TRAILER)])


def texts(space: VectorSpace, keys: Sequence[str]) -> Mapping[str, tuple[Vectors, bool]]:
    """The vectors of texts that are known, by the key of the text, and whether it was cut."""
    statement = (
        "SELECT text_key, halfvec_send(vector), cut FROM generation_textvector"
        " WHERE space_id = %s AND text_key = ANY(%s)"
    )
    found = {}
    with connection.cursor() as cursor:
        cursor.execute(statement, [space.pk, list(keys)])
        for key, sent, cut in cursor:
            found[key] = (np.frombuffer(sent, ">f2", offset=4).astype(np.float16), cut)
    return found


def insert_texts(
    space: VectorSpace, keys: Sequence[str], vectors: Vectors, cut: Sequence[bool]
) -> None:
    """Adds the vectors of texts; those that another process added meanwhile stay as they are."""
    statement = (
        "INSERT INTO generation_textvector (space_id, text_key, vector, cut)"
        " VALUES (%s, %s, %s::halfvec, %s) ON CONFLICT (space_id, text_key) DO NOTHING"
    )
    rows = sorted(zip(keys, vectors, cut, strict=True), key=lambda row: row[0])
    with connection.cursor() as cursor:
        cursor.executemany(statement, [(space.pk, k, _written(v), c) for k, v, c in rows])


def _written(vector: Vectors) -> str:
    return f"[{','.join(map(repr, vector.tolist()))}]"
