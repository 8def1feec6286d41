"""``scim2``, the command line of python-scim, as somebody at a terminal uses it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ..support.databases import ON_ONE_DATABASE

PROGRAM = Path(sys.executable).with_name("scim2")


@pytest.fixture
def scim2(server):
    """Run ``scim2`` against a server; return what it prints, as JSON."""
    settings = {
        "SCIM_CLI_URL": server.url,
        "SCIM_CLI_HEADERS": f"Authorization: Bearer {server.token}",
        "no_proxy": "127.0.0.1",
    }

    def run(*arguments, code=0):
        done = subprocess.run(
            [PROGRAM, *arguments],
            check=False,
            stdin=subprocess.DEVNULL,
            env=os.environ | settings,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return json.loads(done.stdout) if done.stdout else None

    return run


@ON_ONE_DATABASE
def test_user_is_created_read_found_changed_replaced_and_deleted(scim2):
    user_name, emails = "bjensen@example.com", '[{"value": "b@example.com", "type": "work"}]'

    created = scim2("create", "user", "--user-name", user_name, "--emails", emails)
    assert created["userName"] == user_name
    assert created["emails"] == [{"value": "b@example.com", "type": "work"}]

    assert scim2("query", "user", created["id"]) == created

    page = scim2("query", "user", "--filter", 'userName eq "BJensen@example.com"')
    assert (page["totalResults"], page["Resources"]) == (1, [created])

    patched = scim2(
        "modify", "user", created["id"], "replace", "active", "false", "add", "title", "Tour Guide"
    )
    assert (patched["active"], patched["title"]) == (False, "Tour Guide")

    replaced = scim2(
        "replace", "user", "--id", created["id"], "--user-name", user_name, "--nick-name", "Babs"
    )
    assert replaced["nickName"] == "Babs"
    assert "title" not in replaced

    assert scim2("delete", "user", created["id"]) is None
    assert scim2("query", "user", created["id"], code=1)["status"] == "404"
