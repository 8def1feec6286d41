"""The demo's year arrives at all kinds of receivers, whatever dies: complete and in order.

They are a webhook, a receiver that security events are pushed to, and one that fetches them.
"""

import os
import random
import signal
import time
from contextlib import ExitStack, contextmanager, suppress
from threading import Event, Lock, Thread

import pytest
import sqlalchemy as sa

from scim.operate.caretaker import NICENESS

from ..support.listener import listening
from ..support.mirror import Mirror, mirrored
from ..support.ports import free_port
from ..support.server import run, running_server
from ..support.streams import Receiver, add_stream, add_token
from ..support.waiting import children, wait_until
from .conftest import figure
from .sizes import IS_FULL
from .target import Target
from .test_kills import everything

PEOPLE = 80
FAILS = 0.1  # of what the receiver gets
LONGEST = 180  # seconds until the last message has arrived


@pytest.mark.slow
@pytest.mark.skipif(not IS_FULL, reason="a year takes a minute; the parts have tests of their own")
def test_a_year_arrives_though_receiver_deliverer_and_server_fail(migrated_database, tmp_path):
    url = migrated_database()
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    settings = {"DATABASE_URL": url, "PORT": str(free_port()), "WEBHOOK_ALLOW_PRIVATE": "true"}
    place = {f"SCIM_{name}": value for name, value in settings.items()} | {"SCIM_WORKERS": "2"}
    with listening() as listener, listening() as pushed, ExitStack() as servers:
        target = Target(servers.enter_context(running_server(tmp_path / "log", **place)))
        secret = run("manage.py", "webhook", "add", "year", listener.url, **settings).stdout
        application = Application(Mirror(secret.strip()), random.Random(1))
        listener.decide = application.answer
        receiver, poller = (Receiver(target.server.url, random.Random(each)) for each in (2, 3))
        pushed.decide = receiver.answer
        add_stream(engine, "pushed", pushed.url)
        add_stream(engine, "polled")
        servers.enter_context(poller.polling(add_token(engine, "polled")))
        time.sleep(1.1)  # now the workers know the receivers
        with killed(target) as kills:
            told = run("manage.py", "demo", "--users", str(PEOPLE), **settings)
        assert told.returncode == 0, told.stdout + told.stderr
        target.server.kill()
        target = Target(servers.enter_context(running_server(tmp_path / "log", **place)))
        wait_until(lambda: is_empty(engine), LONGEST)
        resources = [*everything(target).values()]
    there = mirrored(resources)

    mirror = application.mirror
    figure(
        f"a year on {engine.dialect.name}: {len(mirror.known)} messages, {application.failed} "
        f"attempts failed, {mirror.repeated} messages again; caretakers killed: {len(kills)}"
    )
    for name, each in (("pushed", receiver), ("polled", poller)):
        figure(f"{name}: {len(each.mirror.seen)} tokens, {each.failed} not acknowledged at first")
        assert not each.wrong
        each.mirror.check(resources)
    assert not application.wrong
    assert kills
    assert (mirror.users, mirror.groups) == (there.users, there.groups)


class Application:
    """A receiver that fails now and then, and knows only what it has accepted."""

    def __init__(self, mirror, chance):
        self.mirror, self.chance = mirror, chance
        self.failed, self.wrong, self.lock = 0, [], Lock()

    def answer(self, got):
        with self.lock:
            if self.chance.random() < FAILS:
                self.failed += 1
                return self.chance.choice([500, 503, hang_up])
            try:
                self.mirror.learn(got)
            except Exception as error:
                self.wrong.append(error)
            return 204


def hang_up(_):
    """Answer nothing."""


@contextmanager
def killed(target):
    """Kill the process that delivers again and again; yield the ids of those that were killed."""
    ended, kills = Event(), []

    def kill():
        while not ended.wait(3):
            for pid in children(target.server.process.pid):
                with suppress(ProcessLookupError):
                    if os.getpriority(os.PRIO_PROCESS, pid) == NICENESS:
                        os.kill(pid, signal.SIGKILL)
                        kills.append(pid)

    thread = Thread(target=kill)
    thread.start()
    try:
        yield kills
    finally:
        ended.set()
        thread.join()


def is_empty(engine):
    """Tell whether all has been delivered; what has failed often would wait for minutes."""
    with engine.begin() as connection:
        past = {"past": "2026-01-01T00:00:00.000000Z", "far": "9"}
        late = "UPDATE outbox SET due = :past, attempts = 0 WHERE attempts > 1 AND due < :far"
        connection.execute(sa.text(late), past)
        connection.execute(sa.text("UPDATE receivers SET rests = '' WHERE rests > ''"))
        return not connection.scalar(sa.text("SELECT count(*) FROM outbox"))
