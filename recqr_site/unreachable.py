"""One clear line for a database or Redis that cannot be reached, in place of a traceback."""

import os
from urllib.parse import urlsplit

import psycopg
from django.db.utils import OperationalError as DatabaseError
from django.db.utils import ProgrammingError
from kombu.exceptions import OperationalError as BrokerError
from redis.exceptions import ConnectionError as RedisError
from redis.exceptions import TimeoutError as RedisTimeout

# No answer; starting up, no such database or user, wrong password, too many connections.
REFUSALS = {None, "57P03", "3D000", "28000", "28P01", "53300"}
MIGRATE = "The database is not set up for this code. Run: .venv/bin/python manage.py migrate"
# No such table, no such column: nobody migrated.
BEHIND = {"42P01", "42703"}


class Unreachable(Exception):
    """A server that was named does not answer; the message is for the person at the terminal."""


def check_database(url: str) -> None:
    """Connect once. Raises Unreachable with the reason, where the pool would wait and not tell."""
    if urlsplit(url).hostname is None:  # a socket, as the embedded server's: answers at once
        return
    try:
        psycopg.connect(url, connect_timeout=5).close()
    except psycopg.OperationalError as error:
        raise Unreachable(_sentence("PostgreSQL", "DATABASE_URL", error)) from error
    except psycopg.Error:  # not an address for libpq: settings will say what is wrong with it
        return


def explain(error: BaseException) -> str | None:
    """The sentence for a server that is gone or not set up; None for any other error."""
    if isinstance(error, ProgrammingError):
        behind = getattr(error.__cause__, "sqlstate", None) in BEHIND
        return MIGRATE if behind else None
    if isinstance(error, DatabaseError):
        cause = error.__cause__
        if getattr(cause, "sqlstate", None) in REFUSALS:
            return _sentence("PostgreSQL", "DATABASE_URL", error)
    if isinstance(error, RedisError | RedisTimeout | BrokerError):
        return _sentence("Redis", "REDIS_URL", error)
    return None


def _sentence(server: str, variable: str, error: BaseException) -> str:
    reason = " ".join(str(error).split()).rstrip(" .?")
    place = _place(os.environ.get(variable, ""))
    return f"{server} at {place} cannot be reached: {reason}. Check {variable}."


def _place(url: str) -> str:
    """Host and port of a URL, never its password."""
    parts = urlsplit(url)
    return (
        f"{parts.hostname or ''}{parts.path}"
        if not parts.port
        else f"{parts.hostname}:{parts.port}"
    )
