"""Runs: drafted and estimated, frozen with their plan, worked through by who leases their items.

`lifecycle` starts, pauses and ends them; `draining` does their work.
"""
