"""Limits for tenants, and for addresses whose tokens are refused; counts in memory and in Redis."""

import socket
import time
from dataclasses import replace

import pytest

from scim.operate import limits
from scim.operate.limits import GUESSES, Limiter, Memory, share
from scim.protocol.errors import TooManyRequestsError
from scim.rate import Rate, read_rate
from scim.settings import Settings
from scim.storage.tokens import Tenant

from ..support.ports import free_port
from ..support.redis import running_redis

ACME, OTHER = (Tenant(number, name, False, False, name * 9) for number, name in enumerate("ao"))

FIVE = Rate(5, 2)


@pytest.fixture(scope="module")
def redis():
    with running_redis() as url:
        yield url


@pytest.fixture(params=["memory", "redis"])
def url(request):
    return request.getfixturevalue("redis") if request.param == "redis" else ""


def limiter(url="", rate=FIVE, workers=1):
    return Limiter(Settings(limits_url=url, workers=workers), rate)


def passed(counted, tenant, tries=20):
    """Return how many of so many requests pass, and the error of the last one."""
    number, error = 0, None
    for _ in range(tries):
        try:
            counted.take(tenant)
            number += 1
        except TooManyRequestsError as refused:
            error = refused
    return number, error


def new(tenant):
    """Return a tenant that has sent nothing."""
    return replace(tenant, cursor_key=tenant.cursor_key + str(time.time()))


def test_burst_passes_and_the_rest_is_told_when_to_come_again(url):
    counted, tenant, other = limiter(url), new(ACME), new(OTHER)

    number, error = passed(counted, tenant)
    assert number == 5
    assert error.status == 429
    assert 1 <= error.retry_after <= 2
    told = "the tenant has sent more than 5 requests in 2 seconds; try again in "
    assert error.detail.startswith(told)
    assert passed(counted, other)[0] == 5
    time.sleep(error.retry_after)
    assert passed(counted, tenant)[0] == 5


def test_what_a_bulk_request_brings_makes_the_next_ones_wait(url):
    counted, tenant = limiter(url), new(ACME)

    counted.take(tenant)
    counted.charge(tenant, 999)
    assert passed(counted, tenant)[0] == 0


def test_address_may_guess_so_often(url):
    counted = limiter(url)
    addresses = [f"192.0.2.{number}" for number in (1, 2)] if url else ["a", "b"]

    for _ in range(GUESSES.amount):
        counted.check_address(addresses[0])
        counted.note_refused(addresses[0])
    with pytest.raises(TooManyRequestsError, match="too many tokens of this address") as refused:
        counted.check_address("192.0.2.1" if url else "a")
    assert 1 <= refused.value.retry_after <= GUESSES.seconds
    if url:
        counted.check_address(addresses[1])


def test_addresses_of_one_network_are_one_client():
    counted = limiter()

    for number in range(GUESSES.amount):
        counted.note_refused(f"2001:db8::{number:x}")
        counted.note_refused(f"::ffff:192.0.2.{number % 2}")
    with pytest.raises(TooManyRequestsError):
        counted.check_address("2001:db8::ffff:1")
    counted.check_address("2001:db8:0:1::1")
    counted.check_address("192.0.2.0")


def test_workers_share_a_limit_but_each_lets_through_25_a_second():
    assert share(Rate(500, 10), 2, 25) == 250
    assert share(Rate(500, 10), 8, 25) == 250
    assert share(Rate(25, 1), 4, 25) == 25
    assert share(Rate(10, 1), 4, 25) == 3
    assert share(Rate(100, 3600), 4, 25) == 25


def test_redis_counts_for_all_workers_exactly(redis):
    tenant, workers = new(ACME), [limiter(redis, Rate(60, 60), 2) for _ in range(2)]

    assert sum(passed(each, tenant, 50)[0] for each in workers) == 60


def test_redis_that_ends_stops_no_request_and_is_used_again(monkeypatch, caplog):
    monkeypatch.setattr(limits, "AWAY", 0.1)
    port, tenant = free_port(), new(ACME)
    counted = limiter(f"redis://127.0.0.1:{port}", Rate(7, 3600))

    assert passed(counted, tenant, 5)[0] == 5  # it does not run yet
    with running_redis(port):
        time.sleep(0.1)
        assert passed(counted, tenant, 4)[0] == 4
        assert counted._redis.get(limits._key_of(tenant.cursor_key)) == 4
    assert passed(counted, tenant)[0] == 2  # the memory goes on with its own count
    [line] = [each.getMessage() for each in caplog.records]
    assert line.startswith("SCIM_LIMITS_URL: Redis does not count (")
    assert line.endswith("), so each worker counts for itself")


def test_redis_that_hangs_is_waited_for_once():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        counted = limiter(f"valkey://:secret@127.0.0.1:{silent.getsockname()[1]}", Rate(100, 60))
        begun = time.monotonic()
        assert passed(counted, new(ACME), 50)[0] == 50
        assert time.monotonic() - begun < 25 * limits.ANSWERING


def test_redis_that_is_slow_delays_one_request(redis, monkeypatch, caplog):
    counted = limiter(redis, Rate(100, 60))
    answer = counted._redis.incr
    monkeypatch.setattr(counted._redis, "incr", lambda *told: (time.sleep(0.11), answer(*told))[1])
    begun = time.monotonic()

    assert passed(counted, new(ACME), 20)[0] == 20

    assert time.monotonic() - begun < 10 * limits.ANSWERING
    assert "Redis does not count (an answer took 0.1" in caplog.text


def test_memory_is_bounded(monkeypatch):
    monkeypatch.setattr(limits, "MOST_KEPT", 100)
    memory = Memory()

    memory.incr("old", 0)
    for number in range(1000):
        assert memory.incr(str(number), 60) == 1
    assert len(memory._counts) <= 100
    assert memory.get("old") == 0


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("25/second", (25, 1)),
        ("500/10 seconds", (500, 10)),
        ("1 per minute", (1, 60)),
        (" 7 / 2 Hours ", (7, 7200)),
    ],
)
def test_rate_is_read(text, rate):
    assert read_rate(text) == rate


@pytest.mark.parametrize(
    "text",
    ["", "25", "0/second", "5/0 seconds", "5/day", "5/second;1/minute", "-5/second", "٣/second"],
)
def test_other_texts_are_no_rates(text):
    with pytest.raises(ValueError, match="is no rate"):
        read_rate(text)


def test_limits_are_on_in_production_only():
    assert Settings().rate is None
    assert Settings(env="production").rate == (500, 10)
    assert Settings(env="production", rate_limit="off").rate is None
    assert Settings(rate_limit="5/second").rate == (5, 1)
