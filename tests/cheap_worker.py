"""A worker whose `dense` retrievers have a model that takes no time; for the benchmark `trying`."""

from generation import retrievers
from recqr_site.celery import app
from tests.cheap_encoder import CheapEncoder, CheapKind

__all__ = ["app"]

retrievers.KINDS["dense"] = CheapKind(CheapEncoder(size=512, batch=256))
