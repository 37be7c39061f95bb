"""Turns: long work lets go after a while, and others get theirs."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Timer


@contextmanager
def turn(seconds: float) -> Iterator[Event]:
    """An event that is set after so many seconds, for work that ends early when it is."""
    enough = Event()
    timer = Timer(seconds, enough.set)
    timer.start()
    try:
        yield enough
    finally:
        timer.cancel()
