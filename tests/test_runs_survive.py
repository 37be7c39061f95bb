"""kill -9 of the worker, of Redis with all it held, and of PostgreSQL, in the midst of one run: it
ends by itself, each item with one outcome, and what was paid twice stands in the ledger."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.model_server import ModelServer
from tests.plugins.records import PROJECT, Record, within
from tests.plugins.sites import Site

DIALOGUES = 300
IN_FLIGHT = 64  # of the endpoint that the environment makes
# As if so long had passed since the worker was killed.
LEASES_END = """
UPDATE generation_run SET drained_until = now() - interval '1 second';
UPDATE generation_runitem SET leased_until = now() - interval '1 second' WHERE state = 'pending';
"""


def written(folder: Path) -> Path:
    lines = [
        {"id": f"d-{number}", "turns": [{"role": "user", "text": f"the {number}th pier at dusk"}]}
        for number in range(DIALOGUES)
    ]
    path = folder / "dialogues.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)))
    return path


def manage(record: Record, *words: str, **settings: str) -> dict[str, Any]:
    command = [sys.executable, "manage.py", *words, "--json"]
    done = subprocess.run(
        command, cwd=PROJECT, env=record.environment(**settings), stdout=subprocess.PIPE, check=True
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


# The sample's own runs are there as well.
DONE = """
SELECT count(*) FROM generation_runitem
WHERE state = 'done' AND run_id = (SELECT max(id) FROM generation_run)
"""
ITEMS = """
SELECT state, count(*) FROM generation_runitem
WHERE run_id = (SELECT max(id) FROM generation_run) GROUP BY 1
"""
CALLS = """
SELECT outcome, count(*) FROM generation_call
WHERE run_id = (SELECT max(id) FROM generation_run) GROUP BY 1
"""
CANDIDATES = """
SELECT count(*) FROM review_candidate
JOIN review_dialogue ON review_dialogue.id = dialogue_id
JOIN review_dataset ON review_dataset.id = dataset_id AND slug = 'piers'
GROUP BY dialogue_id
"""
STATUS = "SELECT status FROM generation_run ORDER BY id DESC LIMIT 1"


def finished(record: Record) -> int:
    try:
        rows = record.sql(DONE)
    except Exception:  # PostgreSQL is away
        return -1
    return int(rows[0][0])


def kill(record: Record, service: str) -> None:
    connection, pids = record.join()
    connection.close()
    os.kill(pids[service], signal.SIGKILL)


def kill_worker(site: Site) -> None:
    worker = within(5, lambda: site.part("models"))
    for process in [*worker.children(recursive=True), worker]:
        process.kill()
    site.hear("Worker of models ended", 10)
    site.record.sql(LEASES_END)


def lose_redis(site: Site) -> None:
    kill(site.record, "redis")
    site.hear("Redis died; back after", 10)
    site.record.redis().flushall()


def lose_postgres(site: Site) -> None:
    kill(site.record, "postgres")
    site.hear("PostgreSQL died; back after", 10)


def test_a_run_ends_by_itself_whatever_is_killed(
    serve: Callable[..., Site], model_server: ModelServer, tmp_path: Path
) -> None:
    model_server.latency = 1.0
    settings = {"OPENAI_BASE_URL": model_server.base_url}
    site = serve(**settings)
    record = site.record
    site.await_ready()
    manage(record, "import_dialogues", "piers", str(written(tmp_path)))
    manage(record, "start_run", "piers", "rewrite", "--candidates", "1", **settings)
    within(60, lambda: finished(record) >= 0.1 * DIALOGUES)
    kill_worker(site)
    # What it had in flight keeps its places there until they expire, or Redis forgets them.
    lose_redis(site)
    within(60, lambda: finished(record) >= 0.5 * DIALOGUES)
    lose_postgres(site)
    within(60, lambda: finished(record) == DIALOGUES)
    check(record, model_server)


def check(record: Record, model_server: ModelServer) -> None:
    assert dict(record.sql(ITEMS)) == {"done": DIALOGUES}
    assert record.sql(CANDIDATES) == [(1,)] * DIALOGUES
    within(15, lambda: record.sql(STATUS) == [("done",)])
    calls = dict(record.sql(CALLS))
    assert calls.keys() <= {"ok", "lost"}
    # Two workers died, or lost their database, with so many calls in flight at the most.
    assert calls.get("lost", 0) <= 2 * IN_FLIGHT
    assert calls["ok"] == DIALOGUES
    assert DIALOGUES <= model_server.asked <= calls["ok"] + calls.get("lost", 0)
