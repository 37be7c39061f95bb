"""Exact ranks for 7,000 texts: over 100,000 vectors beside numpy, over captions beside `bm25s`."""

import json
import os
import subprocess
import sys

from tests.benchmarks.figures import Figure
from tests.benchmarks.pictures import PROJECT

# It needs no database, only the program's own modules.
NOTHING = {"DATABASE_URL": "postgres://none/none", "REDIS_URL": "redis://none"}
MEASURE = """
import json
import django
django.setup()
from tests.ranking_measured import measure
print(json.dumps(measure()))
"""


def run() -> list[Figure]:
    """In a process of its own, whose memory nothing else has touched."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURE],
        cwd=PROJECT,
        env={**os.environ, **NOTHING, "DJANGO_SETTINGS_MODULE": "recqr_site.settings"},
        check=True,
        stdout=subprocess.PIPE,
    )
    found = json.loads(done.stdout)
    return [
        Figure("numpy: matrix product of vectors", found["bare"], None, "s"),
        Figure("exact ranks by vectors", found["ranks"], None, "s"),
        Figure("exact ranks, times the product", found["ranks"] / found["bare"], 1.25, "x", False),
        Figure("exact ranks of 5 texts", 1000 * found["few"], None, "ms"),
        Figure("peak memory", found["megabytes"], 1000, "MB", least=False),
        Figure("bm25s: scores over captions", found["bm25s"], None, "s"),
        Figure("exact ranks by bm25, times bm25s", found["bm25"] / found["bm25s"], None, "x"),
    ]
