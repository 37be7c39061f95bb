"""Tests with a real language model take minutes: only `make test-llm` runs them."""

import os

collect_ignore_glob = [] if os.environ.get("RECQR_TEST_LLM") else ["test_*.py"]
