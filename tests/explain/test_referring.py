"""References in what changed are told by names."""

import pytest

from scim.explain.changes.differences import Difference
from scim.explain.changes.referring import referred, with_names

INES, AIKO = "01a22711-59ca-7afe-ab82-eadd4a478cfe", "01a22711-5a39-7e9d-8ebf-b905dcfde89f"
NAMES = {INES: "Inés", AIKO: ""}


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (("manager.value", f'"{INES}"', None), ("manager", '"Inés"', None)),
        (("urn:x:User:manager.value", None, f'"{INES}"'), ("urn:x:User:manager", None, '"Inés"')),
        (("manager.value", f'"{INES}"', f'"{AIKO}"'), ("manager", '"Inés"', f'"{AIKO}"')),
        (("manager.value", None, f'"{AIKO}"'), ("manager.value", None, f'"{AIKO}"')),
        (("manager.value", '"x"', "{}"), ("manager.value", '"x"', "{}")),
        (('emails[type eq "work"].value', None, f'"{INES}"'),) * 2,
        (("title", None, f'"{INES}"'),) * 2,
    ],
)
def test_reference_has_the_name_of_whom_it_means(found, told):
    assert with_names([Difference(*found)], NAMES) == [Difference(*told)]


def test_ids_of_references_are_found():
    found = [
        Difference("manager.value", f'"{INES}"', f'"{AIKO}"'),
        Difference('emails[type eq "work"].value', None, f'"{INES[:-1]}0"'),
    ]
    assert referred(found) == {INES, AIKO}
