"""Run every benchmark module here and print one table.

A module has `run() -> list[Figure]`; `python -m tests.benchmarks NAME ...` runs only those named.
"""

import importlib
import pkgutil
import sys
from pathlib import Path

from tests.benchmarks.figures import Figure, Skipped


def main(names: list[str]) -> int:
    """Print the figures of the named modules (all, if none is named); 1 where a goal is missed."""
    found = sorted(module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]))
    wanted = [name for name in found if name not in ("__main__", "figures")]
    unknown = set(names) - set(wanted)
    if unknown:
        print(f"No benchmark called {', '.join(sorted(unknown))}; there are: {', '.join(wanted)}.")
        return 2
    missed = [figure for name in names or wanted for figure in _figures(name) if not figure.met]
    return 1 if missed else 0


def _figures(name: str) -> list[Figure]:
    module = importlib.import_module(f"tests.benchmarks.{name}")
    print(f"\n{name}: {(module.__doc__ or '').strip().splitlines()[0]}")
    try:
        figures: list[Figure] = module.run()
    except Skipped as reason:
        print(f"  skipped: {reason}")
        return []
    for figure in figures:
        print(f"  {figure}")
    return figures


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
