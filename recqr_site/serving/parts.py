"""What the supervisor runs: the command lines of every part of the site."""

import os
import signal
import socket
import sys
from pathlib import Path

from recqr_site.embedded.places import Places
from recqr_site.record import PROJECT_DIR
from recqr_site.serving.children import Child

# Never the scripts beside it: their first line breaks on spaces and on long paths.
PYTHON = sys.executable
ALONE = "RECQR_ONLY_SITE"  # tells our workers that no others use the same Redis
MANAGE = str(PROJECT_DIR / "manage.py")
GUNICORN_CONF = str(Path(__file__).with_name("gunicorn_conf.py"))


def prepare(*, demo_accounts: bool, dev: bool) -> Child:
    """Migrations, static files and the sample, in one process that prints its progress."""
    words = ["--demo-accounts" if demo_accounts else "--no-demo-accounts"]
    words += ["--no-static"] if dev else []
    return Child("preparation", [PYTHON, "-u", MANAGE, "prepare", *words], log=None)


def parts(listener: socket.socket, record: Path, alone: bool, *, dev: bool) -> list[Child]:
    """Web server, workers and beat; `alone` says that no other site uses this Redis."""
    places = Places.of(record)

    def log(name: str) -> Path | None:
        return None if dev else places.log(name)

    level = "INFO" if dev else "WARNING"
    # Long runs at slow models must never hold up the check of what somebody just approved.
    return [
        web(listener, log("web")),
        worker("models", "llm", log("worker-models"), alone=alone, level=level),
        worker("checks", "retrieval,default", log("worker-checks"), alone=alone, level=level),
        beat(log("beat"), places.lock.with_name("beat-schedule")),
    ]


def web(listener: socket.socket, log: Path | None) -> Child:
    number = listener.fileno()
    words = ["-c", GUNICORN_CONF, "--bind", f"fd://{number}", "recqr_site.wsgi:application"]
    return Child("Web server", [PYTHON, "-m", "gunicorn", *words], log=log, pass_fds=(number,))


def worker(name: str, queues: str, log: Path | None, *, alone: bool, level: str) -> Child:
    # Two runs side by side: one whose server is down must not hold up all others.
    side_by_side = "2" if name == "models" else "1"
    words = ["-Q", queues, "-n", f"{name}@%h", "--concurrency", side_by_side, "--loglevel", level]
    # Workers of one supervisor have nothing to tell each other: a second less at the start.
    words += ["--without-mingle", "--without-gossip"] if alone else []
    return Child(
        f"Worker of {name}",
        [PYTHON, "-m", "recqr_site.serving.worker", *words],
        log=log,
        stop_signal=signal.SIGQUIT,  # "cold": tasks in hand go back to their queue
        environment={ALONE: "1"} if alone else {},
    )


def beat(log: Path | None, schedule: Path) -> Child:
    words = ["--schedule", str(schedule), "--pidfile", "", "--loglevel", "WARNING"]
    return Child("Beat", [PYTHON, "-m", "celery", "-A", "recqr_site", "beat", *words], log=log)


def watcher() -> tuple[Child, int]:
    """The watcher of sources, started, and the descriptor that its lines come from."""
    child = Child("Watcher", [PYTHON, "-m", "recqr_site.serving.watcher"], log=None)
    reading, writing = os.pipe()
    child.start(output=writing)
    os.close(writing)
    return child, reading
