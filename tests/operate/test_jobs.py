"""Jobs are done again and again, whatever they raise, until the server stops."""

import multiprocessing
import os
import signal
import time
from threading import Event, Thread

from scim.operate.caretaker import Caretaker
from scim.operate.jobs import Job, repeat
from scim.protocol.errors import UnavailableError
from scim.server.master import begun

from ..support.waiting import happens, wait_until

OFTEN, RARELY = 0.01, 3600


def done_by(work, seconds, enough):
    """Let a job be done until ``enough`` holds; tell whether its thread ends then."""
    stopping = Event()
    thread = Thread(target=repeat, args=(Job("test", seconds, work), None, stopping), daemon=True)
    thread.start()
    wait_until(enough)
    stopping.set()
    thread.join(5)
    return not thread.is_alive()


def test_job_that_fails_is_tried_again_and_the_log_tells_it_once(caplog):
    outcomes, done = [UnavailableError("away"), KeyError("bug"), KeyError("bug"), None], []

    def work(service):
        done.append(service)
        if outcome := outcomes[min(len(done), len(outcomes)) - 1]:
            raise outcome
        return False

    assert done_by(work, OFTEN, lambda: len(done) >= 5)
    assert [each.getMessage() for each in caplog.records] == [
        "The job test failed; it is tried again"
    ]


def test_what_is_left_is_done_at_once_and_the_rest_waits():
    done = []

    def work(service):
        done.append(service)
        return len(done) < 1000

    assert done_by(work, RARELY, lambda: len(done) == 1000)


def write_when(path, service):
    path.open("a").write(f"{service} ")
    return False


def test_caretaker_does_each_job_until_a_signal_or_the_end_of_the_master(tmp_path):
    def stuck(service):
        time.sleep(RARELY)
        return False

    for ends in ("signal", "master"):
        path = tmp_path / ends
        jobs = Job("writes", OFTEN, lambda service, path=path: write_when(path, service))
        caretaker = Caretaker(lambda: "service", jobs=(Job("stuck", OFTEN, stuck), jobs))
        alive, held = multiprocessing.get_context("fork").Pipe(duplex=False)
        process = begun("caretaker", caretaker.run, (alive, held))
        wait_until(lambda path=path: path.exists() and path.read_text().count("service") > 3)

        if ends == "signal":
            os.kill(process.pid, signal.SIGTERM)
        else:
            held.close()

        assert happens(lambda process=process: not process.is_alive(), 10)
        assert process.exitcode == 0
