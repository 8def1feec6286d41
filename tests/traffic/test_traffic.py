"""Recorded traffic of identity providers, replayed step by step (the files of ``recordings/``)."""

import json
from pathlib import Path

import pytest

from .replay import replay

RECORDINGS = sorted(Path(__file__).with_name("recordings").glob("*.json"))
every_recording = pytest.mark.parametrize("recording", RECORDINGS, ids=lambda path: path.stem)


def read(recording):
    return json.loads(recording.read_text(encoding="utf-8"))


@every_recording
def test_server_answers_as_the_provider_expects(server, recording):
    problems = list(replay(server, read(recording)))

    if problems:
        pytest.fail("\n".join([f"in {recording.name}:", *problems]), pytrace=False)


@every_recording
def test_every_write_is_followed_by_a_read_of_the_state(recording):
    for step in read(recording)["steps"]:
        if step["request"]["method"] != "GET":
            assert step.get("then"), f"in {recording.name}: {step['name']}"
