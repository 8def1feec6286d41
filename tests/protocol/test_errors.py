"""RFC 7644 §3.12, Table 9, and RFC 9865 §2.1, Table 3: the errors."""

import pytest

from scim.protocol import errors
from scim.protocol.errors import InvalidPathError, ScimError

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and kind is not ScimError]
KINDS = [kind for kind in KINDS if issubclass(kind, ScimError)]
TABLE_9 = {
    "invalidFilter": 400,
    "tooMany": 400,
    "uniqueness": 409,
    "mutability": 400,
    "invalidSyntax": 400,
    "invalidPath": 400,
    "noTarget": 400,
    "invalidValue": 400,
    "invalidVers": 400,
    "sensitive": 403,
}
TABLE_3 = {"invalidCursor": 400, "expiredCursor": 400, "invalidCount": 400}


@pytest.mark.parametrize("kind", KINDS)
def test_scim_type_is_one_of_the_tables_and_goes_with_its_status(kind):
    if kind.scim_type is None:
        assert kind.status != 400
    else:
        assert (TABLE_9 | TABLE_3)[kind.scim_type] == kind.status


def test_error_within_a_place_names_the_place_first():
    error = InvalidPathError("the path is empty").within("Operations[1]")

    assert type(error) is InvalidPathError
    assert error.detail == "Operations[1]: the path is empty"
