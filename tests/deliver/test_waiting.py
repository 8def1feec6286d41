"""``Prefer: respond-async, wait=10``: the normal answer if it comes in time; no thread is held."""

from concurrent.futures import ThreadPoolExecutor

from ..support.bulk import bulk_request, delete, post
from ..support.scim import patch_op, replace, user
from ..support.server import open_session
from ..support.waiting import happens

WAIT = {"Prefer": "respond-async, wait=20"}


def test_normal_answer_comes_if_it_is_there_in_time(server):
    send = server.session.request

    def changed(method, path, body=None, **headers):
        answer = send(method, path, json=body, headers=WAIT | headers)
        assert "Preference-Applied" not in answer.headers
        return answer

    created = changed("POST", "/Users", user("ada"), **{"X-Request-Id": "7f3c"})
    assert created.status_code == 201
    assert created.headers["X-Request-Id"] == "7f3c"
    path = f"/Users/{created.json()['id']}"
    assert created.headers["Location"] == f"{server.url}{path}"
    patched = changed("PATCH", f"{path}?attributes=title", patch_op(replace("title", "Dr")))
    assert patched.status_code == 200
    assert patched.json().keys() == {"schemas", "id", "title"}
    assert patched.headers["ETag"] == 'W/"2"'
    old = changed("PUT", path, user("ada"), **{"If-Match": 'W/"1"'})
    assert old.status_code == 412
    assert old.json()["detail"].startswith("the resource has version")
    current = changed("PUT", path, user("ada"), **{"If-Match": 'W/"2"'})
    assert (current.status_code, current.headers["ETag"]) == (200, 'W/"3"')
    bulk = bulk_request(post("b", user("bob")), delete("/Users/1"), delete(path), failOnErrors=1)
    done = changed("POST", "/Bulk", bulk)
    assert [each["status"] for each in done.json()["Operations"]] == ["201", "404"]
    assert done.json()["Operations"][0]["location"].startswith(server.url)
    gone = changed("DELETE", path)
    assert (gone.status_code, gone.content) == (204, b"")
    lines = [each for each in server.log.split("\n") if "request_id=7f3c" in each]
    assert ["applied=" in each for each in lines] == [True, False]  # carried out, and answered


def test_many_wait_without_a_thread_and_the_others_are_accepted(server):
    """One tenant's requests wait for each other; more than it may park are accepted at once."""
    names = [f"user{number}" for number in range(24)]  # more than the threads of a worker

    def create(name):
        with open_session(server.url, server.token) as session:
            return session.post("/Users", json=user(name), headers=WAIT)

    with ThreadPoolExecutor(len(names)) as pool:
        sent = [pool.submit(create, name) for name in names]
        assert server.session.get("/Users?count=0").status_code == 200
        answers = [each.result() for each in sent]

    statuses = {each.status_code for each in answers}
    assert statuses <= {201, 202}
    assert 201 in statuses
    places = [each.headers["Location"] for each in answers if each.status_code == 202]
    for each in places:
        assert happens(lambda: server.session.get(each).status_code == 200)  # noqa: B023
    assert server.session.get("/Users?count=0").json()["totalResults"] == len(names)
