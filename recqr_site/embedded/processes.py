"""Processes that never outlive their parent, and users that a server may run as."""

import ctypes
import os
import pwd
import signal
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil

LINUX = sys.platform.startswith("linux")
LIBC = ctypes.CDLL(None, use_errno=True)  # loaded before any fork

# Numbers of linux/prctl.h and linux/capability.h
PR_SET_PDEATHSIG = 1
PR_SET_KEEPCAPS = 8
PR_SET_SECUREBITS = 28
PR_SET_CHILD_SUBREAPER = 36
PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 47, 2
CAP_DAC_READ_SEARCH = 2
SECBIT_NO_SETUID_FIXUP = 1 << 2
CAPABILITY_VERSION_3 = 0x20080522


@dataclass(frozen=True)
class User:
    """Whom a server runs as: its own user ids, and whether paths are closed to that user."""

    uid: int
    gid: int
    needs_search: bool = False


def _prctl(option: int, *arguments: int) -> None:
    numbers = [ctypes.c_ulong(number) for number in (*arguments, 0, 0, 0, 0)[:4]]
    if LINUX and LIBC.prctl(option, *numbers) != 0:
        raise OSError(ctypes.get_errno(), f"prctl({option}) failed")


def die_with_parent(number: int, parent: int) -> None:
    """Ask the kernel for signal `number` when `parent` dies; go at once if it is already dead.

    Call it after every change of user: that clears the wish. Elsewhere than on Linux there is
    no such wish, and what is left behind is ended at the next start.
    """
    _prctl(PR_SET_PDEATHSIG, number)
    if os.getppid() != parent:
        os._exit(1)


def adopt_orphans() -> None:
    """Become the parent of grandchildren whose own parent died, so that they can be waited for."""
    _prctl(PR_SET_CHILD_SUBREAPER, 1)


def tethered(number: int, user: User | None = None) -> Callable[[], None]:
    """What a child runs between fork and exec: drop to `user`, then die with this process."""
    parent = os.getpid()

    def prepare() -> None:
        if user is not None:
            _become(user)
        die_with_parent(number, parent)

    return prepare


def _become(user: User) -> None:
    if user.needs_search:
        # Or access(2), by which initdb looks for its programs, would leave capabilities aside.
        _prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP)
        _prctl(PR_SET_KEEPCAPS, 1)
    os.setgroups([])
    os.setgid(user.gid)
    os.setuid(user.uid)
    if user.needs_search:
        _keep_search()


def _keep_search() -> None:
    """Keep the one capability that passes closed folders, across exec (an ambient capability),
    and give up all others.
    """
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    bit = 1 << CAP_DAC_READ_SEARCH
    data = (ctypes.c_uint32 * 6)(bit, bit, bit, 0, 0, 0)  # effective, permitted, inheritable
    if LIBC.capset(header, data) != 0:
        raise OSError(ctypes.get_errno(), "capset failed: no CAP_DAC_READ_SEARCH here")
    _prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_READ_SEARCH)


def server_user(paths: Iterable[Path]) -> User | None:
    """None for an ordinary user; as root `nobody`, since PostgreSQL refuses to run as root."""
    if os.getuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    closed = any(not open_to_all(path) for path in paths)
    return User(nobody.pw_uid, nobody.pw_gid, needs_search=closed)


def open_to_all(path: Path) -> bool:
    """Whether every user may traverse the folders above `path`."""
    return all(folder.stat().st_mode & 0o001 for folder in path.resolve().parents)


def end_leftovers(folder: Path, name: str) -> None:
    """Kill processes called `name` that work in `folder`: what a killed server left behind.

    Only under the keeper's lock: then nobody else can be serving that folder.
    """
    left = [
        process for process in psutil.process_iter(["name"]) if _works_in(process, folder, name)
    ]
    for process in left:
        process.send_signal(signal.SIGKILL)
    psutil.wait_procs(left, timeout=10)


def _works_in(process: psutil.Process, folder: Path, name: str) -> bool:
    try:
        return process.info["name"] == name and process.cwd() == str(folder)
    except psutil.Error:
        return False
