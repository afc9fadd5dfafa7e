"""What is in scope and cannot be read is a gap with its name; the rest of the night goes on."""

from __future__ import annotations

from auditor.errors import ExitCode
from tests.night.parts import FIRST, Bench, bare, estate, machine, subscription


def test_a_healthy_estate_is_delivered(bench: Bench) -> None:
    audited = bench.audit(estate(subscription(FIRST, machine("web-1"), machine("web-2"))))

    assert audited.code == ExitCode.DELIVERED
    assert audited.gaps() == []
    assert {status for _machine, status, _code in audited.verdicts()} == {"pass"}
