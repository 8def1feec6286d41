"""RFC 9562 §5.7: ids are UUIDs of version 7, in the order of time."""

import time
import uuid

import pytest

from scim.storage.keys import is_id, new_id


def test_id_is_a_uuid_of_version_7():
    for _ in range(1000):
        made = uuid.UUID(new_id())
        assert (made.version, made.variant) == (7, uuid.RFC_4122)


def test_ids_differ_and_later_ones_are_greater():
    made = []
    for _ in range(20):
        made.append(new_id())
        time.sleep(0.002)

    assert made == sorted(set(made))
    assert len({new_id() for _ in range(10_000)}) == 10_000


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "nobody",
        "x" * 36,
        "0" * 32,
        "%00",
        "01890000-0000-7000-8000-00000000000A",
        "01890000-0000-7000-8000-000000000000\n",
        "٠1890000-0000-7000-8000-000000000000",
    ],
)
def test_anything_else_is_no_id(text):
    assert not is_id(text)
    assert is_id(new_id())
