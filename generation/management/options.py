"""The options of `start_run` that say what a run is to be, and what they ask for."""

from argparse import ArgumentParser, ArgumentTypeError, _ArgumentGroup
from decimal import Decimal, InvalidOperation
from typing import Any, get_args

from generation.jury import BEST
from generation.management.benchmarks import about_benchmarks, benchmark_of
from generation.runs.drafting import MOST_COMPARED
from generation.runs.lifecycle import Wishes
from generation.seeing import ImageSettings
from generation.showing import CAPTION, IMAGE
from review.models import Stage, Trait
from review.pictures import Format
from review.selecting import Selection

IMAGES = ImageSettings()


def add_options(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--endpoint",
        nargs="+",
        action="extend",
        default=[],
        metavar="NAME",
        help="where models answer; without it all that the dataset has for the work, "
        "else `default`, else `offline`",
    )
    parser.add_argument(
        "--candidates", type=int, default=4, metavar="K", help="to be written for a dialogue (4)"
    )
    parser.add_argument(
        "--budget", type=dollars, metavar="USD", help="the run pauses before it would pass it"
    )
    parser.add_argument(
        "--batch",
        action="store_true",
        help="by the Batch API of endpoints that have it: half the price, within a day",
    )
    _about_dialogues(parser.add_argument_group("which dialogues"))
    _about_images(parser.add_argument_group("what models are shown"))
    _about_judges(parser.add_argument_group("how judges go about it"))
    about_benchmarks(parser.add_argument_group("what a benchmark compares"))


def _about_dialogues(group: _ArgumentGroup) -> None:
    group.add_argument("--words", default="", help="in the final query, or in the id")
    group.add_argument("--stage", default="", choices=["", *Stage.values], help="as it is now")
    group.add_argument(
        "--trait", default="", choices=["", *Trait.values], help="that retrieval shows of them"
    )
    group.add_argument(
        "--import", dest="import_id", type=int, metavar="NUMBER", help="that they came with"
    )
    group.add_argument(
        "--sample", type=int, metavar="N", help="drawn by the dataset's seed: the same each time"
    )
    group.add_argument("--limit", type=int, metavar="N", help="at most N dialogues")


def _about_images(group: _ArgumentGroup) -> None:
    group.add_argument(
        "--images",
        type=int,
        nargs="?",
        const=IMAGES.longest_side,
        metavar="SIDE",
        help="send the images of the turns where an endpoint sees them, their longest side in "
        f"pixels ({IMAGES.longest_side})",
    )
    group.add_argument("--image-format", choices=get_args(Format), default=IMAGES.format)
    group.add_argument(
        "--most-images", type=int, default=IMAGES.most, metavar="N", help="in one request (8)"
    )
    group.add_argument(
        "--show-target",
        choices=[CAPTION, IMAGE],
        nargs="+",
        action="extend",
        default=[],
        help="show models the right answer; every call, candidate and judgement then says so",
    )


def _about_judges(group: _ArgumentGroup) -> None:
    group.add_argument(
        "--both-orders", action="store_true", help="a second time in the reverse order"
    )
    group.add_argument(
        "--pairwise", action="store_true", help="compare the best two by two, in both orders"
    )
    group.add_argument(
        "--best",
        type=int,
        default=BEST,
        metavar="N",
        help=f"how many of the best, 2 to {MOST_COMPARED} ({BEST})",
    )


def wishes_of(options: dict[str, Any]) -> Wishes:
    """What the options ask for. Raises `Invalid` for images that cannot be sent so, and for files
    of rewrites that are no good."""
    return Wishes(
        endpoints=options["endpoint"],
        candidates=options["candidates"],
        limit=options["limit"],
        budget=options["budget"],
        selection=Selection(
            options["words"],
            options["stage"],
            options["import_id"],
            options["sample"],
            options["trait"],
        ),
        images=_images_of(options),
        target=options["show_target"],
        both_orders=options["both_orders"],
        pairwise=options["pairwise"],
        best=options["best"],
        batch=options["batch"],
        benchmark=benchmark_of(options),
    )


def _images_of(options: dict[str, Any]) -> ImageSettings | None:
    if options["images"] is None:
        return None
    return ImageSettings(options["images"], options["image_format"], options["most_images"])


def dollars(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ArgumentTypeError(f"“{text}” is no amount in dollars such as 2.50") from None
