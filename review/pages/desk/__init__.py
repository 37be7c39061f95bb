"""The desk: one dialogue at a time, decided with a key, answered by the next one.

Every form of it works by itself: it is sent, and leads back to the desk. The desk's own program
asks for parts of the page instead: it shows the dialogue that it fetched ahead, and sends what was
decided behind it.
"""

from review.pages.desk.deciding import decide, undo
from review.pages.desk.holding import activity, give_back, leave, reclaim
from review.pages.desk.showing import ahead, desk
from review.pages.desk.writing import draft, first_text

__all__ = [
    "activity",
    "ahead",
    "decide",
    "desk",
    "draft",
    "first_text",
    "give_back",
    "leave",
    "reclaim",
    "undo",
]
