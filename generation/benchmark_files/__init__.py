"""What a benchmark leaves to take away: TREC files, tables and its report, in one directory."""

from generation.benchmark_files.exporting import Exported, export
from generation.benchmark_files.tables import csv_text, latex

__all__ = ["Exported", "csv_text", "export", "latex"]
