"""An OpenAI-compatible server of our own, on loopback: it answers, and fails as it is told.

Answers are made from the request's own JSON schema, vectors from what is asked about. Every
request is kept, so that a test can look at what really went over the wire. Run by itself it serves
until killed:
`python -m tests.model_server --port 8099 --latency 0.5`.
"""

from tests.model_server.faults import (
    BROKEN_BODY,
    BROKEN_JSON,
    CUT,
    DROPPED,
    EMPTY,
    EVERY_KIND,
    NOT_A_NUMBER,
    OFF_SCHEMA,
    REFUSAL,
    WRONG_COUNT,
    WRONG_DIMENSIONS,
    ZERO,
    Fault,
)
from tests.model_server.replies import MODEL
from tests.model_server.server import ModelServer, Seen, serving

__all__ = [
    "BROKEN_BODY",
    "BROKEN_JSON",
    "CUT",
    "DROPPED",
    "EMPTY",
    "EVERY_KIND",
    "MODEL",
    "NOT_A_NUMBER",
    "OFF_SCHEMA",
    "REFUSAL",
    "WRONG_COUNT",
    "WRONG_DIMENSIONS",
    "ZERO",
    "Fault",
    "ModelServer",
    "Seen",
    "serving",
]
