"""A benchmark's report as people read it: tables and plots, for pages and for files alike.

What comes in is `BenchmarkReport.data`, as `generation.benchmark.report` describes it.
"""
