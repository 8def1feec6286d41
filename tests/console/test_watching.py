"""The terminal is told the public address, and when it changes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from scim.console.connect.watching import Tunnels
from scim.protocol.values import date_time
from scim.settings import Settings
from scim.storage import Database
from scim.storage.recordings import Recordings

from ..operate.test_tunnels import NEW, OLD, agent, came, listed
from ..support.databases import EVERYDAY_ON_ONE_DATABASE

pytestmark = EVERYDAY_ON_ONE_DATABASE


@pytest.fixture
def recordings(database_url):
    database = Database(sa.create_engine(database_url))
    opened = Recordings.open(database, 1000, 7)
    opened.clear()
    yield opened
    opened.close()
    database.close()


def instant(minutes=0):
    return date_time(datetime.now(UTC) + timedelta(minutes=minutes))


def watching(recordings, url="http://127.0.0.1:9"):
    return Tunnels(Settings(port=5000), recordings, url)


def test_nothing_is_said_while_there_is_no_tunnel(recordings):
    assert watching(recordings).look() == []


def test_address_is_said_once(recordings):
    with agent({"tunnels": [listed()]}) as (url, asked):
        tunnels = watching(recordings, url)

        assert tunnels.look() == [f"Public: {NEW.origin}/scim/v2 - paste this into Okta"]
        assert tunnels.look() == []
        assert set(asked) == {"/api/tunnels"}


def test_changed_address_names_the_field_that_is_stale(recordings):
    answer = {"tunnels": [listed(url=OLD.origin)]}
    with agent(answer) as (url, _):
        tunnels = watching(recordings, url)
        tunnels.look()
        recordings.add([came("old.ngrok-free.app", at=instant())])
        tunnels.look()
        answer["tunnels"] = [listed()]

        public, stale = tunnels.look()

    assert NEW.origin in public
    assert "Okta: Base URL still has https://old.ngrok-free.app/scim/v2" in stale
    assert [each.provider for each in tunnels.stale] == ["Okta"]


def test_address_of_before_the_start_is_stale(recordings):
    recordings.add([came("old.ngrok-free.app", at=instant(-60))])
    with agent({"tunnels": [listed()]}) as (url, _):
        _, stale = watching(recordings, url).look()

    assert "Okta: Base URL" in stale


def test_field_is_fine_once_a_request_comes_through_the_new_address(recordings):
    recordings.add([came("old.ngrok-free.app", at=instant(-60))])
    with agent({"tunnels": [listed()]}) as (url, _):
        tunnels = watching(recordings, url)
        tunnels.look()
        recordings.add([came("new.ngrok-free.app", at=instant())])
        tunnels.look()

    assert tunnels.stale == []


def test_other_tunnel_is_recognised_by_its_first_request(recordings):
    tunnels = watching(recordings)
    tunnels.look()
    recordings.add([came("calm-sea.trycloudflare.com", at=instant())])

    assert tunnels.look() == [
        "Public: https://calm-sea.trycloudflare.com/scim/v2 - paste this into Okta"
    ]


def test_request_of_before_the_start_is_no_address_of_now(recordings):
    recordings.add([came("calm-sea.trycloudflare.com", at=instant(-60))])

    assert watching(recordings).look() == []


def test_request_with_a_wrong_token_tells_no_address(recordings):
    tunnels = watching(recordings)
    tunnels.look()
    recordings.add([replace(came("calm-sea.trycloudflare.com", at=instant()), tenant="")])

    assert tunnels.look() == []


def test_end_of_the_tunnel_is_said(recordings):
    answer = {"tunnels": [listed()]}
    with agent(answer) as (url, _):
        tunnels = watching(recordings, url)
        tunnels.look()
        recordings.add([came("new.ngrok-free.app", at=instant())])
        tunnels.look()
        answer["tunnels"] = []

        [line] = tunnels.look()

    assert "has ended" in line
