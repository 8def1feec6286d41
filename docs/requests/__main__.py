"""``python -m docs.requests`` makes the collection and the .http file of ``requests.json``."""

from pathlib import Path

from . import http_file, postman
from .description import read

DOCS = Path(__file__).parents[1]


def files() -> dict[Path, str]:
    """Return what belongs into which file."""
    description = read()
    return {
        DOCS / "postman" / "scim.postman_collection.json": postman.render(description),
        DOCS / "http" / "scim.http": http_file.render(description),
    }


if __name__ == "__main__":
    for path, text in files().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
