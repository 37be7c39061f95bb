"""All pictures of the sample by their id."""

from review.sample import (
    balloons,
    desert,
    forest,
    lake,
    lighthouse,
    pets,
    sailing,
    street,
    table,
)
from review.sample.plates import Plate

PLATES: dict[str, Plate] = {
    **lighthouse.PLATES,
    **lake.PLATES,
    **balloons.PLATES,
    **sailing.PLATES,
    **forest.PLATES,
    **desert.PLATES,
    **street.PLATES,
    **table.PLATES,
    **pets.PLATES,
}
