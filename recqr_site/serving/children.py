"""One part of the site as a child process: started, noticed when it dies, stopped whole."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from recqr_site.embedded.places import log_tail, open_log
from recqr_site.embedded.processes import tethered
from recqr_site.embedded.watch import Pauses
from recqr_site.record import PROJECT_DIR


class Child:
    def __init__(
        self,
        name: str,
        command: list[str],
        *,
        log: Path | None,
        stop_signal: int = signal.SIGTERM,
        pass_fds: tuple[int, ...] = (),
        environment: dict[str, str] | None = None,
    ) -> None:
        self.name = name
        self.command = command
        self.log = log
        self.stop_signal = stop_signal
        self.pass_fds = pass_fds
        self.environment = environment or {}
        self.process: subprocess.Popen[bytes] | None = None
        self.pauses = Pauses()
        self.due: float | None = None

    def start(self, output: int | None = None) -> None:
        """Start it in a session of its own: no Ctrl-C of the terminal reaches it but through us.

        It is killed with this process. Its output goes to `output`, its log, or the terminal.
        """
        log = open_log(self.log) if self.log and output is None else None
        try:
            self.process = subprocess.Popen(
                self.command,
                cwd=PROJECT_DIR,
                env={**os.environ, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=output if output is not None else log,
                stderr=log,
                pass_fds=self.pass_fds,
                preexec_fn=tethered(signal.SIGKILL),
                start_new_session=True,
            )
        finally:
            if log is not None:
                os.close(log)
        self.due = None
        self.pauses.begin()

    def look(self, tell: Callable[[str], None]) -> bool:
        """Notice a death and start it again after its pause; True when it was started again."""
        if self.process is not None and self.has_ended():
            code = self.reap()
            pause = self.pauses.after_death()
            self.due = time.monotonic() + pause
            tell(f"{self.name} ended ({_manner(code)}); {_when(pause)}.{self._last_words(pause)}")
        if self.due is not None and time.monotonic() >= self.due:
            self.start()
            return True
        return False

    def has_ended(self) -> bool:
        """Whether it is dead; it stays a zombie, so that its group's number is not used again."""
        if self.process is None or self.process.returncode is not None:
            return True
        if not hasattr(os, "waitid"):  # macOS before Python 3.13
            return self.process.poll() is not None
        options = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return os.waitid(os.P_PID, self.process.pid, options) is not None

    def reap(self) -> int:
        """Kill what is left of its session, then take its exit code."""
        if self.process is None:
            return 0
        self._signal_all(signal.SIGKILL)
        code = self.process.wait()
        self.process = None
        return code

    def again(self) -> None:
        """Ask it to end so that the next look starts it afresh, at once."""
        self.pauses.deaths = 0
        self.signal_stop()

    def signal_stop(self) -> None:
        if self.process is not None and not self.has_ended():
            self.process.send_signal(self.stop_signal)

    def end(self, deadline: float) -> None:
        """Wait for its end until `deadline` (monotonic seconds), then kill it."""
        while not self.has_ended() and time.monotonic() < deadline:
            time.sleep(0.02)
        self.due = None
        self.reap()

    def _signal_all(self, number: int) -> None:
        with suppress(ProcessLookupError, PermissionError):
            if self.process is not None:
                os.killpg(self.process.pid, number)

    def _last_words(self, pause: float) -> str:
        """What its log says, once it keeps dying: then there is something to mend."""
        return f"\n  {log_tail(self.log)} (more in {self.log})" if pause and self.log else ""


def _manner(code: int) -> str:
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def _when(pause: float) -> str:
    return f"starting it again in {pause:.1f} s" if pause else "starting it again"
