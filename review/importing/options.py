"""What an import was asked to do, as kept in its record."""

from dataclasses import asdict, dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Options:
    """`images`: a folder of pictures, "" for none. `replace`: changed content takes the place of
    what people have decided on. `append_candidates`: of dialogues that are there nothing changes
    but that candidates are added."""

    format: str = "auto"
    images: str = ""
    replace: bool = False
    append_candidates: bool = False
    fetch_urls: bool = False
    dry_run: bool = False

    @classmethod
    def of(cls, kept: dict[str, Any]) -> Self:
        """Options as a record keeps them; what it does not name is as by default."""
        known = {name: kept[name] for name in cls.__dataclass_fields__ if name in kept}
        return cls(**{**known, "images": known.get("images") or ""})

    def as_json(self) -> dict[str, Any]:
        return asdict(self)
