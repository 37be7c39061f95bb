"""What deceives: words that leak the target, queries that need no history, ranks that change.

The primary retriever looks at every approved rewrite in the background, after its check; any other
looks where a benchmark asks for it (`measuring.measure`). Each word takes a search of its own: for
all retrievers of a dataset that would make several times the work of the check itself, and nobody
reads a word's effect on more than the retriever that the desk shows.
"""

from generation.deceiving.draining import datasets_awaiting, drain, look, look_at, waits
from generation.deceiving.share import LeakShare, leak_share
from generation.deceiving.supporting import support, withdraw
from generation.deceiving.tally import Tally, tally

__all__ = [
    "LeakShare",
    "Tally",
    "datasets_awaiting",
    "drain",
    "leak_share",
    "look",
    "look_at",
    "support",
    "tally",
    "waits",
    "withdraw",
]
