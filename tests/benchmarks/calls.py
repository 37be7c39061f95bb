"""Rewriting at a server that takes half a second for each call: speed, memory, and a second run.

The server, the worker and the databases are processes of their own and share this machine.
"""

import json
import random
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.benchmarks.figures import Figure
from tests.benchmarks.importing import FILLING, WORDS
from tests.benchmarks.pictures import PROJECT, _manage, _record

DIALOGUES = 2000
CANDIDATES = 4
IN_FLIGHT = 64
LATENCY = 0.5
IDEAL = IN_FLIGHT / LATENCY
# What a worker does with one run, and what it took to do it.
WORK = """
import json, time
from generation.runs import draining, lifecycle
from generation.runs.progress import progress_of
from generation.models import Endpoint
from review.models import Dataset

Endpoint.objects.update_or_create(
    name="bench",
    defaults={{"base_url": {address!r}, "model": "tiny-test-model", "most_in_flight": {in_flight}}},
)
dataset = Dataset.objects.get(slug="bench")
run = lifecycle.start(dataset=dataset, kind="rewrite", endpoints=["bench"], candidates={candidates})
began, worked = time.perf_counter(), time.process_time()
draining.drain(run.pk)
took = {{"seconds": time.perf_counter() - began, "processor": time.process_time() - worked}}
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
took["megabytes"] = int(status["VmHWM"].split()[0]) / 1024
print(json.dumps({{**took, **progress_of(run).as_json(), "seconds": took["seconds"]}}))
"""


def run() -> list[Figure]:
    folder = Path(tempfile.mkdtemp(prefix="recqr-bench-"))
    try:
        with _record(folder / "record") as environment, _server() as address:
            _manage(environment, "migrate", "--verbosity", "0")
            _manage(environment, "import_dialogues", "bench", str(_written(folder)), "--json")
            return _figures(environment, address)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _figures(environment: dict[str, str], address: str) -> list[Figure]:
    first = _work(environment, address)
    asked = _told(address)
    second = _work(environment, address)
    again = _told(address)["asked"] - asked["asked"]
    if first["done"] != DIALOGUES or first["calls"] != DIALOGUES:
        raise RuntimeError(f"not every dialogue was rewritten by one call: {first}")
    milliseconds = 1000 / DIALOGUES
    return [
        Figure("share of the ideal rate", DIALOGUES / first["seconds"] / IDEAL, 0.9),
        Figure("calls a second", DIALOGUES / first["seconds"], None, "/s"),
        Figure("calls in flight, at most", asked["most_at_once"], IN_FLIGHT, least=False),
        Figure("worker's peak memory", first["megabytes"], 400, "MB", least=False),
        Figure("worker's processor time a call", first["processor"] * milliseconds, None, "ms"),
        Figure("server's own a call", asked["processor_seconds"] * milliseconds, None, "ms"),
        Figure("calls of a second run", second["calls"] + again, 0, least=False),
    ]


def _work(environment: dict[str, str], address: str) -> dict[str, Any]:
    script = WORK.format(address=address, in_flight=IN_FLIGHT, candidates=CANDIDATES)
    command = [sys.executable, "manage.py", "shell", "--verbosity", "0", "-c", script]
    done = subprocess.run(command, cwd=PROJECT, env=environment, check=True, stdout=subprocess.PIPE)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@contextmanager
def _server() -> Iterator[str]:
    """The address of a model server in a process of its own."""
    command = [sys.executable, "-m", "tests.model_server", "--latency", str(LATENCY)]
    process = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    try:
        if process.stdout is None or not (address := process.stdout.readline().strip()):
            raise RuntimeError("the model server did not start")
        yield address
    finally:
        process.terminate()
        process.wait()


def _told(address: str) -> dict[str, Any]:
    """What the server counted."""
    with urllib.request.urlopen(f"{address}/told") as answer:  # noqa: S310  (loopback)
        found: dict[str, Any] = json.load(answer)
    return found


def _written(folder: Path) -> Path:
    path = folder / "dialogues.jsonl"
    chance = random.Random(7)  # noqa: S311  (no secrets)
    lines = (json.dumps(_dialogue(chance, number)) for number in range(DIALOGUES))
    path.write_text("\n".join(lines), "utf-8")
    return path


def _dialogue(chance: random.Random, number: int) -> dict[str, Any]:
    roles = ["user", "assistant"] * 2 + ["user"]
    texts = [" ".join(chance.choices(WORDS + FILLING, k=12)) for _ in roles]
    turns = [{"role": role, "text": text} for role, text in zip(roles, texts, strict=True)]
    return {"id": f"d-{number}", "turns": turns}
