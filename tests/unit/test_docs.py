"""What the documentation says exists, and what exists is said."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from greenops.cli import COMMANDS

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_in_the_readme(command):
    assert f"greenops {command}" in README


def test_every_command_the_readme_names_exists():
    named = set(re.findall(r"greenops ([a-z-]+)\b", README)) - {
        "starts",
        "is",
        "beside",
    }

    assert {n for n in named if f"`greenops {n}" in README} <= set(COMMANDS)


def test_every_option_of_wrap_in_the_readme_exists():
    shown = subprocess.run(
        [sys.executable, "-m", "greenops", "wrap", "--help"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    row = next(x for x in README.splitlines() if "`greenops wrap train.py`" in x)

    options = re.findall(r"--[a-z]+", row)
    assert len(options) >= 8
    assert [o for o in options if o not in shown] == []


@pytest.mark.parametrize("target", ["demo", "test"])
def test_the_two_commands_of_the_readme_are_make_targets(target):
    makefile = (ROOT / "Makefile").read_text()

    assert f"make {target}" in README
    assert re.search(rf"^{target}:", makefile, re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    links = re.findall(r"\]\(([^)#]+)", page.read_text())

    local = [x for x in links if not x.startswith(("http:", "https:"))]
    assert [x for x in local if not (page.parent / x).exists()] == []


def test_every_make_target_the_docs_name_exists():
    makefile = (ROOT / "Makefile").read_text()
    named = {
        t for p in PAGES for t in re.findall(r"`make ([a-z-]+)[ `]", p.read_text())
    }

    assert {
        t for t in named if not re.search(rf"^{t}:", makefile, re.MULTILINE)
    } == set()
