"""Adds a person to a dataset, or changes their role."""

from argparse import ArgumentParser
from typing import Any

from review.guidelines import confirm
from review.management.base import ReviewCommand, dataset_named
from review.models import ApiToken, Role
from review.people.membership import Added, add_member


class Command(ReviewCommand):
    help = "Make somebody a member of a dataset, or change their role. New accounts are made."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("user", metavar="USER", help="their username")
        parser.add_argument("role", choices=Role.values)
        parser.add_argument("--token", action="store_true", help="make an API token for them")

    def run(self, **options: Any) -> None:
        dataset = dataset_named(options["dataset"])
        added = add_member(dataset=dataset, username=options["user"], role=options["role"])
        token = _token(added) if options["token"] else None
        if options["json"]:
            self.print_json(outcome(added, token))
            return
        self.stdout.write(f"{added.user} is now {added.membership.role} of {dataset}.")
        if added.password:
            self.stdout.write(f"Password, shown this once: {added.password}")
        if token:
            self.stdout.write(f"API token, shown this once: {token}")


def _token(added: Added) -> str:
    """A token for their programs. Who hands it out at the machine has told them the guidelines in
    force, which no program can read; the next version they confirm like everybody."""
    dataset = added.membership.dataset
    if dataset.guidelines:
        confirm(dataset=dataset, by=added.user, version=dataset.guidelines_version)
    return ApiToken.issue(added.user)[1]


def outcome(added: Added, token: str | None) -> dict[str, Any]:
    """`password` only where an account was made just now."""
    made = {"password": added.password} if added.password else {}
    return {
        "user": added.user.username,
        "role": str(added.membership.role),
        "token": token,
        **made,
    }
