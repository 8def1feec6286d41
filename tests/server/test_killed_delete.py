"""A delete goes on in parts; a server that is killed between two of them leaves nothing wrong."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import httpx2
import sqlalchemy as sa

from scim.protocol.schema import ENTERPRISE_USER_SCHEMA
from scim.provider.releasing import AT_ONCE

from ..steadfast.target import Target, report_of
from ..support.scim import user
from ..support.server import run

REPORTS = 3 * AT_ONCE


def test_killed_server_shows_no_deleted_manager_and_a_purge_goes_on(serve, engine):
    target = Target(serve())
    boss = target.create(user("boss"))
    target.create_many([report_of(boss, number) for number in range(REPORTS)])

    with ThreadPoolExecutor(1) as pool:
        deleting = pool.submit(delete, target, boss)
        left = wait_for_the_first_part(engine)
        target.server.kill()
        deleting.result()

    assert 0 < left < REPORTS
    again = Target(serve())
    assert again.ask("GET", f"/Users/{boss}").status_code == 404
    users = again.ask("GET", "/Users?count=1000&startIndex=900").json()["Resources"]
    assert not [each for each in users if ENTERPRISE_USER_SCHEMA in each]

    run("manage.py", "trash", "purge", DATABASE_URL=again.server.database_url).check_returncode()

    assert references(engine) == 0
    versions = {
        each["meta"]["version"]
        for start in (1, 1001)
        for each in again.ask("GET", f"/Users?count=1000&startIndex={start}").json()["Resources"]
    }
    assert versions == {'W/"2"'}  # nobody was written twice


def delete(target, resource_id):
    with suppress(httpx2.TransportError):
        target.ask("DELETE", f"/Users/{resource_id}")


def wait_for_the_first_part(engine):
    """Return how many references are left when the first part of the delete is written."""
    deadline = time.monotonic() + 20
    while (left := references(engine)) == REPORTS and time.monotonic() < deadline:
        time.sleep(0.001)
    return left


def references(engine):
    with engine.connect() as connection:
        return connection.scalar(sa.text("SELECT count(*) FROM referrals"))
