"""What cannot be served is refused in a sentence that says how to mend it."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

from recqr_site.embedded import EmbeddedError
from recqr_site.embedded.places import private_dir
from recqr_site.embedded.processes import User, open_to_all, tethered
from tests.plugins.records import PROJECT, USER, Record, is_alive, within

AS_ROOT = pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
SITE = sysconfig.get_path("purelib")


def manage(record: Record, *words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(PROJECT / "manage.py"), *words]
    env = record.environment(**environment)
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False)


def test_a_link_in_place_of_the_socket_folder_is_refused(record: Record, tmp_path: Path) -> None:
    record.places.sockets.symlink_to(tmp_path)
    try:
        with pytest.raises(EmbeddedError, match=r"it is a link\. Remove it"):
            record.join()
    finally:
        record.places.sockets.unlink()


@AS_ROOT
def test_a_socket_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "sockets"
    folder.mkdir()
    os.chown(folder, pwd.getpwnam("nobody").pw_uid, -1)
    with pytest.raises(EmbeddedError, match="owned by user"):
        private_dir(folder)


def test_others_cannot_look_into_the_socket_folder(record: Record) -> None:
    record.join(["redis"])
    assert record.places.sockets.stat().st_mode & 0o066 == 0
    assert record.places.valkey_socket.stat().st_mode & 0o077 == 0


def test_a_database_of_another_postgresql_is_refused_by_name(record: Record) -> None:
    record.places.make()
    record.places.postgres.mkdir()
    (record.places.postgres / "PG_VERSION").write_text("15\n")
    with pytest.raises(EmbeddedError, match=r"made by PostgreSQL 15.*RECQR_VAR"):
        record.join(["postgres"])


def test_a_record_that_is_a_file_is_refused_in_one_line(record: Record) -> None:
    record.path.write_text("not a folder")
    result = manage(record, "migrate")
    assert result.returncode == 2
    assert len(result.stderr.splitlines()) == 1
    assert "cannot be written" in result.stderr
    assert "RECQR_VAR" in result.stderr


@pytest.mark.parametrize(
    ("variable", "url"),
    [
        ("DATABASE_URL", "postgres://someone:secret-word@127.0.0.1:9/none"),
        ("DATABASE_URL", "postgres://someone:secret-word@nowhere.invalid/none"),
        ("DATABASE_URL", "mysql://127.0.0.1/none"),
    ],
)
def test_an_unreachable_database_is_named_in_one_line(
    record: Record, variable: str, url: str
) -> None:
    result = manage(record, "migrate", **{variable: url})
    assert result.returncode == 2
    assert "Traceback" not in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert variable in result.stderr
    assert "secret-word" not in result.stderr


def test_help_starts_no_service(record: Record) -> None:
    assert manage(record, "help").returncode == 0
    assert manage(record, "migrate", "--help").returncode == 0
    assert not record.places.postgres.exists()


def _interpreter_for_all() -> list[str] | None:
    """A Python of this version that any user may run; the venv's may live in a closed home."""
    again = "import subprocess, sys; subprocess.run([sys.executable, '-c', ''], check=True)"
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for candidate in (sys.executable, shutil.which(version, path="/usr/local/bin:/usr/bin")):
        command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", str(candidate)]
        if (
            candidate
            and subprocess.run([*command, "-c", again], capture_output=True, check=False).returncode
            == 0
        ):
            return command
    return None


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that an ordinary user owns; pytest's own are closed to others."""
    folder = Path("/tmp") / f"recqr-ordinary-{os.getpid()}"  # noqa: S108
    folder.mkdir(mode=0o755)
    os.chown(folder, 65534, 65534)
    yield folder
    within(10, Record(folder / "var").is_quiet)
    shutil.rmtree(folder, ignore_errors=True)


@AS_ROOT
def test_an_ordinary_user_has_services_too(open_folder: Path) -> None:
    command = _interpreter_for_all() if shutil.which("setpriv") else None
    if command is None:
        pytest.skip("no Python here that an ordinary user may run")
    if not open_to_all(PROJECT / "manage.py") or not open_to_all(Path(SITE) / "psutil"):
        pytest.skip("the project lies where an ordinary user may not enter")
    env = {"RECQR_VAR": str(open_folder / "var"), "PYTHONPATH": f"{PROJECT}:{SITE}"}
    result = subprocess.run(
        [*command, "-c", USER], env=env, input="", capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert "recqr-65534-" in result.stdout
    assert (open_folder / "var" / "postgres").stat().st_uid == 65534


@AS_ROOT
def test_as_root_postgresql_runs_as_nobody_even_below_a_closed_folder(
    record: Record, tmp_path: Path
) -> None:
    tmp_path.chmod(0o700)
    connection, pids = record.join(["postgres"])
    status = Path(f"/proc/{pids['postgres']}/status").read_text()
    assert f"Uid:\t{pwd.getpwnam('nobody').pw_uid}\t" in status
    connection.close()
    within(5, lambda: not is_alive(pids["keeper"]))


@AS_ROOT
def test_as_root_a_server_finds_its_programs_below_a_closed_folder(tmp_path: Path) -> None:
    """initdb looks for them by access(2), which leaves most capabilities aside."""
    program = tmp_path / "program"
    program.touch(mode=0o755)
    tmp_path.chmod(0o700)
    nobody = pwd.getpwnam("nobody")
    user = User(nobody.pw_uid, nobody.pw_gid, needs_search=True)
    answer = subprocess.run(
        ["/bin/sh", "-c", f"id -u; test -r '{program}' && test -x '{program}' && echo found"],
        preexec_fn=tethered(signal.SIGKILL, user),
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.stdout.split() == [str(nobody.pw_uid), "found"], answer.stderr
