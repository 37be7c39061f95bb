"""Import of photos: files, thumbnails and rows, by the command itself on an empty record.

The photos are not part of the project: they are looked for in ../shared beside it, or where
RECQR_SHARED says, in data/photos: native, about 1,000 of at most 256 pixels.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image as Pillow

from tests.benchmarks.figures import Figure, Skipped

PROJECT = Path(__file__).resolve().parents[2]
LARGE = 40
# Keeps the embedded servers up while commands come and go.
HOLD = "import sys; from recqr_site import embedded; embedded.ensure(); print(); sys.stdin.read()"
PREPARE = """
from review import rendering
for dataset in rendering.datasets_awaiting():
    rendering.prepare_images(dataset, seconds=600)
"""


def run() -> list[Figure]:
    """All figures; raises Skipped where the photos are not at hand."""
    photos = _photos()
    folder = Path(tempfile.mkdtemp(prefix="recqr-bench-"))
    try:
        with _record(folder / "record") as environment:
            _manage(environment, "migrate", "--verbosity", "0")
            return [*_small(environment, photos), *_large(environment, folder)]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _photos() -> Path:
    folder = Path(os.environ.get("RECQR_SHARED", PROJECT.parent / "shared")) / "data/photos"
    if not (folder / "images.jsonl").exists():
        raise Skipped(f"no photos in {folder}; set RECQR_SHARED to the folder that holds data/")
    return folder


def _small(environment: dict[str, str], photos: Path) -> list[Figure]:
    first, megabytes = _import(environment, "photos", photos)
    count = first["images"]["created"]
    _check_thumbnails(environment, count)
    second, _ = _import(environment, "photos", photos)
    began = time.perf_counter()
    _manage(environment, "shell", "--verbosity", "0", "-c", PREPARE)
    prepared = time.perf_counter() - began
    return [
        Figure("photos a second, with thumbnails", count / first["seconds"], 100, "/s"),
        Figure("second import, times as fast", first["seconds"] / second["seconds"], 5, "x"),
        Figure("peak memory", megabytes, 300, "MB", least=False),
        Figure("review sizes a second, on one core", count / prepared, None, "/s"),
    ]


def _large(environment: dict[str, str], folder: Path) -> list[Figure]:
    """Photos of 12 megapixels, as phones take them."""
    source = folder / "large"
    source.mkdir()
    noise = Pillow.effect_noise((1000, 750), 60).resize((4000, 3000)).convert("RGB")
    for number in range(LARGE):
        noise.rotate(number).save(source / f"{number}.jpg", quality=88)
    records = [{"id": f"{number}", "file": f"{number}.jpg"} for number in range(LARGE)]
    lines = "".join(json.dumps(record) + "\n" for record in records)
    (source / "images.jsonl").write_text(lines)
    report, megabytes = _import(environment, "large", source)
    return [
        Figure("photos of 12 megapixels a second", LARGE / report["seconds"], None, "/s"),
        Figure("peak memory with them", megabytes, None, "MB", least=False),
    ]


def _import(environment: dict[str, str], slug: str, path: Path) -> tuple[dict[str, Any], float]:
    """The command's report, and its peak memory in MB.

    The report's `seconds` leave out how long Python takes to start, which says nothing of photos.
    """
    command = [sys.executable, "manage.py", "import_dialogues", slug, str(path), "--json"]
    process = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE)
    output = process.stdout.read() if process.stdout else b""
    _, status, usage = os.wait4(process.pid, 0)
    report: dict[str, Any] = json.loads(output.splitlines()[-1])
    if status or report["errors"]:
        raise RuntimeError(f"the import ended with {status}: {report}")
    return report, usage.ru_maxrss / 1024


def _check_thumbnails(environment: dict[str, str], count: int) -> None:
    folder = Path(environment["RECQR_VAR"]) / "media/renditions/thumb"
    made = len(list(folder.rglob("*.webp")))
    if made != count:
        raise RuntimeError(f"{count} photos were imported, and {made} thumbnails made")


def _manage(environment: dict[str, str], *words: str) -> None:
    command = [sys.executable, "manage.py", *words]
    subprocess.run(command, cwd=PROJECT, env=environment, check=True)


@contextmanager
def _record(path: Path) -> Iterator[dict[str, str]]:
    """The environment of a record of its own, its servers running."""
    kept = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "REDIS_URL")}
    environment = {**kept, "RECQR_VAR": str(path)}
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD],
        cwd=PROJECT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        if holder.stdout is None or not holder.stdout.readline():
            raise RuntimeError("the servers of the benchmark did not start")
        yield environment
    finally:
        holder.communicate()
