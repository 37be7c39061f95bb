"""The part of a run that goes through a Batch API: submitted, polled and collected in short steps.

Half the price for waiting up to a day. A batch and its calls are rows before anything leaves, so
that a crash at any moment leaves something that the next step can finish: see `submitting` for
what is paid once, and `collecting` for what is entered once.
"""

from generation.batch_runs.stepping import resting_with_batches, step, tend

__all__ = ["resting_with_batches", "step", "tend"]
