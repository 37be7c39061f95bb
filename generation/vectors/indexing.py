"""One HNSW index per space: for the top images of a text that somebody types.

PostgreSQL builds it beside whatever goes on, which takes a minute for 100,000 images, and keeps it
up to date from then on. Exact ranks never use it.
"""

from django.db import connection
from django.utils import timezone
from psycopg import sql

from generation.models import ImageVector, VectorSpace
from review.locking import held

# The most that pgvector indexes in half precision. Wider vectors are ranked exactly.
MOST_DIMENSIONS = 4000
# The first number of PostgreSQL's advisory locks on making an index, one lock per space.
INDEXING = 0x1DA
# The graph of 100,000 images at 512 dimensions fits into it.
MEMORY = "256MB"


def name_of(space: VectorSpace) -> str:
    return f"vectors_of_space_{space.pk}"


def make_index(space: VectorSpace) -> bool:
    """Makes the index of a space where it is missing; False where another worker is at it.
    Outside any transaction."""
    with held(INDEXING, space.pk) as is_ours:
        if not is_ours:
            return False
        if not _is_valid(space):
            _drop(space)  # What a worker that was killed left behind.
            _create(space)
        VectorSpace.objects.filter(pk=space.pk).update(indexed=timezone.now())
    return True


def drop_index(space: VectorSpace) -> None:
    VectorSpace.objects.filter(pk=space.pk).update(indexed=None)
    _drop(space)


def _create(space: VectorSpace) -> None:
    statement = sql.SQL(
        "CREATE INDEX CONCURRENTLY {} ON {} USING hnsw"
        " ((vector::halfvec({})) halfvec_ip_ops) WHERE space_id = {} AND vector IS NOT NULL"
    ).format(
        sql.Identifier(name_of(space)),
        sql.Identifier(ImageVector._meta.db_table),
        sql.Literal(space.dimensions),
        sql.Literal(space.pk),
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('maintenance_work_mem', %s, false)", [MEMORY])
        try:
            cursor.execute(statement)
        finally:
            cursor.execute("RESET maintenance_work_mem")


def _drop(space: VectorSpace) -> None:
    name = sql.Identifier(name_of(space))
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("DROP INDEX CONCURRENTLY IF EXISTS {}").format(name))


def _is_valid(space: VectorSpace) -> bool:
    statement = (
        "SELECT indisvalid FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid"
        " WHERE relname = %s"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [name_of(space)])
        found = cursor.fetchone()
    return bool(found and found[0])
