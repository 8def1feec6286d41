"""RFC 7643 §2.3: values between JSON and Python, and what is said of those that do not fit."""

import json

import pytest

from scim.protocol.errors import InvalidSyntaxError, InvalidValueError
from scim.protocol.schema import ENTERPRISE_USER_SCHEMA, USER
from scim.protocol.tolerance import STRICT
from scim.serializers.resources import dump_resource, hasher, load_resource

from ..support.scim import enterprise, user


@pytest.mark.parametrize(
    ("attributes", "place"),
    [
        ({"title": 7}, "title"),
        ({"title": True}, "title"),
        ({"title": {"value": "x"}}, "title"),
        ({"title": ["x"]}, "title"),
        ({"userName": 7}, "userName"),
        ({"active": "yes"}, "active"),
        ({"active": 1}, "active"),
        ({"name": "Babs"}, "name"),
        ({"name": []}, "name"),
        ({"name": {"givenName": 7}}, "name.givenName"),
        ({"emails": "x"}, "emails"),
        ({"emails": {"value": "x"}}, "emails"),
        ({"emails": ["x"]}, "emails[0]"),
        ({"emails": [{"value": "x"}, {"value": 7}]}, "emails[1].value"),
        ({"emails": [{"value": "x", "primary": "yes"}]}, "emails[0].primary"),
        ({"emails": [[{"value": "x"}]]}, "emails[0]"),
        ({"x509Certificates": [{"value": "no base64!"}]}, "x509Certificates[0].value"),
        ({"password": 7}, "password"),
        ({"nickName": "NUL \0"}, "nickName"),
        (enterprise(costCenter=4130), f"{ENTERPRISE_USER_SCHEMA}.costCenter"),
        (enterprise(manager="1"), f"{ENTERPRISE_USER_SCHEMA}.manager"),
        (enterprise(manager={"value": 1}), f"{ENTERPRISE_USER_SCHEMA}.manager.value"),
        ({ENTERPRISE_USER_SCHEMA: "x"}, ENTERPRISE_USER_SCHEMA),
    ],
)
def test_value_of_the_wrong_type_is_refused_by_the_name_of_its_attribute(attributes, place):
    with pytest.raises(InvalidValueError) as refused:
        load_resource({**user(), **attributes}, USER, STRICT)

    assert refused.value.detail.startswith(f"{place}: ")


@pytest.mark.parametrize("sent", [None, [], [user()], "bjensen", 7, True])
def test_resource_that_is_no_object_is_refused(sent):
    with pytest.raises(InvalidSyntaxError):
        load_resource(sent, USER, STRICT)


def test_password_is_loaded_as_its_hash_and_never_dumped():
    loaded = load_resource(user(password="t1meMa$heen"), USER, STRICT)

    assert loaded["password"].startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert hasher.verify(loaded["password"], "t1meMa$heen")
    assert "password" not in dump_resource(loaded, USER)


def test_resource_is_dumped_in_the_order_of_the_schema():
    document = {
        **enterprise(department="Tours", costCenter="1"),
        "emails": [{"type": "work", "value": "x"}],
        "userName": "bjensen",
        "id": "1",
        "schemas": ["core"],
    }

    dumped = json.loads(dump_resource(document, USER))

    assert dumped == document
    assert list(dumped) == ["schemas", "id", "userName", "emails", ENTERPRISE_USER_SCHEMA]
    assert list(dumped["emails"][0]) == ["value", "type"]
    assert list(dumped[ENTERPRISE_USER_SCHEMA]) == ["costCenter", "department"]
