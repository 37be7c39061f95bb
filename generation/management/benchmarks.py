"""The options of commands that say what a benchmark compares."""

from argparse import ArgumentTypeError, _ArgumentGroup
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from generation.benchmark.forms import Rewrites
from generation.benchmark.outside import read_rewrites
from generation.benchmark.planning import PRIMARY_METRIC, BenchmarkOptions
from generation.benchmark.report import RATES
from review.errors import Invalid


def about_benchmarks(group: _ArgumentGroup) -> None:
    _several(group, "--retrievers", "NAME", "who searches; without it all of the dataset")
    _several(
        group,
        "--forms",
        "FORM",
        "of the query: final-query, last-turns, history, rewrite, human, caption, fusion, random, "
        "best-REWRITER, or best for every rewriter; without it all that there are",
    )
    group.add_argument(
        "--rewrites",
        nargs="+",
        action="extend",
        default=[],
        type=_named_file,
        metavar="NAME=FILE",
        help='a rewriter\'s output to be scored as well: lines {"id": ..., "text": ...}',
    )
    group.add_argument(
        "--metric",
        choices=RATES,
        default=PRIMARY_METRIC,
        help=f"that forms are compared on ({PRIMARY_METRIC})",
    )


def benchmark_of(options: dict[str, Any]) -> BenchmarkOptions:
    """What the options ask for. Raises `Invalid` for a file that is no good."""
    return BenchmarkOptions(
        retrievers=listed(options["retrievers"]),
        forms=listed(options["forms"]),
        rewrites=_rewrites_of(options["rewrites"]),
        metric=options["metric"],
    )


def listed(words: Sequence[str]) -> list[str]:
    """Names that were given one by one, or with commas between them."""
    return [name for word in words for name in word.split(",") if name]


def _several(group: _ArgumentGroup, option: str, metavar: str, words: str) -> None:
    group.add_argument(option, nargs="+", action="extend", default=[], metavar=metavar, help=words)


def _rewrites_of(files: Sequence[tuple[str, Path]]) -> dict[str, Rewrites]:
    found: dict[str, Rewrites] = {}
    for name, path in files:
        if name in found:
            raise Invalid(f"“{name}” names two files: give each its own name.", field="rewrites")
        try:
            found[name] = read_rewrites(path)
        except OSError as error:
            raise Invalid(f"{path}: {error.strerror or error}", field="rewrites") from error
    return found


def _named_file(text: str) -> tuple[str, Path]:
    name, mark, path = text.partition("=")
    if not (mark and name and path):
        raise ArgumentTypeError(f"“{text}” is no NAME=FILE such as gpt-x=rewrites.jsonl")
    return name, Path(path)
