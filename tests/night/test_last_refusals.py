"""Refused before anything is asked: credentials that cannot be, rules that do not keep their own examples."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.cloud import Cloud
from auditor.errors import SettingsRefused
from auditor.model.settings import Azure
from tests.night.parts import FIRST, Bench, estate, machine, subscription

RULE = """
id: MY-001
title: {en: Machines are in one region}
severity: low
frame: machines
expect: {location: {in: [Japan East]}}
reasons:
  - code: elsewhere
    text: {en: "It is in {location}."}
why: {en: Our data stay there.}
sources: []
examples:
  pass: [{location: japaneast}]
  fail: [{location: westeurope}]
"""


def written(folder: Path, text: str) -> Path:
    rule = folder / "MY-001.yaml"
    rule.write_text(text, encoding="utf-8")
    return rule


def test_regions_are_compared_without_blanks_and_case(bench: Bench, tmp_path: Path) -> None:
    of = estate(subscription(FIRST, machine("web-1", location="japaneast"), machine("web-2", location="westeurope")))

    audited = bench.audit(of, rules=[written(tmp_path, RULE)], only_rules=True, config={"rules": {}})

    assert sorted(audited.verdicts("MY-001")) == [("web-1", "pass", "as_expected"), ("web-2", "fail", "elsewhere")]


def test_a_rule_that_does_not_keep_its_own_examples_judges_nobody(bench: Bench, tmp_path: Path) -> None:
    azure = bench.simulate(estate(subscription(FIRST, machine("web-1"))))
    rule = written(tmp_path, RULE.replace("fail: [{location: westeurope}]", "fail: [{location: japaneast}]"))

    with pytest.raises(
        SettingsRefused, match=r"MY-001.yaml:\d+: examples.fail: the rule's verdict on this row is pass"
    ):
        bench.audit(azure, rules=[rule])

    assert azure.requests.snapshot() == {}


def test_a_tenant_that_is_none_is_refused_in_a_sentence(tmp_path: Path) -> None:
    certificate = tmp_path / "no-certificate.pem"
    certificate.write_text("nothing", encoding="utf-8")
    azure = Azure.model_validate(
        {
            "credential": "client_certificate",
            "tenant_id": "contoso",
            "client_id": FIRST,
            "certificate_path": certificate,
        },
        strict=False,
    )

    with pytest.raises(SettingsRefused, match=r"azure\.credential: nobody can sign in with it"):
        Cloud(azure)
