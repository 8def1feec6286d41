"""``python -m docs.requests`` makes the Postman collection and the .http file."""

from pathlib import Path

from . import http_file, postman
from .description import read

DOCS = Path(__file__).parents[1]


def files() -> dict[Path, str]:
    """Return the text of each file."""
    description = read()
    return {
        DOCS / "postman" / "scim.postman_collection.json": postman.render(description),
        DOCS / "http" / "scim.http": http_file.render(description),
    }


if __name__ == "__main__":
    for path, text in files().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
