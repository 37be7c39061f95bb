"""What deceives: words that leak the target, queries that need no history, ranks that change.

The primary retriever looks at every approved rewrite in the background, after its check. Each
word takes a search of its own: for all retrievers of a dataset that would be several times the
work (and the bill) of the check itself, while a leak shows by the one whose ranks decide. What is
found is kept by retriever: any other may be asked to `look` as well. Whether the history is needed
is for the checks of all retrievers to say.
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
