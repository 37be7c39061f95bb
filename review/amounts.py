"""Amounts as people read them, in pages, cards, commands and sentences of rules."""


def counted(number: int, noun: str) -> str:
    """1 and “dialogue” as “1 dialogue”, 1000 as “1,000 dialogues”; “child,children” names both."""
    one, _, many = noun.partition(",")
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def share_of(part: int, whole: int) -> str:
    """3 of 4 as “75%”. Never “100%” or “0%” unless it is all or none of it."""
    if not whole:
        return "–"
    percent = round(100 * part / whole)
    if 0 < part < whole:
        percent = min(max(percent, 1), 99)
    return f"{percent}%"
