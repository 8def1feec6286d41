"""The hashes of the audit cover all that a change and an entry have."""

from dataclasses import fields, replace

from scim.storage import Cause, Change, Operation, Reason
from scim.storage.seal import START, Entry, Seal

KEY = "a-key-of-this-test-that-is-long-enough"
SEAL = Seal(KEY, "acme")
CHANGE = Change(
    resource_type="User",
    resource_id="1",
    version=1,
    operation=Operation.PATCH,
    cause=None,
    before="{}",
    after="{}",
    members={},
    unseen=False,
    at="2026",
    token="okta",
    request_id="a",
)
OTHER = {
    "resource_type": "Group",
    "resource_id": "2",
    "version": 2,
    "operation": Operation.REPLACE,
    "cause": Cause(Reason.DELETED, "2"),
    "before": None,
    "after": '{"a":1}',
    "members": {"1": True},
    "unseen": True,
    "at": "2027",
    "token": "entra",
    "request_id": None,
}
ENTRY = Entry(number=2, at="2026", resource_id="1", version=1, digest=b"a", previous=START)
NEXT = {"number": 3, "at": "2027", "resource_id": "2", "version": 2, "digest": b"b"}


def test_digest_covers_every_field_of_a_change():
    assert OTHER.keys() == {each.name for each in fields(Change)}

    digests = [SEAL.digest(replace(CHANGE, **{name: other})) for name, other in OTHER.items()]

    assert len({SEAL.digest(CHANGE), *digests}) == 1 + len(OTHER)


def test_hash_covers_the_place_the_digest_and_the_entry_before():
    others = NEXT | {"previous": b"c"}

    hashes = [SEAL.hash(replace(ENTRY, **{name: other})) for name, other in others.items()]

    assert len({SEAL.hash(ENTRY), *hashes}) == 1 + len(others)


def test_hashes_are_those_of_one_tenant_and_one_key():
    seals = SEAL, Seal("another-key", "acme"), Seal(KEY, "other")

    assert len({each.digest(CHANGE) for each in seals}) == len(seals)
    assert len({each.hash(ENTRY) for each in seals}) == len(seals)
