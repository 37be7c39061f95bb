"""What a text would find, at 100,000 images: as the desk asks for it, of a real web server.

One web process with an index that is already built, asked for three texts each time, a word more
every time, as one who types does. The build itself is timed in a process of its own. First by bm25,
which the web process searches itself; then by vectors, by a worker with a model that takes no time.
"""

import http.client
import json
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles
from typing import Any
from urllib.parse import urlencode

import psutil

from tests.benchmarks.figures import Figure
from tests.benchmarks.pictures import PROJECT, _manage, _record

IMAGES = 100_000
REQUESTS = 300
# A person who may review, a dialogue at their place, captions as long as those of photos.
FILL = """
import random
from django.test import Client
from review import assignments, intake, visibility
from review.models import CandidateKind, Dataset, Dialogue, Image, Membership, User

chance = random.Random(7)
common = "a the of on in with and old man dog street red small near".split()
rare = [f"thing{{n}}" for n in range(20_000)]
def caption():
    tail = [rare[min(int(chance.paretovariate(0.7)), 19_999)] for _ in range(5)]
    return " ".join(chance.choices(common, k=6) + tail)
dataset = Dataset.objects.create(slug="bench", title="Bench", corpus_version=1, arms={{}})
rows = (
    Image(dataset=dataset, external_id=f"img-{{n}}", caption=caption(), added_version=1)
    for n in range({images})
)
Image.objects.bulk_create(rows, batch_size=5000)
target = Image.objects.get(external_id="img-77")
query = "show me that one again please, the old one"
dialogue = Dialogue.objects.create(
    dataset=dataset, external_id="d-1", final_query=query, target_images=["img-77"],
    turns=[{{"role": "user", "text": query, "images": ["img-5"]}}], content_hash="d-1",
)
by = intake.Provenance(author="writer", kind=CandidateKind.MODEL, prompt_hash="p")
half = target.caption[: len(target.caption) // 2]
intake.add_candidates(dialogue_id=dialogue.pk, texts=[half], by=by, round=0)
user = User.objects.create_user("bench")
Membership.objects.create(dataset=dataset, user=user, role="annotator")
place = assignments.claim_next(dataset=dataset, by=user)
visibility.record_shown(visibility.at_place(place))
client = Client()
client.force_login(user)
import json
from django.conf import settings
with open({out!r}, "w") as file:
    json.dump({{
        "place": place.pk, "candidate": dialogue.candidates.get().pk, "caption": target.caption,
        "cookie": client.cookies[settings.SESSION_COOKIE_NAME].OutputString().split(";")[0],
        "csrf": settings.CSRF_COOKIE_NAME,
    }}, file)
"""
BUILD = """
import json, time
from generation import retrievers
from generation.retrievers.corpora import index_of
from review.models import Dataset
began = time.perf_counter()
bench = Dataset.objects.get(slug="bench")
index_of(bench, retrievers.primary(bench))
took = time.perf_counter() - began
with open({out!r}, "w") as file:
    json.dump(took, file)
"""
# Vectors at 512 dimensions, mapped and indexed; then the web process asks a worker.
VECTORS = """
import json
from generation import retrievers
from generation.models import ConfiguredRetriever
from generation.retrievers.corpora import index_of
from generation.vectors import filling, indexing, spaces
from review.models import Dataset
from tests.cheap_worker import take_cheap_model
take_cheap_model()
bench = Dataset.objects.get(slug="bench")
ConfiguredRetriever.objects.filter(dataset=bench).update(primary=False)
row = ConfiguredRetriever.objects.create(dataset=bench, name="words", kind="dense", primary=True)
retriever = spaces.prepared(row)
assert filling.fill(retriever.space(), retriever.encoder())
index_of(bench, retriever)
indexing.make_index(retriever.space())
with open({out!r}, "w") as file:
    json.dump(True, file)
"""
WORKER = ["-A", "tests.cheap_worker", "worker", "-Q", "retrieval", "--concurrency", "1"]
TOKEN = "t" * 32
# When an answer without ranks is asked for again, in milliseconds.
AGAIN = re.compile(r'data-again="(\d+)"')

Filled = dict[str, Any]
Ask = Callable[..., str]


def run() -> list[Figure]:
    folder = Path(tempfile.mkdtemp(prefix="recqr-bench-"))
    try:
        with _record(folder / "record") as environment:
            _manage(environment, "migrate", "--verbosity", "0")
            _manage(environment, "collectstatic", "--no-input", "--verbosity", "0")
            filled = _made(environment, FILL, folder / "filled.json", images=IMAGES)
            seconds = _made(environment, BUILD, folder / "built.json")
            built = Figure(f"build of {IMAGES:,} captions, once", seconds, None, "s")
            with _web(environment) as (process, port):
                figures = [built, *_figures(filled, process, port)]
                _made(environment, VECTORS, folder / "vectors.json")
                with _worker(environment):
                    return [*figures, *_by_worker(filled, port)]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _made(environment: dict[str, str], script: str, out: Path, **values: object) -> Any:
    _manage(environment, "shell", "--verbosity", "0", "-c", script.format(out=str(out), **values))
    return json.loads(out.read_text())


def _figures(filled: Filled, process: psutil.Process, port: int) -> list[Figure]:
    ask = _asker(filled, port)
    ask("GET", "/datasets/bench/desk/")  # what the process loads with its first page
    before = _megabytes(process)
    typed = list(_typed(filled))
    first = _timed(ask, typed[0], filled)
    times = [_timed(ask, text, filled) for text in typed[1:]]
    cuts = quantiles(times, n=100)
    return [
        Figure("first answer of a web process", first, 1000, "ms", least=False),
        Figure("top 12 and three ranks, p50", cuts[49], None, "ms"),
        Figure("top 12 and three ranks, p95", cuts[94], 150, "ms", least=False),
        Figure("memory of a web process before", before, None, "MB"),
        # The library alone has 24 MB: a process loads it with its first search.
        Figure("own memory more with bm25s", _megabytes(process) - before, 50, "MB", False),
    ]


def _by_worker(filled: Filled, port: int) -> list[Figure]:
    ask = _asker(filled, port)
    typed = list(_typed(filled))
    _timed(ask, typed[0], filled)  # Until the worker has started and opened its index.
    cuts = quantiles([_timed(ask, text, filled) for text in typed[1:]], n=100)
    return [
        Figure("by vectors of a worker, p50", cuts[49], None, "ms"),
        Figure("by vectors of a worker, p95", cuts[94], 150, "ms", least=False),
    ]


def _typed(filled: Filled) -> Iterator[str]:
    words = filled["caption"].split()
    for n in range(REQUESTS):
        yield f"{' '.join(words[: n % len(words) + 1])} {n}"


@contextmanager
def _worker(environment: dict[str, str]) -> Iterator[None]:
    command = [sys.executable, "-m", "celery", *WORKER, "--loglevel", "ERROR"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(command, cwd=PROJECT, env=environment, **quiet)
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


def _asker(filled: Filled, port: int) -> Ask:
    headers = {
        "Cookie": f"{filled['cookie']}; {filled['csrf']}={TOKEN}",
        "X-CSRFToken": TOKEN,
        "HX-Request": "true",
        "Content-Type": "application/x-www-form-urlencoded",
    }

    def ask(method: str, address: str, **fields: object) -> str:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request(method, address, urlencode(fields), headers)
        response = connection.getresponse()
        page = response.read().decode()
        if response.status != 200:
            raise RuntimeError(f"{address} answered {response.status}: {page[:200]}")
        return page

    return ask


def _timed(ask: Ask, text: str, filled: Filled) -> float:
    address, candidate = f"/places/{filled['place']}/try/", filled["candidate"]
    began = time.perf_counter()
    while "lane-text" not in (page := ask("POST", address, text=text, candidate=candidate)):
        again = AGAIN.search(page)
        if again is None or time.perf_counter() > began + 60:
            raise RuntimeError(f"no rank in the answer: {page[:200]}")
        time.sleep(int(again[1]) / 1000)  # As the page does.
    return 1000 * (time.perf_counter() - began)


def _megabytes(process: psutil.Process) -> float:
    """What is the process's own: what is mapped from a file is shared by all, and let go."""
    return sum(child.memory_full_info().uss for child in process.children()) / 1e6


@contextmanager
def _web(environment: dict[str, str]) -> Iterator[tuple[psutil.Process, int]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    conf = "recqr_site/serving/gunicorn_conf.py"
    command = [sys.executable, "-m", "gunicorn", "-c", conf, "--bind", f"127.0.0.1:{port}"]
    env = {**environment, "WEB_CONCURRENCY": "1"}
    process = subprocess.Popen(
        [*command, "recqr_site.wsgi:application"], cwd=PROJECT, env=env, stderr=subprocess.DEVNULL
    )
    try:
        _await(port)
        yield psutil.Process(process.pid), port
    finally:
        process.terminate()
        process.wait(10)


def _await(port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("the web server of the benchmark did not start")
