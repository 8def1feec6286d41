"""Metrics: what is counted, that labels and files stay within bounds, and who may read them."""

import os
import signal
import socket
from pathlib import Path
from urllib.parse import urljoin

import pytest
import sqlalchemy as sa
from prometheus_client.parser import text_string_to_metric_families as families

from app import exporter_place
from scim.deliver.asynchronous import carrier
from scim.operate import meters, metrics
from scim.operate.catalogue import BRAKED, COUNTED, DROPPED, FOLDER, LIMITED, QUEUED
from scim.operate.sampling import sample_audit
from scim.settings import Settings
from scim.storage.tables import unchained
from scim.storage.tokens import Tenant

from ..support.databases import ON_ONE_DATABASE
from ..support.ports import free_port
from ..support.scim import UNKNOWN_ID, user
from ..support.server import plain_client, run
from ..support.waiting import children, wait_until

SETTINGS = Settings(metrics_tenants=100)
USERS = "/scim/v2/Users"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The folder of a server that counts; it stops with the test."""
    monkeypatch.setattr(metrics, "meter", None)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with metrics.counting(SETTINGS, is_wanted=True):
        yield Path(os.environ[FOLDER])
    release()


def release():
    """Let go of the names of processes, as at the end of a process."""
    for each in meters.held:
        os.close(each)
    meters.held.clear()


def tenant(number, name=None):
    return Tenant(number, name or f"tenant{number}", False, False, "")


def shown(text=None):
    """Return the value of each line, by its name and labels."""
    if text is None:
        metrics.meter.settle()
        text = metrics.page("").decode()
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in families(text)
        for sample in family.samples
    }


def test_nothing_is_counted_unless_it_is_wanted(monkeypatch):
    monkeypatch.setenv(FOLDER, "/nowhere")  # another program's

    with metrics.counting(SETTINGS, is_wanted=False):
        metrics.begin("worker", SETTINGS)
        metrics.count(BRAKED, "acme")
        metrics.measure(QUEUED, 3, "audit")

    assert metrics.meter is None
    assert metrics.name_of(tenant(1)) == "other"


def test_numbers_of_all_processes_are_added_and_outlive_them(folder):
    for _ in range(2):
        metrics.begin("worker", SETTINGS)
        metrics.count(LIMITED, "requests", metrics.name_of(tenant(7)))
        metrics.count(DROPPED, by=5)
        metrics.measure(QUEUED, 4, "recorder")
        metrics.meter.request(USERS, "GET", tenant(7), 200, 0.02)
        metrics.meter.settle()
    release()  # both have ended, and others replace them
    metrics.begin("worker", SETTINGS)
    metrics.meter.request(USERS, "GET", tenant(7), 200, 0.2)
    metrics.measure(QUEUED, 0, "recorder")

    found = shown()

    assert found["scim_limits_refused_total", "requests", "tenant7"] == 2
    assert found["scim_recorder_dropped_total",] == 10
    assert found["scim_requests_total", "/Users", "200", "tenant7"] == 3
    assert found["scim_request_seconds_count", "/Users", "GET"] == 3
    assert found["scim_request_seconds_bucket", "/Users", "0.025", "GET"] == 2
    assert found["scim_queue_length", "recorder"] == 4
    assert found["scim_info", "unreleased"] == found["scim_ready",] == 1
    assert len([each for each in folder.glob("counter_*") if "worker" in each.name]) == 2


def test_ten_thousand_tenants_have_a_hundred_names(folder):
    metrics.begin("worker", SETTINGS)
    for number in range(1, 10_001):
        metrics.meter.request(USERS, "GET", tenant(number), 200, 0.001)
    metrics.meter.request(USERS, "GET", None, 401, 0.001)

    counted = {key: value for key, value in shown().items() if key[0] == "scim_requests_total"}

    assert len(counted) == 102
    assert counted["scim_requests_total", "/Users", "200", "tenant100"] == 1
    assert counted["scim_requests_total", "/Users", "200", "other"] == 9_900
    assert counted["scim_requests_total", "/Users", "401", "none"] == 1


def test_files_keep_their_size_whatever_clients_send(folder):
    metrics.begin("worker", SETTINGS)
    for number in range(1, 102):
        name = "\N{SNOWMAN}" * 40 + str(number) + "\N{SNOWMAN}" * 100
        for endpoint in range(20):
            for status in (200, 201, 404):
                metrics.meter.request(
                    f"/scim/v2/{endpoint}{'x' * 100}", f"M{status}", tenant(number, name), status, 1
                )
        for each in (each for each in COUNTED if "tenant" in each.labels[-1:]):
            metrics.count(each, *each.labels[1:], metrics.name_of(tenant(number, name)))
    for endpoint in range(1000):
        metrics.meter.request(f"/scim/v2/{endpoint}{'x' * 100}", "GET", None, 200, 1)

    sizes = {
        each.name.partition("_worker")[0]: each.stat().st_size for each in folder.glob("*w*db")
    }

    assert sizes == meters.SIZES
    counted = [value for key, value in shown().items() if key[0] == "scim_requests_total"]
    assert sum(counted) == 101 * 60 + 1000
    assert len(counted) <= meters.MOST_SERIES + 3


def test_changes_that_wait_for_the_audit_are_measured(folder, app, engine, empty_database):
    metrics.begin("companion", SETTINGS)
    waiting = {"tenant_id": 1, "resource_id": UNKNOWN_ID, "at": "2026", "digest": b"0" * 32}
    with engine.begin() as connection:
        rows = [waiting | {"version": version} for version in range(3)]
        connection.execute(sa.insert(unchained), rows)

    assert sample_audit(app.extensions["scim"]) is False

    assert shown()["scim_queue_length", "audit"] == 3


def test_asynchronous_requests_that_wait_are_measured(folder, app, client):
    metrics.begin("companion", SETTINGS)
    for name in ("ada", "ben"):
        sent = client.post(USERS, json=user(name), headers={"Prefer": "respond-async"})
        assert sent.status_code == 202

    carrier.look(app.extensions["scim"])

    assert shown()["scim_queue_length", "asynchronous"] == 2


def test_folders_of_dead_servers_are_removed(folder):
    dead = folder.with_name(f"{meters.PREFIX}dead")
    new = folder.with_name(f"{meters.PREFIX}new")
    for each in (dead, new):
        each.mkdir()
    (dead / "server").touch()

    second = meters.open_folder()

    assert sorted(folder.parent.iterdir()) == sorted([folder, new, second])


def test_disk_without_room_only_costs_the_metrics(tmp_path, monkeypatch, caplog):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(metrics, "meter", None)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(Path, "write_bytes", full)

    with metrics.counting(SETTINGS, is_wanted=True):
        metrics.count(DROPPED)
    release()

    assert [each.getMessage() for each in caplog.records] == [
        "Nothing is counted for /metrics: No space left on device"
    ]
    assert not list(tmp_path.iterdir())


@ON_ONE_DATABASE
def test_own_port_has_the_numbers_of_a_server_whose_worker_was_killed(serve, tmp_path):
    port, files = free_port(), tmp_path / "files"
    files.mkdir()
    production = {"SCIM_ENV": "production", "SCIM_TOKEN": "t0ken-of-this-test"}
    production |= {"SCIM_AUDIT_KEY": "a-key-of-this-test-that-is-long-enough"}
    server = serve(SCIM_METRICS_PORT=str(port), TMPDIR=str(files), **production)
    url, session = f"http://127.0.0.1:{port}", server.session

    def scraped():
        return shown(plain.get("/metrics").text)

    with plain_client(base_url=url) as plain:
        session.post("/Users", json=user("bjensen"))
        session.post("/Users", json=user("bjensen"))
        session.get("/Users/none")
        session.get("/nothing")
        session.get("/Users", headers={"Authorization": "Bearer wrong"})
        wait_until(lambda: ("scim_requests_total", "/Users", "401", "none") in scraped())
        wait_until(lambda: scraped()["scim_database_connections", "idle"] > 0)  # each second
        assert scraped()["scim_database_connections", "used"] == 0
        [worker] = [each for each in children(server.process.pid) if is_worker(each, files)]
        os.kill(worker, signal.SIGKILL)
        wait_until(lambda: "another one replaces it" in server.log)
        with plain_client(base_url=server.url, headers=session.headers) as again:
            wait_until(lambda: again.post("/Users", json=user("bjensen")).status_code == 409)
        wait_until(lambda: scraped()["scim_requests_total", "/Users", "409", "default"] == 2)

        found = scraped()
        assert found["scim_requests_total", "/Users", "201", "default"] == 1
        assert found["scim_requests_total", "/Users/<resource_id>", "404", "default"] == 1
        assert found["scim_requests_total", "other", "404", "default"] == 1
        assert found["scim_requests_total", "/Users", "401", "none"] == 1
        assert ("scim_queue_length", "audit") in found
        assert found["scim_worker_restarts_total",] == found["scim_ready",] == 1
        assert plain.head("/metrics").text == ""
        assert plain.get("/").status_code == 404
        answer = session.get(urljoin(server.url, "/metrics"), headers={"Authorization": ""})
        assert answer.status_code == 401
        assert "scim_requests" not in session.get(urljoin(server.url, "/metrics")).text

    server.stop()
    assert not list(files.iterdir())


def is_worker(pid, files):
    """Tell whether a process has the files of the first worker open."""
    links = Path(f"/proc/{pid}/fd").iterdir()
    return str(next(files.iterdir()) / "counter_worker0.db") in map(os.path.realpath, links)


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="there is no IPv6")
def test_all_addresses_are_those_of_ipv4_too():
    with exporter_place(Settings(metrics_host="::", metrics_port=free_port())) as place:
        socket.create_connection(("127.0.0.1", place.getsockname()[1])).close()


@ON_ONE_DATABASE
def test_server_does_not_start_without_its_port_for_metrics(serve, database_url):
    port = urljoin(serve().url, "/").rstrip("/").rpartition(":")[2]

    done = run("app.py", DATABASE_URL=database_url, PORT=str(free_port()), METRICS_PORT=port)

    assert done.returncode == 1
    said = f"SCIM_METRICS_HOST, SCIM_METRICS_PORT: cannot listen on 127.0.0.1:{port}: "
    assert done.stderr.startswith(said)
    assert "or set SCIM_METRICS_PORT to another port" in done.stderr
