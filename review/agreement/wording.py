"""What the arms say, in sentences that a release can quote."""

from typing import Any

# What is to be seen in the plain arm, and in this one not.
SEEN = {
    "blind": "see the scores",
    "unaided": "see the candidates before they write",
    "no-target": "see the target image",
    "no-retrieval": "see what a text would find",
}
HIDDEN = {
    "plain": "all is shown",
    "blind": "scores hidden",
    "unaided": "candidates hidden until one is written",
    "no-target": "target image hidden",
    "no-retrieval": "live retrieval hidden",
}
MEASURES = {
    "top": "Accepted the panel's top candidate",
    "accepted": "Accepted a candidate unedited",
    "edited": "Edited",
    "rejected": "Rejected",
    "more": "Asked for more candidates",
    "tried": "Tried what a text finds",
    "colleagues": "Same outcome as another reviewer who saw all",
    "skipped": "Skipped, of places decided or skipped",
    "seconds": "Time at work, median",
}
_DO = {
    "top": "accept the panel's top candidate",
    "accepted": "accept a candidate unedited",
    "edited": "edit",
    "rejected": "reject",
    "more": "ask for more candidates",
    "tried": "try what a text finds",
    "colleagues": "come to the same outcome as another reviewer",
    "skipped": "skip",
}
# Said in any case; the others where their interval leaves out 0.
ALWAYS = "top"


def sentences(arm: dict[str, Any]) -> list[str]:
    """What it does to people that they see what an arm hides, the most telling first."""
    if arm["arm"] not in SEEN:
        return []
    return [
        sentence(arm["arm"], measure["name"], measure["effect"])
        for measure in arm["measures"]
        if measure["name"] == ALWAYS or _is_clear(measure["effect"])
    ]


def _is_clear(effect: dict[str, Any]) -> bool:
    return effect["low"] is not None and (effect["low"] > 0 or effect["high"] < 0)


def sentence(arm: str, name: str, effect: dict[str, Any]) -> str:
    seen = f"when they {SEEN[arm]}"
    if effect["value"] is None:
        return f"Whether people {_DO[name]} more often {seen} cannot be told: {effect['words']}."
    said = _longer(effect["value"]) if name == "seconds" else _oftener(name, effect["value"])
    return f"People {said} {seen} ({_interval(name, effect)})."


def _oftener(name: str, change: float) -> str:
    points = round(abs(100 * change))
    if not points:
        return f"{_DO[name]} just as often"
    noun = "point" if points == 1 else "points"
    return f"{_DO[name]} {points} {noun} {'more' if change > 0 else 'less'} often"


def _longer(change: float) -> str:
    return f"take {abs(change):.1f} seconds {'longer' if change > 0 else 'less'}"


def _interval(name: str, effect: dict[str, Any]) -> str:
    """Counted the way of the sentence: of “2 points less”, “1 to 3” is 1 to 3 points less."""
    if effect["low"] is None:
        return str(effect["words"])
    low, high = effect["low"], effect["high"]
    if effect["value"] < 0:
        low, high = -high, -low
    ends = [f"{end:.1f}" if name == "seconds" else f"{100 * end:.0f}" for end in (low, high)]
    plain = [end.replace("-", "\N{MINUS SIGN}") for end in ends]
    clear = "" if _is_clear(effect) else ": no clear difference"
    return f"95% interval {plain[0]} to {plain[1]}{clear}"
