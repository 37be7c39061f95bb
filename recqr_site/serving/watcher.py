"""Prints a line whenever code or templates change: the supervisor of `make dev` listens."""

from pathlib import Path

from watchfiles import Change, DefaultFilter, watch

from recqr_site.record import PROJECT_DIR

FOLDERS = ("recqr_site", "review", "generation", "templates")
ENDINGS = {".py", ".html", ".txt", ".toml"}


class SourceFilter(DefaultFilter):
    def __call__(self, change: Change, path: str) -> bool:
        return Path(path).suffix in ENDINGS and super().__call__(change, path)


def main() -> None:
    for changes in watch(*(PROJECT_DIR / name for name in FOLDERS), watch_filter=SourceFilter()):
        print(Path(min(path for _, path in changes)).relative_to(PROJECT_DIR), flush=True)


if __name__ == "__main__":
    main()
