"""One server under watch: started, waited for, started again when it dies, with growing pauses."""

import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from recqr_site.embedded.errors import EmbeddedError
from recqr_site.embedded.places import log_tail

START_SECONDS = 300  # recovery after a crash replays the log, which may take minutes
STOP_SECONDS = 15
STEADY_SECONDS = 20  # alive that long: the next death is not part of a series
LONGEST_PAUSE = 30.0


class Server(Protocol):
    name: str
    log: Path
    stop_signal: int
    kill_signal: int

    def start(self) -> "subprocess.Popen[bytes]":
        """Start the process; it need not answer yet."""

    def is_ready(self) -> bool:
        """Whether it answers."""

    def mend(self, attempt: int, log_start: int) -> bool:
        """Mend what keeps it from starting; False if there is nothing to be done."""


class Pauses:
    """How long to wait before the next start: at once, then half a second, doubling to 30."""

    def __init__(self) -> None:
        self.deaths = 0
        self.started = 0.0

    def begin(self) -> None:
        self.started = time.monotonic()

    def after_death(self) -> float:
        if time.monotonic() - self.started > STEADY_SECONDS:
            self.deaths = 0
        self.deaths += 1
        return 0.0 if self.deaths == 1 else min(LONGEST_PAUSE, 0.25 * 2.0 ** (self.deaths - 1))


class Watched:
    def __init__(self, server: Server, tell: Callable[[str], None]) -> None:
        self.server = server
        self.tell = tell
        self.process: subprocess.Popen[bytes] | None = None
        self.pauses = Pauses()
        self.due: float | None = None

    def begin(self) -> None:
        """Start it and wait until it answers, mending what can be mended.

        Raises EmbeddedError with the last words of its log.
        """
        for attempt in range(1, 4):
            mark = self.server.log.stat().st_size if self.server.log.exists() else 0
            self.pauses.begin()
            self.process = self.server.start()
            if self._answers():
                self.due = None
                return
            self.end()
            if not self.server.mend(attempt, mark):
                break
            self.tell(f"{self.server.name} did not start on a damaged file: mended it.")
        raise EmbeddedError(
            f"{self.server.name} does not start: {log_tail(self.server.log, mark)} "
            f"(more in {self.server.log})"
        )

    def _answers(self) -> bool:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.process is None or self.process.poll() is not None:
                return False
            if self.server.is_ready():
                return True
            time.sleep(0.02)
        return False

    def look(self) -> None:
        """Notice a death, and start it again once its pause is over."""
        if self.process is not None and self.process.poll() is not None:
            self.process = None
            self.due = time.monotonic() + self.pauses.after_death()
        if self.due is not None and time.monotonic() >= self.due:
            self._again()

    def _again(self) -> None:
        began = time.monotonic()
        try:
            self.begin()
        except EmbeddedError as error:
            self.process = None
            self.due = time.monotonic() + max(1.0, self.pauses.after_death())
            self.tell(str(error))
        else:
            self.tell(f"{self.server.name} died; back after {time.monotonic() - began:.1f} s.")

    def signal_stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(self.server.stop_signal)

    def end(self) -> None:
        """Stop it for good; the last means is SIGKILL, and nothing is lost by it."""
        self.due = None
        if self.process is None:
            return
        for number, seconds in (
            (self.server.stop_signal, STOP_SECONDS),
            (self.server.kill_signal, 5),
        ):
            if self.process.poll() is None:
                self.process.send_signal(number)
                try:
                    self.process.wait(seconds)
                except subprocess.TimeoutExpired:
                    continue
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process = None
