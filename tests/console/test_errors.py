"""Pages that say that something is not there, in words of the console."""

import pytest

from ..support.databases import EVERYDAY_ON_ONE_DATABASE

pytestmark = EVERYDAY_ON_ONE_DATABASE


@pytest.mark.parametrize("path", ["/learn/", "/directory/", "/conversation/", "/operate/"])
def test_slash_at_the_end_does_not_matter(console, path):
    assert console.web.get(path).status_code == 200


def test_errors_have_own_words(console):
    missing, refused = console.web.get("/nothing"), console.post("/operate")

    assert (missing.status_code, refused.status_code) == (404, 405)
    assert "The console has no page at this address." in missing.text
    assert "use its buttons" in refused.text
    assert "URL was not found" not in missing.text
