"""The help pages: what the product is, and how to work with it."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from review.errors import Missing


@dataclass(frozen=True)
class HelpPage:
    """One page, of `templates/help/<name>.html`; an inner one belongs to the page before it."""

    name: str
    title: str
    summary: str
    inner: bool = False


HELP_PAGES = [
    HelpPage("getting-started", "Getting started", "From an empty server to the first release"),
    HelpPage("running-a-review", "Running a review", "For admins: from the import to the release"),
    HelpPage("roles-and-keys", "Roles and keys", "Who may do what, and the desk's keys"),
    HelpPage("way-of-a-dialogue", "The way of a dialogue", "Stages, decisions and checks"),
    HelpPage("what-deceives", "What deceives", "Leaks, shortcuts, and ranks that mean little"),
    HelpPage("formats", "Formats", "What can be imported, and what a release holds"),
    HelpPage(
        "formats-curated", "Curated JSONL", "What a release holds, and how it comes back", True
    ),
    HelpPage("formats-visdial", "VisDial", "Questions and answers about an image", True),
    HelpPage("formats-photochat", "PhotoChat", "Two people chat, and one shares a photo", True),
    HelpPage("formats-mmdialog", "MMDialog", "Conversations with media in their turns", True),
    HelpPage("formats-qrecc", "QReCC", "Questions in context, rewritten by people", True),
    HelpPage("formats-canard", "CANARD", "Questions about an article, rewritten by people", True),
    HelpPage("benchmark", "The benchmark", "What its figures mean, and how to score a model"),
    HelpPage("calibration", "Calibration", "How far judges may be trusted, and how sure that is"),
    HelpPage("commands", "Commands", "Everything that the command line does"),
    HelpPage("api", "API", "Review from a program of your own"),
    HelpPage("models", "Connecting models", "OpenAI, vLLM, Ollama and llama.cpp, step by step"),
    HelpPage("retrievers", "Retrievers", "What looks for the images, and where models come from"),
    HelpPage("offline", "Working offline", "What is written and scored without a model"),
]


@require_safe
def help_page(request: HttpRequest, page: str) -> HttpResponse:
    place = _place(page)
    context = {
        "page": HELP_PAGES[place],
        "pages": HELP_PAGES,
        "next_page": HELP_PAGES[place + 1] if place + 1 < len(HELP_PAGES) else None,
    }
    return render(request, f"help/{HELP_PAGES[place].name}.html", context)


def _place(name: str) -> int:
    for place, page in enumerate(HELP_PAGES):
        if page.name == name:
            return place
    known = ", ".join(page.name for page in HELP_PAGES)
    raise Missing(f"There is no help page “{name}”. There are: {known}.")
