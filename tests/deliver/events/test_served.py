"""A push receiver and pollers of a real server with several workers."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urljoin

import httpx2
import pytest

from ...support.databases import EVERYDAY_ON_ONE_DATABASE, ON_ONE_DATABASE
from ...support.listener import listening
from ...support.scim import add, group, listed, patch_op, remove, replace, user
from ...support.streams import Mirror, add_stream, add_token, verified
from ...support.waiting import wait_until

WORKERS, ROUNDS = 4, 3


@pytest.fixture
def serving(serve):
    return serve(SCIM_WORKERS="2", SCIM_WEBHOOK_ALLOW_PRIVATE="true")


def keys(server):
    return httpx2.get(urljoin(server.url, "/.well-known/jwks.json")).json()


def work(server, number):
    """Change users and a group of one's own, and one that others change, too."""
    shared = server.session.get('/Groups?filter=displayName eq "all"').json()["Resources"][0]
    group_path = f"/Groups/{shared['id']}"
    for count in range(ROUNDS):
        made = server.session.post("/Users", json=user(f"u{number}-{count}", title="a")).json()
        path = f"/Users/{made['id']}"
        changes = [
            ("PATCH", group_path, patch_op(add("members", listed(made)))),
            ("PATCH", path, patch_op(replace("title", "b"), replace("active", False))),
            ("PUT", path, user(f"u{number}-{count}", nickName="x", active=True)),
        ]
        if count % 3 == 1:
            gone = remove(f'members[value eq "{made["id"]}"]')
            changes.append(("PATCH", group_path, patch_op(gone)))
        if count % 3 == 2:
            changes.append(("DELETE", path, None))
        for method, place, body in changes:
            answer = server.session.request(method, place, json=body)
            assert answer.status_code in (200, 204), answer.text


def follow(server, token, mirror, stop):
    """Poll as a receiver does: acknowledge with the next poll what the last one brought."""
    known, shown, idle = [], None, 0
    with httpx2.Client(headers={"Authorization": f"Bearer {token}"}, timeout=30) as client:
        while not (stop.is_set() and idle > 2):
            asked = {"ack": known, "maxEvents": 7, "returnImmediately": stop.is_set()}
            answer = client.post(f"{server.url}/Events/poll", json=asked)
            assert answer.status_code == 200, answer.text
            sets = answer.json()["sets"]
            shown = shown or (keys(server) if sets else None)
            for each in sets.values():
                mirror.follow(verified(each, shown))
            known = list(sets)
            if stop.is_set():
                idle = 0 if sets else idle + 1
                time.sleep(0 if sets else 0.7)


@EVERYDAY_ON_ONE_DATABASE
def test_receivers_follow_a_server_under_load(serving, engine):
    mirror, stop = Mirror(), threading.Event()
    with listening() as app:
        app.answer = 202
        add_stream(engine, "pushed", app.url)
        add_stream(engine, "polled")
        token = add_token(engine, "polled")
        time.sleep(1.1)  # now all workers know the receivers
        serving.session.post("/Groups", json=group("all"))
        with ThreadPoolExecutor(WORKERS + 1) as pool:
            following = pool.submit(follow, serving, token, mirror, stop)
            done = [pool.submit(work, serving, number) for number in range(WORKERS)]
            for each in done:
                each.result()
            stop.set()
            following.result()
        resources = [
            each
            for path in ("/Users", "/Groups")
            for each in serving.session.get(f"{path}?count=1000").json()["Resources"]
        ]
        wait_until(lambda: len({each.body for each in app.got}) >= len(mirror.seen))

    mirror.check(resources)
    pushed, shown = Mirror(), keys(serving)
    for each in app.got:
        pushed.follow(verified(each.body.decode(), shown))
    pushed.check(resources)
    assert len(pushed.seen) == len(mirror.seen)


@ON_ONE_DATABASE
def test_long_polls_wait_and_hold_up_nobody(serving, engine):
    names = [f"app{number}" for number in range(4)]
    for name in names:
        add_stream(engine, name)
    tokens = [add_token(engine, name) for name in names]
    time.sleep(1.1)
    limits = httpx2.Limits(max_connections=None)
    with httpx2.Client(timeout=30, limits=limits) as client, ThreadPoolExecutor(200) as pool:

        def poll(number):
            headers = {"Authorization": f"Bearer {tokens[number % len(tokens)]}"}
            began = time.monotonic()
            answer = client.post(f"{serving.url}/Events/poll", json={}, headers=headers)
            return answer.status_code, len(answer.json()["sets"]), time.monotonic() - began

        polls = [pool.submit(poll, number) for number in range(200)]
        time.sleep(2)
        for _ in range(50):
            assert serving.session.get("/Users").status_code == 200
        open_ones = sum(not each.done() for each in polls)
        serving.session.post("/Users", json=user())
        answers = [each.result() for each in polls]

    assert open_ones >= 100  # so many waited while others were answered
    waited = sorted(seconds for status, number, seconds in answers if number)
    assert len(waited) >= open_ones
    assert waited[-1] < 12
    assert {status for status, *_ in answers} == {200}


@ON_ONE_DATABASE
def test_long_poll_ends_with_the_server_and_is_one_line_in_the_log(serving, engine):
    add_stream(engine, "app")
    headers = {"Authorization": f"Bearer {add_token(engine, 'app')}"}
    answers = []

    def poll():
        answers.append(httpx2.post(f"{serving.url}/Events/poll", json={}, headers=headers))

    thread = threading.Thread(target=poll)
    thread.start()
    time.sleep(0.7)
    assert not answers
    serving.process.terminate()
    thread.join(5)

    [answer] = answers
    assert answer.json() == {"sets": {}, "moreAvailable": False}
    assert serving.log.count("/Events/poll") == 1
