"""The offline rewriter and judge against what people wrote, and against a caption search.

The data is not part of the project: it is looked for in ../shared beside it, or where RECQR_SHARED
says. human/car_rewrites.jsonl holds real dialogues with about ten human rewrites each, photos/
templated dialogues with one right picture each among 1,000.
"""

import importlib.util
import json
import os
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import bm25s

from generation.offline.judge import judge
from generation.offline.rewriter import rewrite
from tests.benchmarks.figures import Figure, Skipped

Record = dict[str, Any]
CANDIDATES = 5
GOALS = {
    "best_added_f1": 0.70,
    "best_rouge_l": 0.70,
    "first_added_f1": 0.50,
    "first_rouge_l": 0.66,
}
MOST_MILLISECONDS = 5.0
TOP = 10


def run() -> list[Figure]:
    """All figures; raises Skipped where the data is not at hand."""
    folder = _shared()
    cars = _records(folder / "data/human/car_rewrites.jsonl")
    photos = _records(folder / "data/photos/dialogues.jsonl")
    captions = _records(folder / "data/photos/images.jsonl")
    return [*_against_people(folder, cars), *_retrieval(photos, captions), _speed(cars)]


def _shared() -> Path:
    beside = Path(__file__).resolve().parents[2].parent / "shared"
    folder = Path(os.environ.get("RECQR_SHARED", beside))
    if not (folder / "measures/rewriting.py").exists():
        raise Skipped(f"no data in {folder}; set RECQR_SHARED to the folder that holds it")
    return folder


def _records(path: Path) -> list[Record]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def _scored(dialogue: Record) -> list[Record]:
    """Candidates with the mean of the judge's scores, the best first, equals in their order."""
    made = [
        {
            "text": text,
            "score": sum(score for score, _ in judge(dialogue["turns"], text).values()) / 5,
        }
        for text in rewrite(dialogue["turns"], count=CANDIDATES)
    ]
    return sorted(made, key=lambda one: -float(one["score"]))


def _against_people(folder: Path, dialogues: list[Record]) -> list[Figure]:
    source = importlib.util.spec_from_file_location("measure", folder / "measures/rewriting.py")
    if source is None or source.loader is None:
        raise Skipped(f"{folder}/measures/rewriting.py cannot be read")
    module = importlib.util.module_from_spec(source)
    source.loader.exec_module(module)
    found = module.measure(dialogues, {one["id"]: _scored(one) for one in dialogues})
    names = {"best": "best candidate", "first": "judge's first"}
    return [
        Figure(f"car dialogues, {names[who]}: {measure}", found[f"{who}_{measure}"], goal)
        for key, goal in GOALS.items()
        for who, _, measure in [key.partition("_")]
    ]


def _retrieval(dialogues: list[Record], images: list[Record]) -> list[Figure]:
    """R@10 of the target's caption by BM25, for each form of the query."""
    rank = _ranker([image["caption"] for image in images])
    places = {image["id"]: place for place, image in enumerate(images)}
    forms: dict[str, Callable[[Record], Sequence[str]]] = {
        "final query": lambda one: [one["turns"][-1]["text"]],
        "full history": lambda one: [" ".join(turn["text"] for turn in one["turns"])],
        "judge's first": lambda one: [_scored(one)[0]["text"]],
        "best candidate": lambda one: [made["text"] for made in _scored(one)],
    }
    return [
        Figure(f"photo dialogues, {name}: R@{TOP}", _recall(dialogues, form, rank, places))
        for name, form in forms.items()
    ]


def _ranker(captions: list[str]) -> Callable[[str], Iterable[int]]:
    index = bm25s.BM25()
    index.index(bm25s.tokenize(captions, show_progress=False), show_progress=False)

    def rank(query: str) -> Iterable[int]:
        tokens = bm25s.tokenize([query], show_progress=False)
        return [int(place) for place in index.retrieve(tokens, k=TOP, show_progress=False)[0][0]]

    return rank


def _recall(
    dialogues: list[Record],
    form: Callable[[Record], Sequence[str]],
    rank: Callable[[str], Iterable[int]],
    places: dict[str, int],
) -> float:
    hits = sum(
        any(places[one["target_images"][0]] in rank(text) for text in form(one))
        for one in dialogues
    )
    return hits / len(dialogues)


def _speed(dialogues: list[Record]) -> Figure:
    """Milliseconds of processor time a dialogue of ten turns takes to rewrite."""
    turns = [turn for one in dialogues[:40] for turn in one["turns"]]
    long = [[*turns[at : at + 9], dialogues[at]["turns"][-1]] for at in range(0, 90, 9)]
    rewrite(long[0], count=CANDIDATES)
    start = time.process_time()
    for one in long:
        rewrite(one, count=CANDIDATES)
    taken = (time.process_time() - start) / len(long) * 1000
    return Figure("rewriting a dialogue of 10 turns", taken, MOST_MILLISECONDS, "ms", least=False)
