"""Draws docs/images/wrap.svg: a real wrapped training, as the terminal showed it.

python -m tests.bench.picture [command ...]
"""

import re
import sys
from io import StringIO
from pathlib import Path

import pexpect
from rich.console import Console
from rich.text import Text

COLUMNS = 92
TARGET = Path(__file__).parents[2] / "docs/images/wrap.svg"
REMOTE_FONTS = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


def shown(command: list[str]) -> str:
    """Run `greenops wrap` in a terminal; return what stood on it at the end."""
    full = ["-m", "greenops", "wrap", "--zone", "FR", *command]
    child = pexpect.spawn(sys.executable, full, dimensions=(40, COLUMNS), timeout=300)
    child.expect(pexpect.EOF)
    lines = child.before.decode().replace("\r\n", "\n").split("\n")
    # Of a redrawn progress line only the last state is left on a screen.
    return "\n".join(line.rpartition("\r\x1b[K")[2] for line in lines).rstrip()


def main() -> None:
    """Run, draw, write."""
    command = sys.argv[1:] or ["examples/train_digits.py"]
    console = Console(record=True, width=COLUMNS, file=StringIO(), force_terminal=True)
    console.print(Text("$ greenops wrap --zone FR " + " ".join(command), style="bold"))
    console.print(Text.from_ansi(shown(command)))
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    drawing = REMOTE_FONTS.sub("", console.export_svg(title="greenops"))
    TARGET.write_text(drawing, encoding="utf-8")
    print(f"wrote {TARGET}")


if __name__ == "__main__":
    main()
