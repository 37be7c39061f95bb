"""One `make run` per record: a lock that says where the record is being served."""

import fcntl
import os
from pathlib import Path
from typing import IO

from recqr_site.serving.errors import CannotServe


def claim(record: Path) -> IO[str]:
    """Take the record for this supervisor; the file must stay open. Raises CannotServe if taken."""
    path = record / "run" / "serving"
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        file.seek(0)
        raise CannotServe(
            f"{record} is already served at {file.read().strip() or 'another address'}. Stop that "
            "one first, or serve another record beside it: make run RECQR_VAR=FOLDER PORT=8001"
        ) from error
    return file


def publish(file: IO[str], address: str) -> None:
    """Write down where it is served, for whoever tries to serve it again."""
    file.seek(0)
    file.truncate()
    file.write(f"{address} (process {os.getpid()})\n")
    file.flush()
