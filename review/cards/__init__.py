"""A release's dataset card: what it is, how it was made, how far it may be trusted, in Markdown.

In the manner of the Hugging Face Hub's dataset cards. It is made of the release's manifest alone,
so that it says of a release what held when it was made. No person is named.
"""

from typing import Any

from review.cards import contents, judges, making, people
from review.cards.head import head
from review.cards.words import plain

NAME = "README.md"


def card(manifest: dict[str, Any]) -> str:
    """The whole file. `manifest` as `exporting.described` has it."""
    title = f"# {plain(manifest.get('title') or manifest['dataset'])}"
    return "\n\n".join([head(manifest, file_name(manifest)), title, body(manifest)])


def body(manifest: dict[str, Any]) -> str:
    """Without its title, and without what only programs read."""
    sections = [
        contents.introduction(manifest, file_name(manifest)),
        *making.sections(manifest),
        people.section_of(manifest),
        judges.section_of(manifest),
        *contents.sections(manifest, file_name(manifest)),
    ]
    return "\n\n".join(sections) + "\n"


def file_name(manifest: dict[str, Any]) -> str:
    return f"{manifest['dataset']}-{manifest['release']}.{manifest['format']}"
