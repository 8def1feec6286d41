"""``python -m docs.pictures`` draws what ``terminal.md`` and ``forms.py`` describe.

``tests/project/test_docs.py`` runs the commands and compares their output with that document.
"""

import re
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.text import Text

from .forms import drawings

HERE = Path(__file__).parent
SECTION = re.compile(r"^## (\w+)\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r"^```(sh|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
WIDTH = 103  # characters, for the longest line


def files() -> dict[Path, str]:
    """Return the text of each picture."""
    sections = SECTION.findall((HERE / "terminal.md").read_text())
    terminals = {name: draw(name, text) for name, text in sections}
    return {HERE / f"{name}.svg": text for name, text in (terminals | drawings()).items()}


def draw(name: str, section: str) -> str:
    """Return an SVG of the commands and the output in the blocks of a section."""
    console = Console(record=True, width=WIDTH, file=StringIO())
    for language, text in BLOCK.findall(section):
        shown = Text(f"$ {text}", "bold") if language == "sh" else Text(text)
        console.print(shown, end="", soft_wrap=True)
    return console.export_svg(title=name, unique_id=name)


if __name__ == "__main__":
    for path, text in files().items():
        path.write_text(text)
