"""Recorded traffic of identity providers (the files of ``recordings/``), replayed step by step."""

import json
import re
from pathlib import Path

import pytest

from ..support.tenants import new_tenant, new_token
from .comparison import ERROR
from .replay import Replay

RECORDINGS = sorted(Path(__file__).with_name("recordings").glob("*.json"))
every_recording = pytest.mark.parametrize("recording", RECORDINGS, ids=lambda path: path.stem)


def read(recording):
    return json.loads(recording.read_text(encoding="utf-8"))


@every_recording
def test_server_answers_as_the_provider_expects(started_server, engine, recording):
    token = new_token(engine, new_tenant(engine))

    problems = list(Replay(started_server.url, token, read(recording)).problems())

    if problems:
        pytest.fail("\n".join([f"in {recording.name}:", *problems]), pytrace=False)


@every_recording
def test_strict_tenant_refuses_what_needs_a_tolerance_and_nothing_else(
    started_server, engine, recording
):
    token = new_token(engine, new_tenant(engine, strict=True))

    for step, answer in Replay(started_server.url, token, read(recording)).refusals():
        assert "SCIM-Tolerances" not in answer.headers
        if "strict" in step:
            shown = [answer.body.get(name) for name in ("schemas", "status", "scimType")]
            assert shown == [[ERROR], "400", step["strict"]], step["name"]
            assert answer.body["detail"]
        else:
            assert answer.status == step["expect"].get("status", 200), step["name"]


@every_recording
def test_every_write_is_followed_by_a_read_of_the_state(recording):
    for step in read(recording)["steps"]:
        if step["request"]["method"] != "GET":
            assert step.get("then"), f"in {recording.name}: {step['name']}"


@every_recording
def test_every_variable_is_learned_from_an_id_or_a_version(recording):
    """A misspelt variable would fit any answer."""
    text = json.dumps([step["expect"] for step in read(recording)["steps"]])
    learned = set(re.findall(r'"(?:id|version)": "\{\{(\w+)}}"', text))

    named = set(re.findall(r"\{\{(\w+)}}", recording.read_text(encoding="utf-8")))
    assert named - learned == {"token"} | named & {"url"}
