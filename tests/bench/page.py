"""`docs/benchmarks.md`: one section per benchmark, each written by its own command.

A benchmark that only prints is put on the page by running it through this module:

    python -m tests.bench.page NAME TITLE MODULE [ARGUMENTS]
"""

import argparse
import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "benchmarks.md"
HEAD = """# Benchmarks

Every table below was written by the command above it, on the machine it names. Run the
command to replace the table by your own.
"""


def options(description: str) -> argparse.ArgumentParser:
    """Return the options all benchmarks have: `--json FILE` and `--no-page`."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument(
        "--no-page", action="store_true", help="leave docs/benchmarks.md as it is"
    )
    return parser


def publish(
    args: argparse.Namespace, *, name: str, title: str, body: str, figures: object
) -> None:
    """Print `body`; put it on the page as section `name`; write `figures` as JSON.

    Args:
        args: Parsed by a parser of `options`.
        name: Key of the section, such as `bench-wrap`; also the make target.
        title: Heading of the section.
        body: Markdown below the heading, the command, and the machine.
        figures: What `--json` gets.
    """
    print(body)
    if args.json:
        args.json.write_text(json.dumps(figures, indent=2) + "\n")
    if not args.no_page:
        write(name=name, title=title, body=body)


def write(*, name: str, title: str, body: str) -> None:
    """Put `body` on the page, below its title, its command and the machine."""
    old = PAGE.read_text() if PAGE.exists() else HEAD
    section = f"## {title}\n\n`make {name}` on {machine()}\n\n{body.strip()}\n"
    PAGE.write_text(with_section(old, name, section))


def with_section(page: str, name: str, section: str) -> str:
    """Return `page` with the section between `name`'s markers replaced, or added."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    block = f"{begin}\n{section}{end}\n"
    found = re.compile(re.escape(begin) + r".*?" + re.escape(end) + r"\n", re.DOTALL)
    if found.search(page):
        return found.sub(lambda _: block, page, count=1)
    return f"{page.rstrip()}\n\n{block}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table; every column but the first is aligned right."""
    lines = [list(head), ["---", *("---:" for _ in head[1:])], *map(list, rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def machine() -> str:
    """Return what the figures depend on: processor, cores, kernel, Python."""
    model = "unknown processor"
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        named = re.search(r"^model name\s*: (.+)$", cpuinfo.read_text(), re.MULTILINE)
        model = named[1].strip() if named else model
    cores = len(os.sched_getaffinity(0))
    release = platform.release().split("-")[0]
    return (
        f"{model}, {cores} cores, Linux {release}, Python {platform.python_version()}"
    )


def main() -> int:
    """Run a benchmark's module, show what it prints, and put that on the page."""
    name, title, module, *arguments = sys.argv[1:]
    ran = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    print(ran.stdout, end="")
    if ran.returncode == 0:
        write(name=name, title=title, body=f"```text\n{ran.stdout.strip()}\n```")
    return ran.returncode


if __name__ == "__main__":
    sys.exit(main())
