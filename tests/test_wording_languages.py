"""Every language has a whole table, and nothing in a table goes unread."""

import tomllib
from pathlib import Path

import pytest

from review.wording.language import TABLES, language, languages

READ_BY = [Path("review/wording"), Path("generation/offline")]
NAMES = [path.stem for path in sorted(TABLES.glob("*.toml"))]


def test_the_promised_languages_are_there() -> None:
    assert {"en", "de", "fr", "es", "it", "pt", "ja", "zh", "ar", "hi", "tr"} <= set(NAMES)


@pytest.mark.parametrize("code", NAMES)
def test_a_table_has_words_references_and_rejections(code: str) -> None:
    known = language(code)
    assert len(known.function) > 50
    assert {"personal", "pointed", "earliest"} <= set(known.references)
    assert {"after", "whole"} <= set(known.rejections)
    assert {"requests", "openings"} <= set(known.patterns)


@pytest.mark.parametrize("code", NAMES)
def test_no_pattern_matches_nothing_at_all(code: str) -> None:
    known = language(code)
    for pattern in [*known.references.values(), *known.rejections.values()]:
        assert not pattern.fullmatch("")


def test_every_entry_of_a_table_is_read_by_the_code() -> None:
    root = Path(__file__).parents[1]
    code = "".join(
        path.read_text("utf-8") for part in READ_BY for path in (root / part).glob("*.py")
    )
    code += "".join(f'"{kind}"' for known in languages() for kind in known.references)
    for name in NAMES:
        table = tomllib.loads((TABLES / f"{name}.toml").read_text("utf-8"))
        entries = [
            key for section in table.values() if isinstance(section, dict) for key in section
        ]
        assert [key for key in entries if f'"{key}"' not in code] == []


def test_an_unknown_language_is_empty_but_usable() -> None:
    known = language("und")
    assert known.function == frozenset()
    assert known.stem("boats") == "boats"
