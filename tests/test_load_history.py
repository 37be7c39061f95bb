"""Eight programs review at once while web server, worker and PostgreSQL are killed, connections
break, and decisions are sent again: every confirmed decision is there, exactly once."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.load import checking
from tests.load.filling import SLUG, Filling, fill
from tests.load.history import History
from tests.load.reviewers import Reviewer, flat_out
from tests.plugins.records import PROJECT, Record, within
from tests.plugins.sites import Site

FILLING = Filling(dialogues=80, reviewers=8, needed=2)
DECISIONS = FILLING.dialogues * FILLING.needed


def kill_part(site: Site, name: str) -> None:
    part = within(5, lambda: site.part(name))
    for process in [*part.children(recursive=True), part]:
        process.kill()


def kill_postgres(site: Site) -> None:
    connection, pids = site.record.join()
    connection.close()
    os.kill(pids["postgres"], signal.SIGKILL)


async def trouble(site: Site, history: History) -> None:
    """Something dies at every fifth of the way."""
    kills: list[Callable[[], None]] = [
        lambda: kill_part(site, "web"),
        lambda: kill_part(site, "checks"),
        lambda: kill_postgres(site),
        lambda: kill_part(site, "web"),
    ]
    for number, kill in enumerate(kills, start=1):
        while len(history.confirmed()) < DECISIONS * number // 5:
            await asyncio.sleep(0.05)
        await asyncio.to_thread(kill)


async def reviewed(site: Site, reviewers: list[Reviewer]) -> None:
    killing = asyncio.create_task(trouble(site, reviewers[0].history))
    # Who was told that nothing waits asks again: somebody may have passed a dialogue on since.
    while await flat_out(reviewers):
        pass
    await killing


def exported(record: Record, path: Path) -> list[dict[str, Any]]:
    command = [sys.executable, "manage.py", "export_dataset", SLUG, str(path), "--json"]
    subprocess.run(
        command, cwd=PROJECT, env=record.environment(), check=True, stdout=subprocess.PIPE
    )
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_no_confirmed_decision_is_lost_or_counted_twice(
    serve: Callable[..., Site], tmp_path: Path
) -> None:
    site = serve()
    address, record, history = site.await_ready(), site.record, History()
    with record.connect() as link:
        tokens = fill(link, FILLING)
    reviewers = [Reviewer(address, token, history, breaking=0.1) for token in tokens]
    asyncio.run(asyncio.wait_for(reviewed(site, reviewers), 120))
    assert checking.faults(history, record.sql) == []
    assert checking.unsettled(record.sql) == []
    # A check whose worker was killed is found again by the sweep; only then is it exported.
    within(30, lambda: checking.unchecked(record.sql) == [])
    lines = exported(record, tmp_path / "curated.jsonl")
    assert checking.faults_of_export(history, record.sql, lines) == []
    assert any(asked.status is None for asked in history.asked)
