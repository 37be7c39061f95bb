"""The sample dataset: pictures drawn by this package, with dialogues about them.

`write_sample(folder)` makes a native import folder of it: dialogues.jsonl, images.jsonl and the
picture files that images.jsonl names; `GUIDELINES` say how to review it. Only the words are stored
in the repository.
"""

import json
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from PIL import Image

from review.sample.gallery import PLATES

WORDS = Path(__file__).parent
GUIDELINES = (WORDS / "guidelines.md").read_text(encoding="utf-8")
# WebP at its quickest setting: `method` 4 would double the time that all the drawing takes.
_ENCODING: dict[str, dict[str, Any]] = {
    ".webp": {"quality": 84, "method": 1},
    ".jpg": {"quality": 88},
    ".png": {"compress_level": 4},
}


def write_sample(folder: Path, processes: int = 2) -> None:
    """Write the whole sample into `folder`, which is made if need be; same bytes each time."""
    files = picture_files()
    for file in files.values():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
    for name in ("dialogues.jsonl", "images.jsonl"):
        (folder / name).write_bytes((WORDS / name).read_bytes())
    jobs = [(name, folder / file) for name, file in files.items()]
    # Fresh processes: a fork would share the caller's connections to the database.
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=fresh) as pool:
        list(pool.map(_draw_to, jobs, chunksize=4))


def picture_files() -> dict[str, str]:
    """Image id to file, for the images that have one."""
    lines = (WORDS / "images.jsonl").read_text(encoding="utf-8").splitlines()
    records = [json.loads(line) for line in lines]
    return {record["id"]: record["file"] for record in records if "file" in record}


def _draw_to(job: tuple[str, Path]) -> None:
    name, path = job
    picture = PLATES[name].picture(name)
    if (
        path.suffix == ".png"
    ):  # prints in one or two inks: a palette makes the file a third as large
        picture = picture.quantize(96, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    picture.save(path, **_ENCODING[path.suffix])
