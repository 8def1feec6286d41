"""The configuration of Prometheus and the alert rules in docs/operating.md."""

import re

import promql_parser
import pytest
import yaml

from scim.operate.catalogue import COUNTED, MEASURED, SECONDS

from .test_docs import ROOT, blocks

NAME = re.compile(r"\bscim_\w+|\bup\b")
TABLED = re.compile(r"`(scim_\w+)`")
SHOWN = [each.text for each in blocks(ROOT / "docs/operating.md") if each.language == "yaml"]
KNOWN = {each.name for each in MEASURED} | {f"{each.name}_total" for each in COUNTED}
KNOWN |= {"scim_info", "scim_ready"}
PARTS = {f"{SECONDS.name}_{part}" for part in ("bucket", "count", "sum")}


def found(key):
    """Return the part of that name of the one block that has it."""
    [value] = [loaded[key] for text in SHOWN if key in (loaded := yaml.safe_load(text))]
    return value


RULES = [rule for each in found("groups") for rule in each["rules"]]


@pytest.mark.parametrize("rule", RULES, ids=[each["alert"] for each in RULES])
def test_rule_is_an_expression_about_metrics_that_there_are(rule):
    promql_parser.parse(rule["expr"])

    assert set(NAME.findall(rule["expr"])) <= KNOWN | PARTS | {"up"}
    assert rule.keys() <= {"alert", "expr", "for"}


def test_prometheus_scrapes_the_port_that_the_document_serves():
    [job] = found("scrape_configs")
    [place] = job["static_configs"]

    assert job["job_name"] == "scim"
    assert place["targets"] == ["localhost:9464"]


def test_every_metric_is_in_the_table():
    text = (ROOT / "docs/operating.md").read_text()
    rows = re.findall(r"^\| (`scim_\w+`[^|]*) \|", text, re.MULTILINE)

    assert {name for row in rows for name in TABLED.findall(row)} == KNOWN | {SECONDS.name}
