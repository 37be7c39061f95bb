"""A worker whose `dense` retrievers have a model that takes no time; for the benchmark `trying`."""

from typing import Any

from celery import signals

from recqr_site.celery import app

__all__ = ["app"]


@signals.celeryd_after_setup.connect
def take_cheap_model(**_: Any) -> None:
    from generation import retrievers  # noqa: PLC0415 - Django is set up by the worker
    from tests.cheap_encoder import CheapEncoder, CheapKind  # noqa: PLC0415

    retrievers.KINDS["dense"] = CheapKind(CheapEncoder(size=512, batch=256))
