"""A userName has no character that nobody sees, so that no two people look like one."""

import json

import pytest
import sqlalchemy as sa

from ..support.bulk import carry_out, post
from ..support.errors import check_error
from ..support.scim import group, path_of, replace, user

INVISIBLE = {
    "ad\u200bmin": "U+200B",
    "admin\ufeff": "U+FEFF",
    "\u202enimda": "U+202E",
    "ad\u2066min": "U+2066",
    "ad\u00admin": "U+00AD",
    "ad\x1b[2Jmin": "U+001B",
    "ad\nmin": "U+000A",
    "ad\x7fmin": "U+007F",
    "ad\x9bmin": "U+009B",
    "ad\u2028min": "U+2028",
    "ad\u3164min": "U+3164",
    "admin\ufe0f": "U+FE0F",
    "admin\U000e0041": "U+E0041",
    "ad\u200cmin": "U+200C",  # these two join nothing here
    "ad\u200dmin": "U+200D",
    "\u0627\u200c": "U+200C",
}
VISIBLE = [
    "Zoë Müller",
    "陳大文",
    "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",  # Persian, with a joint that is not drawn
    "\u0915\u094d\u200d\u0937",  # Devanagari, a half form
    "a\u0301 b'c+d@example.com",
    "👋",
]


@pytest.mark.parametrize("name", INVISIBLE)
def test_invisible_character_is_refused_by_its_number(scim, name):
    babs = scim.create(user("admin"))

    for response in (
        scim.post("/Users", user(name)),
        scim.put(path_of(babs), user(name)),
        scim.patch(path_of(babs), replace("userName", name)),
        scim.patch(path_of(babs), replace(None, {"userName": name})),
    ):
        assert INVISIBLE[name] in check_error(response, 400, "invalidValue")
    assert INVISIBLE[name] in carry_out(scim, post("1", user(name)))[0]["response"]["detail"]
    assert scim.read(babs) == babs


@pytest.mark.parametrize("name", VISIBLE)
def test_name_in_any_script_is_taken(scim, name):
    assert scim.create(user(name))["userName"] == name


def test_other_texts_take_them(scim):
    family = "\U0001f469\u200d\U0001f467 \u2764\ufe0f\n"

    assert scim.create(user(title=family))["title"] == family
    assert scim.create(group(family))["displayName"] == family


def test_user_who_has_one_already_can_be_read_and_changed(scim, engine):
    name = "ad\u200bmin"
    babs = scim.create(user("admin"))
    with engine.begin() as connection:
        body = connection.scalar(sa.text("SELECT body FROM users"))
        document = json.loads(body) if isinstance(body, str) else body
        text = json.dumps(document | {"userName": name}, ensure_ascii=False)
        connection.execute(sa.text("UPDATE users SET body = :body"), {"body": text})

    assert scim.patch(path_of(babs), replace("active", False)).json["userName"] == name
    changed = scim.put(path_of(babs), user(name, title="Guide"))
    assert (changed.json["userName"], changed.json["title"]) == (name, "Guide")
    assert INVISIBLE[name] in scim.patch(path_of(babs), replace("userName", name + "x")).text
    assert scim.patch(path_of(babs), replace("userName", "admin")).json["userName"] == "admin"
