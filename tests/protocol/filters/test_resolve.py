"""Filters are checked against the attributes before any database is asked (RFC 7644 §3.4.2.2)."""

import pytest

from scim.protocol.errors import InvalidFilterError
from scim.protocol.filters.parser import parse_filter
from scim.protocol.filters.resolve import LONGEST_PATTERN, resolve
from scim.protocol.schema import ENTERPRISE_USER_SCHEMA, GROUP, USER
from scim.protocol.tolerance import STRICT, Tolerated

E = ENTERPRISE_USER_SCHEMA


def resolved(text, resource_type=USER, tolerated=STRICT):
    return resolve(parse_filter(text, tolerated), resource_type, tolerated)


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("shoeSize pr", 1),
        ('userName eq "x" and shoeSize eq 4', 21),
        ("userName pr or (name.shoeSize pr)", 17),
        ("emails.value.x pr", 1),
        ('emails[shoeSize eq "x"]', 8),
        ('emails[type eq "x" and emails.type pr]', 24),
        ("emails[urn:x:type pr]", 8),
        ("members pr", 1),
        (f"{E}:shoeSize pr", 1),
        ("urn:ietf:params:scim:schemas:core:2.0:Group:displayName pr", 1),
        ("User:userName pr", 1),
    ],
)
def test_unknown_attribute_is_refused_at_its_position(text, position):
    # the second as a whole is no attribute notation; the parser refuses it at the same place
    with pytest.raises(InvalidFilterError, match=f"position {position}: "):
        resolved(text)


@pytest.mark.parametrize(
    "text",
    [
        'password eq "t1meMa$heen"',
        "password pr",
        'password sw ""',
        'not (PASSWORD eq "x")',
        "urn:ietf:params:scim:schemas:core:2.0:User:password eq null",
    ],
)
@pytest.mark.parametrize("tolerated", [STRICT, Tolerated()])
def test_what_is_never_returned_cannot_be_filtered_by(text, tolerated):
    with pytest.raises(InvalidFilterError, match=r"(?i)password cannot be used") as raised:
        resolved(text, tolerated=tolerated)

    assert "t1meMa" not in raised.value.detail


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("active gt true", "a boolean cannot be compared with gt"),
        ('active co "t"', "a boolean cannot be compared with co"),
        ("emails[primary le false]", "a boolean cannot be compared with le"),
        ('x509Certificates.value gt "TWE="', "a binary cannot be compared with gt"),
        ('x509Certificates sw "TWE="', "a binary cannot be compared with sw"),
        ('x509Certificates eq "?"', "must be base64"),
        ('meta.created co "2011"', "a dateTime cannot be compared with co"),
        ('meta.created gt "2011-05"', "must be a dateTime"),
        ('meta.created gt "yesterday"', "must be a dateTime"),
        ('meta.created gt "2011-13-13T04:42:34Z"', "must be a dateTime"),
        ('meta.created gt "0001-01-01T00:00:00+14:00"', "must be a dateTime"),
        ("meta.created gt 2011", "must be a dateTime"),
        ('active eq "yes"', "must be true or false"),
        ("active eq 1", "must be true or false"),
        ("userName eq true", "must be a string"),
        ("userName gt null", "null compares with eq and ne only"),
        ("userName pr and title co null", "null compares with eq and ne only"),
        ('name eq "x"', "name is complex"),
        ('addresses co "x"', "addresses is complex"),
        (f'{E} eq "x"', "is complex"),
        ('userName[value eq "x"]', "userName has no sub-attributes"),
        ('schemas[value eq "x"]', "schemas has no sub-attributes"),
        ('userName eq "a\\u0000b"', "U\\+0000"),
        ('userName co "\\u0000"', "U\\+0000"),
        (f'userName co "{"x" * (LONGEST_PATTERN + 1)}"', f"more than {LONGEST_PATTERN} characters"),
    ],
)
def test_operator_or_value_that_does_not_fit_the_type_is_refused(text, problem):
    with pytest.raises(InvalidFilterError, match=problem):
        resolved(text, tolerated=Tolerated())


@pytest.mark.parametrize(
    ("text", "tolerance"),
    [
        ('active eq "True"', "text_booleans"),
        ("externalId eq 701984", "unquoted_filter_values"),
        ("externalId eq jyoung", "unquoted_filter_values"),
        ('manager eq "x"', "unqualified_extension_attributes"),
        ('urn:scim:schemas:core:1.0:userName eq "x"', "legacy_schema_urns"),
        ('emails[type eq "work"].value eq "x"', "compared_value_path"),
    ],
)
def test_deviation_is_refused_by_a_strict_tenant_and_named_by_a_tolerant_one(text, tolerance):
    tolerated = Tolerated()

    assert resolved(text, tolerated=tolerated)
    assert list(tolerated.used) == [tolerance]
    with pytest.raises(InvalidFilterError):
        resolved(text)


def test_filter_of_the_other_resource_type_is_refused():
    assert resolved("displayName pr and members.value pr", GROUP)
    with pytest.raises(InvalidFilterError, match="the attribute 'userName' is unknown"):
        resolved("userName pr", GROUP)
