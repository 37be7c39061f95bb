"""Set-up says in one line what a machine lacks, and takes no time once it is done."""

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from tests.plugins.records import PROJECT

# Answers the questions of .ci/setup like a Python of some kind; $1 is "-c", $2 the question.
PYTHON = """#!/bin/sh
case "$2" in
*version_info*) exit {old} ;;
*ensurepip*) exit {bare} ;;
*) exit 1 ;;
esac
"""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A fresh clone, as far as set-up looks at it."""
    folder = tmp_path / "a fresh clone"
    (folder / ".ci").mkdir(parents=True)
    shutil.copy(PROJECT / ".ci" / "setup", folder / ".ci")
    (folder / "requirements.txt").write_text("# nothing\n")
    return folder


def set_up(folder: Path, python: str = "", path: str = os.defpath) -> tuple[int, str]:
    env = {"PATH": path, "PYTHON": python}
    result = subprocess.run(
        ["/bin/sh", ".ci/setup", "requirements.txt"],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    return result.returncode, result.stderr


def fake_python(folder: Path, *, old: bool = False, bare: bool = False) -> str:
    file = folder / "python3"
    file.write_text(PYTHON.format(old=int(old), bare=int(bare)))
    file.chmod(0o755)
    return str(file)


def test_a_python_that_is_too_old_is_named(copy: Path) -> None:
    python = fake_python(copy, old=True)
    assert set_up(copy, python) == (2, f"PYTHON={python} is not Python 3.11 or newer.\n")


def test_a_machine_without_a_new_python_says_what_to_install(copy: Path, tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("dirname", "cat", "cksum"):
        (tools / name).symlink_to(str(shutil.which(name)))
    fake_python(tools, old=True)
    code, said = set_up(copy, path=str(tools))
    assert code == 2
    assert said.startswith("ReCQR needs Python 3.11 or newer: install it")


def test_a_missing_ensurepip_names_debians_package(copy: Path) -> None:
    code, said = set_up(copy, fake_python(copy, bare=True))
    assert code == 2
    assert len(said.splitlines()) == 1
    assert "apt-get install python3-venv" in said


def test_a_second_set_up_takes_no_time(copy: Path) -> None:
    code, said = set_up(copy)
    if code != 0:
        pytest.skip(f"this machine's own Python cannot make an environment: {said}")
    began = time.monotonic()
    assert set_up(copy)[0] == 0
    assert time.monotonic() - began < 1


def test_the_scripts_are_sound_shell() -> None:
    for name in ("setup", "run"):
        subprocess.run(["/bin/sh", "-n", PROJECT / ".ci" / name], check=True)
        assert os.access(PROJECT / ".ci" / name, os.X_OK)
    assert (PROJECT / ".ci" / "run").read_text().rstrip().endswith("exec make test </dev/null")
