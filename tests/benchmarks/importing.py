"""Import of synthetic native dialogues: speed beside its floor, memory, and a second import.

Each import is the command itself, in a process of its own on an empty record. The floor is what no
import can do without: reading the same file with orjson and inserting the same rows by bare COPY.
"""

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
import psycopg
from psycopg import sql

from tests.benchmarks.figures import Figure

PROJECT = Path(__file__).resolve().parents[2]
DIALOGUES = 70_000
CANDIDATES = 4
BATCH = 1000
# The largest takes minutes; RECQR_BENCH_DIALOGUES=70000 leaves it out.
LARGEST = int(os.environ.get("RECQR_BENCH_DIALOGUES", "700000"))
WORDS = ("lighthouse", "pier", "harbour", "dog", "street", "market", "boat", "Küste", "日本")
FILLING = ("the", "a", "one", "old", "red", "small", "near", "behind", "with", "please", "show")


def run() -> list[Figure]:
    folder = Path(tempfile.mkdtemp(prefix="recqr-bench-"))
    os.environ["RECQR_VAR"] = str(folder / "record")
    for name in ("DATABASE_URL", "REDIS_URL"):
        os.environ.pop(name, None)
    try:
        return _figures(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _figures(folder: Path) -> list[Figure]:
    # Children that come and go would start and end the servers each time.
    with _Servers():
        _manage("migrate", "--verbosity", "0")
        path = written(folder / "dialogues.jsonl", DIALOGUES)
        small = _import("bench-small", written(folder / "small.jsonl", DIALOGUES // 10))
        floor = _floor(path)
        first = _import("bench", path)
        second = _import("bench", path)
        figures = [
            Figure("dialogues a second, first import", DIALOGUES / first.seconds, 3000, "/s"),
            Figure("times the floor", first.seconds / floor, 3, "x", least=False),
            Figure("second import, times as fast", first.seconds / second.seconds, 5, "x"),
            Figure(f"peak memory, {DIALOGUES // 10:,}", small.megabytes, 300, "MB", least=False),
            Figure(f"peak memory, {DIALOGUES:,}", first.megabytes, 300, "MB", least=False),
        ]
        return figures + (_largest(folder, small) if LARGEST > DIALOGUES else [])


def _largest(folder: Path, small: "_Imported") -> list[Figure]:
    path = written(folder / "large.jsonl", LARGEST)
    found = _import("bench-large", path)
    return [
        Figure(f"dialogues a second, {LARGEST:,}", LARGEST / found.seconds, 3000, "/s"),
        Figure(f"peak memory, {LARGEST:,}", found.megabytes, 300, "MB", least=False),
        Figure(
            "peak memory, largest to smallest",
            found.megabytes / small.megabytes,
            1.2,
            "x",
            least=False,
        ),
    ]


class _Imported:
    """What one run of the command took, from its start to its end."""

    def __init__(self, seconds: float, megabytes: float) -> None:
        self.seconds = seconds
        self.megabytes = megabytes


def _import(slug: str, path: Path) -> _Imported:
    command = [sys.executable, "manage.py", "import_dialogues", slug, str(path), "--json"]
    began = time.perf_counter()
    process = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE)
    output = process.stdout.read() if process.stdout else b""
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    outcome = json.loads(output.splitlines()[-1])
    if status or outcome["errors"]:
        raise RuntimeError(f"the import ended with {status}: {outcome}")
    return _Imported(seconds, usage.ru_maxrss / 1024)


def _manage(*words: str) -> None:
    subprocess.run([sys.executable, "manage.py", *words], cwd=PROJECT, check=True)


class _Servers:
    """PostgreSQL and Redis for as long as the benchmark runs."""

    def __enter__(self) -> None:
        from recqr_site import embedded  # noqa: PLC0415  (reads RECQR_VAR when imported)

        self.embedded = embedded
        embedded.ensure()

    def __exit__(self, *error: object) -> None:
        self.embedded.release()


def written(path: Path, count: int) -> Path:
    """A JSONL of `count` dialogues, the same each time."""
    chance = random.Random(7)  # noqa: S311  (no secrets)
    with path.open("wb") as file:
        for number in range(count):
            file.write(orjson.dumps(_dialogue(chance, number)) + b"\n")
    return path


def _dialogue(chance: random.Random, number: int) -> dict[str, Any]:
    def said(words: int) -> str:
        return " ".join(chance.choices(WORDS + FILLING, k=words))

    roles = ["user", "assistant"] * 2 + ["user"]
    return {
        "id": f"d-{number}",
        "turns": [{"role": role, "text": said(12)} for role in roles],
        "candidates": [{"text": said(14), "author": f"model-{n}"} for n in range(CANDIDATES)],
        "metadata": {"source": "benchmark", "number": number},
    }


def _floor(path: Path) -> float:
    """Seconds to parse `path` and to COPY its rows into the very tables that import fills."""
    folder, _, name = os.environ["DATABASE_URL"].removeprefix("postgres://recqr@").rpartition("/")
    with psycopg.connect(host=folder, user="recqr", dbname=name, autocommit=True) as link:
        found = link.execute(_DATASET, ["bench-floor"]).fetchone()
        began = time.perf_counter()
        with link.transaction(), path.open("rb") as file:
            lines = enumerate(file)
            while batch := list(islice(lines, BATCH)):
                values = [(number, line, orjson.loads(line)) for number, line in batch]
                _copy(link, _DIALOGUE, _dialogue_rows(values, found[0] if found else 0))
                _copy(link, _CANDIDATE, _candidate_rows(values))
        return time.perf_counter() - began


# Its policy as that of the dataset that was imported before.
_DATASET = """
    INSERT INTO review_dataset
    SELECT copied.* FROM review_dataset, jsonb_populate_record(
        review_dataset, jsonb_build_object('id', id + 1000000, 'slug', %s::text)) AS copied
    LIMIT 1 RETURNING id
"""
_DIALOGUE = {
    "table": "review_dialogue",
    "columns": "id dataset_id external_id turns final_query target_images metadata content_hash "
    "stage round note_to_models places_taken approval check_outcome released",
}
_CANDIDATE = {
    "table": "review_candidate",
    "columns": "dialogue_id text text_key author kind model family prompt_hash also_by round",
}
# Keys of the floor's own, far from those that the sequences give out.
_FIRST_KEY = 1_000_000_000


def _copy(link: "psycopg.Connection[Any]", into: dict[str, str], rows: Iterator[Any]) -> None:
    columns = sql.SQL(", ").join(map(sql.Identifier, into["columns"].split()))
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(into["table"]), columns)
    with link.cursor().copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


Values = list[tuple[int, bytes, Any]]


def _dialogue_rows(values: Values, dataset: int) -> Iterator[tuple[Any, ...]]:
    for number, line, value in values:
        turns, metadata = (orjson.dumps(value[name]).decode() for name in ("turns", "metadata"))
        final = value["turns"][-1]["text"]
        start = (_FIRST_KEY + number, dataset, value["id"], turns, final, [], metadata)
        yield (*start, sha256(line).hexdigest(), "proposed", 0, "", 0, "", "", False)


def _candidate_rows(values: Values) -> Iterator[tuple[Any, ...]]:
    for number, _, value in values:
        for candidate in value["candidates"]:
            text, author = candidate["text"], candidate["author"]
            key = sha256(text.encode()).hexdigest()
            yield _FIRST_KEY + number, text, key, author, "imported", "", "", "", "[]", 0
