"""``explain``: a filter and a PATCH in plain words, by the directory that is there."""

import json

import pytest

from ..support.scim import add, group, patch_op, remove, replace, user


@pytest.fixture
def babs(scim):
    scim.create(user("ada"))
    return scim.create(user("bjensen", emails=[{"value": "b@example.com", "type": "work"}]))


@pytest.fixture
def explained(run, tmp_path):
    """Explain a PATCH of a resource by its name."""

    def explained(name, *operations):
        file = tmp_path / "patch.json"
        file.write_text(json.dumps(patch_op(*operations)))
        return run(f"explain patch {name} {file}")

    return explained


def test_filter_is_told_with_what_it_finds(run, babs):
    told = run('explain filter \'emails.value ew "example.com" and meta.created gt "2026-01-01"\'')

    assert told.splitlines()[:2] == [
        'Finds each User for which a value of emails ends with "example.com" and'
        ' meta.created is after "2026-01-01".',
        "Here it finds 1 of 2.",
    ]
    assert '  ├─ emails.value ew "example.com"\n' in told
    assert "  emails.value: upper and lower case are the same" in told
    assert "strict tenants refuse it:\n  loose_dates\n" in told
    [statement] = [line for line in told.splitlines() if " ms  " in line and "FROM users" in line]
    assert "example.com" in statement


def test_filter_is_that_of_a_type(run, fail, scim):
    scim.create(group("staff"))

    assert "Here it finds 1 of 1." in run("explain filter --type group 'displayName pr'")
    assert "no resource type 'Robot'" in fail("explain filter --type Robot 'displayName pr'")
    assert "'members' is unknown" in fail("explain filter 'members pr'")
    assert "position 10" in fail("explain filter 'userName e \"x\"'")


def test_filter_is_read_as_the_server_reads_it(run, scim):
    scim.create(user("CORP\\novak"))

    told = run("explain filter 'userName eq \"CORP\\novak\"'")

    assert "Here it finds 1 of 1." in told
    assert "strict tenants refuse it:\n  literal_backslashes\n" in told
    assert "finds 0 of 1." in run("explain filter 'userName eq \"CORP\\nobody\"'")
    assert "finds 0 of 1." in run("explain filter 'userName eq \"a%00b\"'")


def test_patch_is_told_step_by_step_and_changes_nothing(explained, scim, babs):
    told = explained(
        "bjensen",
        replace('emails[type eq "work"].value', "c@example.com"),
        add(None, {"active": "False"}),
        remove("title"),
    )

    assert told.splitlines() == [
        '1. set emails[type eq "work"].value to "c@example.com"',
        '  - emails: {"value": "b@example.com", "type": "work"}',
        '  + emails: {"value": "c@example.com", "type": "work"}',
        '2. add to or set active to "False"',
        "  - active: true",
        "  + active: false",
        "3. remove title",
        "  no change",
        "",
        "Tolerances that it needs; strict tenants refuse it:",
        "  text_booleans",
    ]
    assert scim.read(babs) == babs


def test_members_of_a_group_are_told(explained, scim, babs):
    scim.create(group("staff", babs))

    told = explained("staff", remove(f'members[value eq "{babs["id"]}"]'))

    assert f'  - members: {{"value": "{babs["id"]}", "$ref": "http://' in told


def test_patch_that_would_be_refused_says_why(attempt, babs, tmp_path):
    file = tmp_path / "patch.json"
    file.write_text(json.dumps(patch_op(remove("title"), replace("emails.x", 1), remove("name"))))

    done = attempt(f"explain patch bjensen {file}")

    assert done.exit_code == 1
    assert done.stdout.splitlines() == ["1. remove title", "  no change", "2. set emails.x to 1"]
    assert "would answer 400 invalidPath: Operations[1]: " in done.stderr


def test_operation_that_needs_a_later_one_is_no_refusal(explained, babs):
    told = explained("bjensen", remove("userName"), add("userName", "barbara"))

    assert told.splitlines() == [
        "1. remove userName",
        "  only together with what follows",
        '2. add "barbara" to userName',
        '  - userName: "bjensen"',
        '  + userName: "barbara"',
    ]


@pytest.mark.parametrize("text", ["[]", '{"Operations": 1}', '{"Operations": {}}', "{}", "null"])
def test_file_without_a_patch_is_told(fail, babs, tmp_path, text):
    file = tmp_path / "patch.json"
    file.write_text(text)

    assert "patch.json is no PATCH; that is an object" in fail(f"explain patch bjensen {file}")


@pytest.mark.parametrize("text", [b"", b"{", b"\xff\xfe"])
def test_file_without_json_is_told(fail, babs, tmp_path, text):
    file = tmp_path / "patch.json"
    file.write_bytes(text)

    assert "patch.json is not JSON: " in fail(f"explain patch bjensen {file}")


def test_name_of_the_operations_has_no_case(run, babs, tmp_path):
    file = tmp_path / "patch.json"
    sent = patch_op(replace("title", "Guide"))
    file.write_text(json.dumps({name.lower(): value for name, value in sent.items()}))

    assert '  + title: "Guide"\n' in run(f"explain patch bjensen {file}")


def test_patch_without_operations_is_told(explained, babs):
    assert explained("bjensen").splitlines()[0] == "The PATCH has no operations."


def test_secrets_are_hidden(explained, attempt, babs, tmp_path):
    urn = "urn:ietf:params:scim:schemas:core:2.0:User"

    told = explained(
        "bjensen",
        replace("Password", "t0p-Secret"),
        add(f"{urn}:password", "t0p-Secret"),
        add(None, {"title": "Guide", f"{urn}:password": "t0p-Secret"}),
    )

    assert told.splitlines()[:5] == [
        '1. set Password to "••••"',
        "  no change that is ever shown",
        f'2. add "••••" to {urn}:password',
        "  no change that is ever shown",
        f'3. add to or set title to "Guide", {urn}:password to "••••"',
    ]
    file = tmp_path / "refused.json"
    file.write_text(json.dumps(patch_op(add("name", {"password": ["t0p-Secret"]}), add("x.y", 1))))
    done = attempt(f"explain patch bjensen {file}")
    assert '1. add {"password": "••••"} to name' in done.stdout
    assert "t0p-Secret" not in told + done.stdout + done.stderr


@pytest.mark.parametrize(
    "text", ["[" * 20_000, '{"Operations": [{"value": ' + "[" * 950 + "]" * 950 + "}]}"]
)
def test_file_that_is_nested_too_deeply_is_told(fail, babs, tmp_path, text):
    file = tmp_path / "patch.json"
    file.write_text(text)

    assert "is nested too deeply" in fail(f"explain patch bjensen {file}")


def test_many_operations_are_told_in_part(explained, babs):
    told = explained("bjensen", *(replace("title", f"x{number}") for number in range(60)))

    assert "50. " in told
    assert "51. " not in told
    assert told.splitlines()[-1] == "and 10 more operations"


def test_what_a_file_says_is_escaped(explained, babs):
    assert "\x1b" not in explained("bjensen", replace("title", "a\x1b[2Jb"))
