"""Which images go with a dialogue to a model, as a run says and its endpoint allows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from generation.models import Endpoint, Run, RunItem
from generation.seeing import ImageSettings, image_part
from review.errors import ReviewError
from review.models import Dialogue, Image

Part = dict[str, Any]
AsPart = Callable[[Image, ImageSettings], Part]
# Of what a run's parameters say under `target`: what a model is shown of the right answer.
CAPTION, IMAGE = "caption", "image"


@dataclass(frozen=True)
class Shown:
    """Images of one dialogue as parts of a message, by their id, and what of the target is told."""

    pictures: dict[str, Part] = field(default_factory=dict)
    target_caption: str = ""
    target_picture: Part | None = None

    @property
    def saw_target(self) -> bool:
        return bool(self.target_caption or self.target_picture)

    def name_of(self, image: str) -> str:
        """What the conversation calls an image; one that is not sent is only mentioned."""
        names = {name: f"image {number}" for number, name in enumerate(self.pictures, start=1)}
        return names.get(image, "an image that is not shown here")

    def parts(self) -> list[Part]:
        """The images with their names, for a message's content."""
        named = [(self.name_of(name), part) for name, part in self.pictures.items()]
        if self.target_picture is not None:
            named.append(("the image that the user means", self.target_picture))
        return [one for name, part in named for one in ({"type": "text", "text": f"{name}:"}, part)]


NOTHING = Shown()


def shown_for(run: Run, items: Sequence[RunItem], as_part: AsPart = image_part) -> dict[int, Shown]:
    """What goes with each item to its endpoint, in one question to the database at most."""
    looking = {item.pk: _Look(run, item.endpoint, as_part) for item in items}
    if not any(look.wants_anything() for look in looking.values()):
        return dict.fromkeys(looking, NOTHING)
    images = _images_of(run, [item.dialogue for item in items])
    return {item.pk: looking[item.pk].at(item.dialogue, images) for item in items}


def unseen_for(run: Run, items: Sequence[RunItem]) -> dict[int, Shown]:
    """The same without a look at the pictures: they are only counted, which encodes none."""
    return shown_for(run, items, _blank)


def _blank(image: Image, settings: ImageSettings) -> Part:
    return {"type": "image_url", "image_url": {"url": image.sha256}}


class _Look:
    """What one endpoint is shown in one run."""

    def __init__(self, run: Run, endpoint: Endpoint | None, as_part: AsPart) -> None:
        sees = endpoint is not None and endpoint.sees_images
        told = endpoint is not None and not endpoint.is_offline()
        settings = run.parameters.get("images")
        target = run.parameters.get("target", [])
        self._settings = ImageSettings.from_json(settings) if settings and sees else None
        self._caption = CAPTION in target and told
        self._as_part = as_part
        self._picture = IMAGE in target and self._settings is not None

    def wants_anything(self) -> bool:
        return self._settings is not None or self._caption

    def at(self, dialogue: Dialogue, images: dict[str, Image]) -> Shown:
        targets = [images[name] for name in dialogue.target_images if name in images]
        target = targets[0] if targets else None
        return Shown(
            pictures=self._pictures(dialogue, images),
            target_caption=target.caption if target and self._caption else "",
            target_picture=self._part(target) if target and self._picture else None,
        )

    def _pictures(self, dialogue: Dialogue, images: dict[str, Image]) -> dict[str, Part]:
        """The last images shown, which the final query is likeliest to speak of."""
        if self._settings is None:
            return {}
        shown = [images[name] for name in dialogue.shown_images() if name in images]
        last = shown[-self._settings.most :]
        parts = {image.external_id: self._part(image) for image in last}
        return {name: part for name, part in parts.items() if part is not None}

    def _part(self, image: Image) -> Part | None:
        """None where there is no picture to show: it is declared alone, or its file is gone."""
        if self._settings is None or not image.has_file():
            return None
        try:
            return self._as_part(image, self._settings)
        except (ReviewError, OSError):
            return None


def _images_of(run: Run, dialogues: Sequence[Dialogue]) -> dict[str, Image]:
    names = {name for d in dialogues for name in [*d.shown_images(), *d.target_images]}
    rows = Image.objects.current().filter(dataset_id=run.dataset_id).named(list(names))
    return {image.external_id: image for image in rows}
