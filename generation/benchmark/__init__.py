"""The benchmark: retrievers by query forms over a frozen dataset, and what it shows."""
