"""The search for the targets of a dialogue by any text, and the live one while a reviewer writes:
by a page itself, or by a worker that it asks."""

from generation.searching.quests import Found, Quest, Ranked, Search, compared

__all__ = ["Found", "Quest", "Ranked", "Search", "compared"]
