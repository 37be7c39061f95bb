"""How gunicorn serves behind `make run` and in the container. Measured: two workers with four
threads and a pooled database connection each serve best on two cores."""

import importlib
import os
import signal
import threading
from pathlib import Path
from typing import Any

from recqr_site.embedded.processes import die_with_parent

worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = 4
keepalive = 0  # a kept connection would hold one of few threads
timeout = 60
graceful_timeout = 5
# Heartbeats on a disk that is busy would get healthy workers killed.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
control_socket_disable = True  # its default path is shared between copies


def post_fork(server: Any, worker: Any) -> None:
    """A worker never outlives the process that watches it."""
    die_with_parent(signal.SIGKILL, server.pid)


def post_worker_init(worker: Any) -> None:
    """Reads what pages of figures need beside the first requests: whoever asks for the first such
    page would wait for it a third of a second or more."""
    threading.Thread(target=importlib.import_module, args=["scipy.special"], daemon=True).start()
