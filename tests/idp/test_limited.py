"""Stand-ins and checks under a tight limit: they wait, say so, and come through."""

import re

import pytest

from ..support.databases import ON_ONE_DATABASE
from ..support.server import run

pytestmark = ON_ONE_DATABASE


@pytest.mark.parametrize(("idp", "limit"), [("okta", "60/2 seconds"), ("entra", "120/2 seconds")])
def test_year_of_a_company_comes_through(serve, idp, limit):
    server = serve(SCIM_RATE_LIMIT=limit, SCIM_TOKEN="a-token")

    command = f"demo --idp {idp} --users 20 --scim {server.url} --token a-token"
    done = run("manage.py", *command.split())

    assert done.returncode == 0, done.stdout + done.stderr
    assert "failed" not in done.stdout
    assert re.search(r"\d s of it spent waiting, since the server limits requests", done.stdout)
    assert "the server takes no more requests at the moment (429): waiting " in done.stderr
    assert " 429 " in server.log


def test_checks_wait(serve):
    server = serve(SCIM_RATE_LIMIT="40/2 seconds", SCIM_TOKEN="a-token")

    suites = "--suite okta-spec --suite entra"
    done = run("manage.py", "check", server.url, *suites.split(), "--token", "a-token")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "the server takes no more requests at the moment (429): waiting " in done.stderr
