"""Draws a wave of dialogues for calibration, here and now."""

from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from review.amounts import counted
from review.calibration.sampling import drawing, following, waves
from review.calibration.slices import DIMENSIONS
from review.errors import Conflict, Invalid
from review.management.base import ReviewCommand, dataset_named
from review.models import Dataset, WaveKind


class Command(ReviewCommand):
    help = "Draw dialogues that reviewers are handed before all others, by known probabilities."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("size", metavar="N", type=int, help="how many dialogues")
        parser.add_argument(
            "--informative",
            action="store_true",
            help="rather those on which judges or ranks differ; N is then an average",
        )
        parser.add_argument(
            "--even-share",
            metavar="G",
            type=float,
            help="of an informative wave the share that is spread evenly (0.5 to 1, else 0.5)",
        )
        parser.add_argument(
            "--narrow",
            metavar="WHAT=VALUE",
            help=f"draw from one part alone, such as language=de ({', '.join(DIMENSIONS)})",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="only say what it would be drawn from"
        )

    def run(self, **options: Any) -> None:
        dataset = dataset_named(options["dataset"])
        asked = {
            "kind": WaveKind.INFORMATIVE if options["informative"] else WaveKind.UNIFORM,
            "size": options["size"],
            "even_share": options["even_share"],
            "narrowed": _narrowed(options["narrow"]),
        }
        outcome = _preview(dataset, asked) if options["dry_run"] else _draw(dataset, asked)
        if options["json"]:
            self.print_json(outcome)
            return
        for sentence in outcome["sentences"]:
            self.stdout.write(sentence)


def _narrowed(text: str | None) -> dict[str, str]:
    if text is None:
        return {}
    dimension, sign, value = text.partition("=")
    if not sign:
        raise Invalid("Say what to narrow the wave to as --narrow language=de.", field="narrowed")
    return {dimension: value}


def _preview(dataset: Dataset, asked: dict[str, Any]) -> dict[str, Any]:
    told = waves.preview(dataset, **asked)
    drawn = f"{told.expected:.0f} of {counted(told.dialogues, 'dialogue')} would be drawn."
    return {**asdict(told), "sentences": [drawn, *told.sentences]}


def _draw(dataset: Dataset, asked: dict[str, Any]) -> dict[str, Any]:
    wave = waves.draw(dataset=dataset, **asked)
    drawing.carry_out(dataset)
    wave.refresh_from_db()
    if wave.failure:
        raise Conflict(f"Wave {wave.number} was not drawn: {wave.failure}")
    told = following.line(wave)
    if wave.drawn_at is None:
        sentence = f"A worker draws wave {wave.number}."
    else:
        dialogues = counted(told.dialogues, "dialogue")
        sentence = f"Wave {wave.number}: {told.drawn:,} of {dialogues} drawn."
    left_out = waves.left_out_in_words(wave.frame.get("left_out", {}))
    return {
        "wave": wave.number,
        "kind": wave.kind,
        "size": wave.size,
        "dialogues": told.dialogues,
        "drawn": told.drawn,
        "lowest": told.lowest_probability,
        "highest": told.highest_probability,
        "sentences": [sentence, *left_out],
    }
