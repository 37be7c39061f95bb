"""Commands work by themselves: on a record that nothing has prepared, and beside a server."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.plugins.records import PROJECT, Record

DIALOGUE = {"id": "d-1", "turns": [{"role": "user", "text": "a lighthouse under clouds"}]}


def manage(record: Record, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=PROJECT,
        env=record.environment(**variables),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_the_first_command_of_a_record_prepares_its_database(
    record: Record, tmp_path: Path
) -> None:
    source = tmp_path / "dialogues.jsonl"
    source.write_text(json.dumps(DIALOGUE))
    answer = manage(record, "import_dialogues", "coast", str(source), "--json")
    assert answer.returncode == 0, answer.stderr
    assert json.loads(answer.stdout.splitlines()[-1])["dialogues"]["created"] == 1
    assert "Bringing the database up to date" in answer.stderr


def test_a_server_of_ones_own_that_nobody_migrated_is_named_in_one_line(
    record: Record, tmp_path: Path
) -> None:
    record.join()
    url = f"postgres://recqr@/recqr?host={record.places.postgres_sockets}"
    answer = manage(record, "export_dataset", "coast", str(tmp_path), DATABASE_URL=url)
    assert answer.returncode == 2
    assert answer.stderr == (
        "The database is not set up for this code. Run: .venv/bin/python manage.py migrate\n"
    )


@pytest.mark.parametrize("url", ["foo", "mysql://localhost/x"])
def test_what_is_no_postgresql_is_refused_in_one_line(record: Record, url: str) -> None:
    answer = manage(record, "export_dataset", "coast", "x", DATABASE_URL=url)
    assert answer.returncode == 2
    assert answer.stderr == "DATABASE_URL must begin with postgres://: ReCQR needs PostgreSQL.\n"
