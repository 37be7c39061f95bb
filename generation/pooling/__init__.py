"""Which images people look at to say whether they fit a dialogue as well as its target."""

from generation.pooling.pool import MOST, Pool, Pooled, pool_of
from generation.pooling.queue import Progress, next_after, progress

__all__ = ["MOST", "Pool", "Pooled", "Progress", "next_after", "pool_of", "progress"]
