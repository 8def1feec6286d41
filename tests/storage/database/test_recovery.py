"""The server answers 503 while the database is away; tests/steadfast kills it."""

import threading
import time
from collections import Counter
from urllib.parse import urljoin

import httpx2
import pytest

from scim.storage.database.readiness import KEPT
from tests.support.postgres import throw_away_server
from tests.support.scim import patch_op, replace, user
from tests.support.server import open_session, run, running_server
from tests.support.tries import cases
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow


def migrate(url):
    run("manage.py", "db", "upgrade", DATABASE_URL=url).check_returncode()


def probed(server):
    """Return the statuses and texts of both probes, which must be the same at each worker."""
    url, found = urljoin(server.url, "/"), set()
    for _ in range(8):
        answers = [httpx2.get(f"{url}{probe}") for probe in ("healthz", "readyz")]
        found.add(tuple((answer.status_code, answer.text) for answer in answers))
    [both] = found
    return list(both)


def eventually(send, status, seconds=10):
    """Return the answer once it has that status."""
    deadline = time.monotonic() + seconds
    while (response := send()).status_code != status:
        assert time.monotonic() < deadline, response.text
        time.sleep(0.1)
    return response


@pytest.mark.parametrize("mode", cases(["fast"], ["immediate"]))
def test_server_recovers_by_itself_when_the_database_comes_back(tmp_path, mode):
    with throw_away_server() as postgres:
        postgres.stop()
        postgres.start(synchronous_commit="on")  # a crash may lose what others have not waited for
        migrate(postgres.url)
        log = tmp_path / "log"
        with running_server(log, SCIM_DATABASE_URL=postgres.url, SCIM_WORKERS="2") as server:
            created = server.session.post("/Users", json=user("before")).json()
            path = f"/Users/{created['id']}"

            postgres.stop(mode)
            for _ in range(5):
                for response in (
                    server.session.get(path),
                    server.session.get("/Users?filter=title pr"),
                    server.session.post("/Users", json=user("during")),
                    server.session.patch(path, json=patch_op(replace("title", "x"))),
                    server.session.delete(path),
                ):
                    assert response.status_code == 503, response.text
                    assert int(response.headers["Retry-After"]) > 0
                    assert response.json()["status"] == "503"
                    assert "scimType" not in response.json()
            assert server.session.get("/Schemas").status_code == 200
            assert probed(server) == [(200, "ok\n"), (503, "database\n")]

            postgres.start(synchronous_commit="on")
            eventually(lambda: server.session.post("/Users", json=user("after")), 201)
            for _ in range(10):  # every worker, every connection
                page = eventually(lambda: server.session.get("/Users"), 200).json()
                assert [found["userName"] for found in page["Resources"]] == ["before", "after"]
            time.sleep(KEPT)
            assert probed(server) == [(200, "ok\n"), (200, "ok\n")]


@pytest.mark.parametrize("mode", cases(["immediate"], ["fast"]))
def test_restart_under_load_answers_2xx_or_503_and_loses_nothing(tmp_path, mode):
    stored, answers, ends = {}, [], threading.Event()

    def live(server, thread):
        with open_session(server.url, server.token) as session:
            number = 0
            while not ends.is_set():
                number += 1
                created = session.post("/Users", json=user(f"user{thread}-{number}"))
                answers.append(created)
                if created.status_code != 201:
                    continue
                path = f"/Users/{created.json()['id']}"
                stored[path] = None
                changed = session.patch(path, json=patch_op(replace("title", f"title{number}")))
                answers.extend([changed, session.get(path), session.get("/Users?filter=title pr")])
                if changed.status_code == 200:
                    stored[path] = changed.json()["title"]

    with throw_away_server() as postgres:
        postgres.stop()
        postgres.start(synchronous_commit="on")
        migrate(postgres.url)
        place = {"SCIM_DATABASE_URL": postgres.url, "SCIM_WORKERS": "2"}
        with running_server(tmp_path / "log", **place) as server:
            started = time.monotonic()
            threads = [threading.Thread(target=live, args=[server, n]) for n in range(6)]
            for thread in threads:
                thread.start()
            for _ in range(2):
                enough = len(stored) + 30
                wait_until(lambda enough=enough: len(stored) > enough)
                postgres.stop(mode)
                time.sleep(0.2)
                postgres.start(synchronous_commit="on")
            enough = len(stored) + 30
            wait_until(lambda: len(stored) > enough)
            ends.set()
            for thread in threads:
                thread.join()

            statuses = Counter(answer.status_code for answer in answers)
            assert set(statuses) <= {200, 201, 503}, (statuses, server.log[-3000:])
            assert statuses[503]
            # One for each minute of the two workers and of the caretaker.
            most = 3 * (1 + int((time.monotonic() - started) // 60))
            assert 1 <= server.log.count("503: the database cannot be reached") <= most
            for path, title in stored.items():
                found = server.session.get(path)
                assert found.status_code == 200
                assert title is None or found.json()["title"] == title
