"""The images nearest to a vector, by the HNSW index of a space: quick, and nearly always right."""

from collections.abc import Collection

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray
from psycopg import sql

from generation.models import ImageVector, VectorSpace
from generation.retrievers import Hits, Queries, Sought
from generation.retrievers.vector_index import VectorIndex
from review.models import Image

# How many candidates the graph is searched for: beyond the images asked for, so that few are
# missed.
CANDIDATES = 100


def nearest(
    space: VectorSpace,
    vector: NDArray[np.float16],
    count: int,
    *,
    left_out: Collection[str] = (),
) -> list[str]:
    """The ids of the nearest images of the present corpus but those left out, the nearest first.

    Where many of the nearest are left out or have been removed, the index is searched further.
    """
    statement = sql.SQL(
        "SELECT image.external_id FROM {vectors} AS given JOIN {images} AS image"
        " ON image.id = given.image_id"
        " WHERE given.space_id = {space} AND given.vector IS NOT NULL"
        " AND image.removed_version IS NULL AND NOT image.external_id = ANY(%s)"
        " ORDER BY (given.vector::halfvec({dimensions})) <#> %s::halfvec({dimensions}) LIMIT %s"
    ).format(
        vectors=sql.Identifier(ImageVector._meta.db_table),
        images=sql.Identifier(Image._meta.db_table),
        space=sql.Literal(space.pk),
        dimensions=sql.Literal(space.dimensions),
    )
    written = f"[{','.join(map(repr, vector.tolist()))}]"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL hnsw.iterative_scan = strict_order")
        cursor.execute(
            "SELECT set_config('hnsw.ef_search', %s, true)", [str(max(count, CANDIDATES))]
        )
        # The planner knows nothing of how few images are looked at: it would rather sort them all.
        cursor.execute("SET LOCAL enable_sort = off")
        cursor.execute(statement, [list(left_out), written, count])
        return [image_id for (image_id,) in cursor.fetchall()]


def quick_hits(
    space: VectorSpace, index: VectorIndex, queries: Queries, sought: Sought, count: int
) -> list[Hits]:
    """What each text finds: exact ranks, and the best images by HNSW where there is one."""
    each = [sought] * len(queries)
    if space.indexed is None or queries.vectors is None:
        return index.search(queries, each, count)
    left_out = [index.image_ids[place] for place in sought.left_out]
    near = [nearest(space, vector, count, left_out=left_out) for vector in queries.vectors]
    hits = index.search(queries, each)
    tops = index.in_order(queries, near)
    return [Hits(one.ranks, top) for one, top in zip(hits, tops, strict=True)]
