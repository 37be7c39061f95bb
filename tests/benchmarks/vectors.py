"""Vectors of 100,000 images at 512 dimensions: stored, mapped, indexed, and the nearest found.

By the program itself, with a model that costs nothing: its vectors are random.
"""

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from tests.benchmarks.figures import Figure
from tests.benchmarks.pictures import _manage, _record

IMAGES = 100_000
# What a retriever does where its model takes no time.
MEASURE = """
import json, resource, time
from statistics import quantiles

import numpy as np

from generation import retrievers
from generation.models import ConfiguredRetriever
from generation.retrievers.corpora import index_of
from generation.encoders.protocol import Encoded
from generation.vectors import filling, indexing, spaces
from generation.vectors.nearest import nearest
from review.models import Dataset, Image
from tests.cheap_encoder import CheapEncoder, CheapKind

chance = np.random.default_rng(7)
ready = chance.standard_normal((256, 512), dtype=np.float32)

class Random(CheapEncoder):
    def pictures(self, pictures):
        turned = np.roll(ready, int(chance.integers(512)), axis=1)
        return Encoded(turned[: len(pictures)] + chance.standard_normal(512, dtype=np.float32))

encoder = Random(size=512, batch=256)
retrievers.KINDS["dense"] = CheapKind(encoder)
dataset = Dataset.objects.create(slug="vectors", title="Vectors", corpus_version=1)
Image.objects.bulk_create(
    (
        Image(dataset=dataset, external_id=f"img-{{n}}", caption=f"thing{{n}}", added_version=1)
        for n in range({images})
    ),
    batch_size=5000,
)
row = ConfiguredRetriever.objects.create(dataset=dataset, name="words", kind="dense")

def timed(work):
    began = time.perf_counter()
    found = work()
    return time.perf_counter() - began, found

retriever = spaces.prepared(row)
space = retriever.space()
filled, whole = timed(lambda: filling.fill(space, encoder))
assert whole
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
mapped, (_, index) = timed(lambda: index_of(dataset, retriever))
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
assert len(index.image_ids) == {images}
indexed, _ = timed(lambda: indexing.make_index(space))
queries = retriever.queries([f"thing{{n}}" for n in range(200)]).vectors
times = [timed(lambda: nearest(space, vector, 12))[0] for vector in queries]
json.dump(
    {{
        "filled": filled, "mapped": mapped, "grown": grown / 1024, "indexed": indexed,
        "nearest": 1000 * quantiles(times, n=100)[94],
    }},
    open({out!r}, "w"),
)
"""


def run() -> list[Figure]:
    folder = Path(tempfile.mkdtemp(prefix="recqr-bench-"))
    try:
        with _record(folder / "record") as environment:
            _manage(environment, "migrate", "--verbosity", "0")
            return _figures(_measured(environment, folder / "measured.json"))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _measured(environment: dict[str, str], out: Path) -> dict[str, Any]:
    script = MEASURE.format(images=IMAGES, out=str(out))
    _manage(environment, "shell", "--verbosity", "0", "-c", script)
    measured: dict[str, Any] = json.loads(out.read_text())
    return measured


def _figures(measured: dict[str, Any]) -> list[Figure]:
    return [
        Figure("vectors stored a second", IMAGES / measured["filled"], 20_000, "/s"),
        Figure("index mapped from them, once", measured["mapped"], 10, "s", least=False),
        Figure("memory for it, the matrix of 205 MB included", measured["grown"], 600, "MB", False),
        Figure("HNSW index made, once", measured["indexed"], None, "s"),
        Figure("nearest 12 by it, p95", measured["nearest"], 20, "ms", least=False),
    ]
