"""Places on the pages of `review` that other apps fill.

An app registers a panel when it starts; templates load its URL as an htmx fragment. So a page shows
the work of an app that `review` does not know.
"""

from dataclasses import dataclass
from typing import Literal

from django.urls import reverse

from review.models import Membership

Slot = Literal["dialogue", "dataset", "tab", "navigation", "selection", "place"]


@dataclass(frozen=True)
class Panel:
    """One fragment: its URL name takes the dataset's slug, in slot *dialogue* also its id.

    In slot *navigation* it is a page, in slot *tab* one beside the pages of a dataset. In slot
    *selection* it is a page, too: it takes in its address what a list of dialogues is narrowed to,
    by the names of `review.selecting.Selection`. In slot *place* its URL name takes the
    `assignment_id` of a reviewer's place, and is asked while they write.
    """

    slot: Slot
    title: str
    url_name: str
    for_admins: bool = False
    for_adjudicators: bool = False
    # URL names of the pages that lie within it.
    inner: tuple[str, ...] = ()

    def url(self, **arguments: str | int) -> str:
        return reverse(self.url_name, kwargs=arguments)


_PANELS: dict[tuple[Slot, str], Panel] = {}


def register(panel: Panel) -> None:
    _PANELS[panel.slot, panel.url_name] = panel


def panels(slot: Slot, membership: Membership) -> list[Panel]:
    """The panels of a slot that this member may see."""
    return [
        panel
        for panel in _PANELS.values()
        if panel.slot == slot
        and (membership.administers() or not panel.for_admins)
        and (membership.adjudicates() or not panel.for_adjudicators)
    ]
