"""Where one record's servers keep their data, their logs and their sockets."""

import hashlib
import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from recqr_site.embedded.errors import EmbeddedError

# Unix sockets end at 107 bytes and TMPDIR differs from shell to shell: one short fixed place.
SOCKET_ROOT = Path("/tmp")  # noqa: S108  (private_dir refuses whatever somebody else left there)
LOG_LIMIT = 10_000_000


@dataclass(frozen=True)
class Places:
    """Paths of one record; two names of the same folder give the same sockets."""

    record: Path
    sockets: Path

    @classmethod
    def of(cls, record: Path) -> "Places":
        real = record.resolve()
        name = hashlib.sha256(os.fsencode(real)).hexdigest()[:12]
        return cls(record=real, sockets=SOCKET_ROOT / f"recqr-{os.getuid()}-{name}")

    @property
    def lock(self) -> Path:
        return self.record / "run" / "keeper.lock"

    @property
    def control(self) -> Path:
        return self.sockets / "control"

    @property
    def postgres(self) -> Path:
        return self.record / "postgres"

    @property
    def postgres_sockets(self) -> Path:
        return self.sockets / "pg"

    @property
    def valkey(self) -> Path:
        return self.record / "valkey"

    @property
    def valkey_socket(self) -> Path:
        return self.sockets / "valkey"

    def log(self, name: str) -> Path:
        return self.record / "log" / f"{name}.log"

    def urls(self) -> dict[str, str]:
        """The addresses that settings read, by the service's short name."""
        return {
            "postgres": f"postgres://recqr@/{self.postgres_sockets}/recqr",
            "redis": f"unix://{self.valkey_socket}?db=0",
        }

    def make(self) -> None:
        """Make the folders. Raises EmbeddedError where that fails or sockets are not ours."""
        try:
            for folder in (self.lock.parent, self.log("keeper").parent):
                folder.mkdir(parents=True, exist_ok=True)
                os.chmod(folder, 0o700)
        except OSError as error:
            raise EmbeddedError(
                f"The record {self.record} cannot be written ({error.strerror}). "
                "Run as its owner, or name another folder with RECQR_VAR."
            ) from error
        private_dir(self.sockets)


def private_dir(path: Path) -> None:
    """Make `path`, or check that it is a real folder of ours that nobody else can enter.

    As root it stays traversable (0711), because PostgreSQL runs as another user below it.
    """
    mode = 0o711 if os.getuid() == 0 else 0o700
    while True:
        try:
            with suppress(FileExistsError):
                os.mkdir(path, 0o700)
            check_private(path, path.lstat())
            return os.chmod(path, mode)
        except FileNotFoundError:  # a keeper that ended has just removed it
            continue


def check_private(path: Path, found: os.stat_result) -> None:
    """Someone may have put a link or a folder of theirs where our sockets are to be."""
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        kind = "a link" if stat.S_ISLNK(found.st_mode) else f"owned by user {found.st_uid}"
        raise EmbeddedError(
            f"{path} should be this user's private folder for sockets, but it is {kind}. "
            "Remove it, then try again."
        )


def open_log(path: Path) -> int:
    """A descriptor that appends to `path`; a log past 10 MB first becomes `<name>.1`."""
    if path.exists() and path.stat().st_size > LOG_LIMIT:
        path.replace(path.with_name(path.name + ".1"))
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)


def log_tail(path: Path, start: int = 0) -> str:
    """The last words of a log since byte `start`, on one line."""
    try:
        with path.open("rb") as file:
            file.seek(max(start, path.stat().st_size - 2000))
            lines = file.read().decode(errors="replace").strip().splitlines()
    except FileNotFoundError:
        return ""
    return " | ".join(lines[-3:])
