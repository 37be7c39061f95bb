"""Retrieval checks: from a decision to its check on the page, and of 10,000 that were left behind.

One worker of the `retrieval` queue, as idle as its one task leaves it; the page asks as a browser
does. The vector retriever has the vectors of 100,000 images and an encoder that costs nothing.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles

from tests.benchmarks.figures import Figure
from tests.benchmarks.pictures import PROJECT, _manage, _record

IMAGES = 100_000
DECISIONS = 40
LEFT_BEHIND = 10_000
CHEAP = """
from generation.retrievers import KINDS
from tests.cheap_encoder import CheapEncoder, CheapKind
KINDS["dense"] = CheapKind(CheapEncoder(size=512))
"""
# Captions as long as those of photos, dialogues of three turns with four candidates.
FILL = """
import random
from review import bulk
from review.models import *
from review.models.candidates import text_key
from django.utils import timezone

chance = random.Random(7)
common = "a the of on in with and old man dog street red small near".split()
rare = [f"thing{n}" for n in range(20_000)]

def caption():
    tail = [rare[min(int(chance.paretovariate(0.7)), 19_999)] for _ in range(5)]
    return " ".join(chance.choices(common, k=6) + tail)

def corpus(slug, images):
    dataset = Dataset.objects.create(slug=slug, title=slug, corpus_version=1, arms={})
    rows = [
        Image(dataset=dataset, external_id=f"img-{n}", caption=caption(), added_version=1)
        for n in range(images)
    ]
    Image.objects.bulk_create(rows, batch_size=5000)
    return dataset

def dialogues(dataset, count, images):
    query = "show me that one again please, the old one"
    turns = [
        {"role": "user", "text": caption(), "images": ["img-5"]},
        {"role": "assistant", "text": "Like this?"},
        {"role": "user", "text": query},
    ]
    rows = [
        Dialogue(dataset=dataset, external_id=f"d-{n}", final_query=query, turns=turns,
                 target_images=[f"img-{n * 7 % images}"], content_hash=str(n), stage="proposed")
        for n in range(count)
    ]
    Dialogue.objects.bulk_create(rows, batch_size=5000)
    texts = [
        Candidate(dialogue=row, text=text, text_key=text_key(text), author="writer",
                  kind="model")
        for row in rows for text in [caption() for _ in range(4)]
    ]
    Candidate.objects.bulk_create(texts, batch_size=5000)
    return rows, texts
"""
DESK = """
import numpy as np
from generation.models import ConfiguredRetriever, VectorSpace
from generation import retrievers
from generation.retrievers.corpora import index_of
from generation.vectors import rows as vectors
from generation.vectors.units import unit
dataset = corpus("bench", {images})
dialogues(dataset, {decisions} * 2, {images})
user = User.objects.create_user("bench")
Membership.objects.create(dataset=dataset, user=user, role="admin")
retrievers.primary(dataset)
encoder = CheapEncoder(size=512)
row = ConfiguredRetriever.objects.create(
    dataset=dataset, name="vectors", kind="dense", fingerprint=encoder.fingerprint()
)
space = VectorSpace.objects.create(
    retriever=row, hash=retrievers.made(row).hash, dimensions=512, complete_version=1
)
keys = list(Image.objects.filter(dataset=dataset).order_by("pk").values_list("pk", flat=True))
draws = np.random.default_rng(7)
for begin in range(0, len(keys), 5000):
    some = keys[begin:begin + 5000]
    vectors.insert(space, some, unit(draws.standard_normal((len(some), 512)))[0])
for retriever in retrievers.of_dataset(dataset):
    index_of(dataset, retriever)
"""
DECIDE = """
import json, time
from django.test import Client
from generation.models import ConfiguredRetriever
from review import assignments, decisions, visibility
from review.models import Dataset, Dialogue, User, Verdict
from review.rulings import Ruling
dataset, user = Dataset.objects.get(slug="bench"), User.objects.get(username="bench")
ConfiguredRetriever.objects.filter(dataset=dataset).update(primary=False)
ConfiguredRetriever.objects.filter(dataset=dataset, name={primary!r}).update(primary=True)
browser = Client(SERVER_NAME="127.0.0.1")
browser.force_login(user)

def one():
    place = assignments.claim_next(dataset=dataset, by=user)
    visibility.record_shown(visibility.at_place(place))
    address = f"/datasets/bench/checks/{{place.dialogue.external_id}}/"
    waiting = Dialogue.objects.filter(pk=place.dialogue_id, checked_at=None)
    began = time.perf_counter()
    ruling = Ruling(Verdict.ACCEPT, candidate_id=place.dialogue.candidates.first().pk)
    decisions.decide(assignment=place, ruling=ruling, by=user)
    checked = None
    asks = 0.0
    while True:
        now = time.perf_counter() - began
        if checked is None and not waiting.exists():
            checked = now
        if now >= asks:
            page = browser.get(address, headers={{"HX-Request": "true"}}).content.decode()
            if 'class="outcome' in page:
                return checked or now, time.perf_counter() - began
            asks = time.perf_counter() - began + 1
        if now > 30:
            raise RuntimeError("no check came")
        time.sleep(0.01)

one()  # what a worker loads with its first check
times = [one() for _ in range({decisions} - 1)]
with open({out!r}, "w") as file:
    json.dump(times, file)
"""
LEFT = """
import json, time
from generation.tasks import sweep
dataset = corpus("left", 1000)
rows, texts = dialogues(dataset, {count}, 1000)
for number, row in enumerate(rows):
    row.stage, row.approval, row.checks_due = "approved", "accepted", True
    row.approved_candidate_id = texts[4 * number].pk
    row.settled_at = timezone.now()
bulk.update(rows, ["stage", "approval", "checks_due", "approved_candidate", "settled_at"])
due = Dialogue.objects.filter(dataset=dataset, checks_due=True)
began = time.perf_counter()
sweep()
while due.exists():
    time.sleep(0.05)
took = time.perf_counter() - began
forms = RetrievalCheck.objects.filter(dialogue__dataset=dataset)
counts = [forms.filter(form=form).count() for form in QueryForm.values[:4]]
assert counts == [len(rows), len(rows), 4 * len(rows), len(rows)], counts
with open({out!r}, "w") as file:
    json.dump(took, file)
"""
WORK = """
from recqr_site.celery import app
app.worker_main(["worker", "--pool", "solo", "-Q", "retrieval", "--loglevel", "ERROR"])
"""


def run() -> list[Figure]:
    folder = Path(tempfile.mkdtemp(prefix="recqr-bench-"))
    try:
        with _record(folder / "record") as environment:
            _manage(environment, "migrate", "--verbosity", "0")
            _manage(environment, "collectstatic", "--no-input", "--verbosity", "0")
            filled = FILL + DESK.format(images=IMAGES, decisions=DECISIONS)
            _shell(environment, CHEAP + filled)
            with _worker(environment):
                found = [*_left_behind(environment, folder)]
                for primary in ("bm25", "vectors"):
                    found += _decisions(environment, folder, primary)
            return found
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _left_behind(environment: dict[str, str], folder: Path) -> list[Figure]:
    out = folder / "left.json"
    _shell(environment, FILL + LEFT.format(count=LEFT_BEHIND, out=str(out)))
    seconds = json.loads(out.read_text())
    name = f"{LEFT_BEHIND:,} checks of seven texts, each once, a second"
    return [Figure(name, LEFT_BEHIND / seconds, 200, "/s")]


def _decisions(environment: dict[str, str], folder: Path, primary: str) -> list[Figure]:
    out = folder / f"{primary}.json"
    _shell(environment, CHEAP + DECIDE.format(primary=primary, decisions=DECISIONS, out=str(out)))
    checked, shown = zip(*json.loads(out.read_text()), strict=True)
    return [
        Figure(f"decision to its check, {primary}, p95", _p95(checked), None, "s"),
        Figure(f"decision to its check on the page, {primary}, p95", _p95(shown), 2, "s", False),
    ]


def _p95(seconds: tuple[float, ...]) -> float:
    return quantiles(seconds, n=100)[94]


def _shell(environment: dict[str, str], script: str) -> None:
    _manage(environment, "shell", "--verbosity", "0", "-c", script)


@contextmanager
def _worker(environment: dict[str, str]) -> Iterator[None]:
    command = [sys.executable, "manage.py", "shell", "--verbosity", "0", "-c", CHEAP + WORK]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(command, cwd=PROJECT, env=environment, **quiet)
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)
