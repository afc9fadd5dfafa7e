"""``${NAME}`` in the configuration: what comes from the environment, and is never repeated."""

from __future__ import annotations

import pytest

from tests.unit.settle.desk import Desk


def test_an_unset_name_is_told(desk: Desk) -> None:
    assert desk.told("report:\n  title: 'Audit of ${COMPANY}'\n") == [
        "config.yaml:2: report.title: the environment variable COMPANY is not set: set it before the audit starts"
    ]


def test_an_empty_one_too(desk: Desk) -> None:
    told = desk.told("azure: {credential: token, token: '${T}'}", environ={"T": ""})
    assert told == [
        "config.yaml:1: azure.token: the environment variable T is set, but empty: set it before the audit starts"
    ]


def test_what_is_no_name_is_told(desk: Desk) -> None:
    (told,) = desk.told("report: {title: '${A B}'}", environ={"A B": "x"})
    assert told.startswith("config.yaml:1: report.title: ${ begins the name of an environment variable")


@pytest.mark.parametrize(
    "config",
    [
        "sources: {lookback: '${SECRET}'}",
        "azure: {cloud: '${SECRET}'}",
        "azure: {client_id: '${SECRET}', credential: managed_identity}",
        "azure: {ca_bundle: '${SECRET}'}",
        "report: {time_zone: '${SECRET}'}",
        "report: {language: '${SECRET}'}",
        "scope: {subscriptions: ['${SECRET}']}",
        "rules: {AMA-001: {only: {name: {equals: '${SECRET}'}}}}",
        "rules: {AMA-001: {only: {os: {equals: '${SECRET}'}}}}",
        "rules: {AMA-002: {params: {releases: '${SECRET}'}}}",
    ],
)
def test_what_a_name_holds_is_never_repeated(desk: Desk, config: str) -> None:
    told = "\n".join(desk.told(config, environ={"SECRET": "$hunter-two"}))
    assert "hunter" not in told
    assert "config.yaml:1: " in told
