"""The shape of a dialogue's turns, as imported, stored and exported."""

from typing import Literal, NotRequired, TypedDict

Role = Literal["user", "assistant"]


class Turn(TypedDict):
    """One turn: who spoke, what they said, and the ids of the images they showed."""

    role: Role
    text: str
    images: NotRequired[list[str]]
