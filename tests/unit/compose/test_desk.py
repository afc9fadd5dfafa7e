"""A verdict that is told as a column and the same one that is told as a finding are equal in every key."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import timedelta

import orjson
import pyarrow as pa
import pytest

from auditor.compose import Ledger, findings
from auditor.compose.desk import Bench
from auditor.compose.findings import verdicts_of
from auditor.compose.history import History
from auditor.compose.wording import Wording
from auditor.model.contract import encodable
from auditor.model.past import Past, Standing
from auditor.model.report import FINDING_KEYS, LEFT_TO_PARQUET, Portion
from auditor.model.rule import RuleBook
from auditor.model.verdict import Status
from auditor.render.batch import batches
from tests.unit.compose import parts
from tests.unit.render.sample import HOSTILE

TOLD_BY_ROW = frozenset(Status) - {Status.UNANSWERED}
"""What was not answered has evidence of its own kind, and is never left to the tables."""
KNOWN_BY_ITSELF = parts.rule("AMA-005", "publisher")
"""A rule without evidence: a finding shows its publisher anyhow."""
BOOK = RuleBook((*parts.RULES, KNOWN_BY_ITSELF), parts.STANDING, exemptions=(parts.EXEMPTION,))
FIXED = parts.agent_of(parts.INSTANCE)
NAMES = list(map(encodable, HOSTILE))
"""No frame can hold half of a surrogate pair."""


def shard() -> parts.Shard:
    """Every verdict on agents whose machines carry hostile names and tags, and times to the microsecond."""
    made = parts.shop()
    for at, text in enumerate(NAMES):
        machine = parts.machine(f"{parts.VM}-{at}", name=text, tags=orjson.dumps({"OWNER": text}).decode())
        seen = parts.NOW - timedelta(minutes=at, microseconds=at % 2)
        agent = parts.agent(machine, name=text, type=text, installed_version=text, installed_version_at=seen)
        made.machines.append(machine)
        made.extensions.append(agent | {"id": f"{machine['id']}/extensions/{text}", "releases_behind": at})
        made.operations.append(parts.operation(machine["id"], error_message=text, action="upgrade", extension_id=None))
    for at, agent in enumerate(made.extensions):
        ruled_out = {"clause": at % 3, "reason_code": ("managed", "expired", "stopped")[at % 3]}
        for status, changes in (
            (Status.PASS, {}),
            (Status.NOT_APPLICABLE, ruled_out),
            (Status.FAIL, {"reason_code": "bad", "clause": 0}),
            (Status.EXEMPT, {"reason_code": "bad", "clause": 0, "exemption": parts.EXEMPTION.label}),
        ):
            for rule in ("AMA-002", "AMA-003", KNOWN_BY_ITSELF.id):
                made.judge(rule, status, agent["id"], **changes)
    return made


def bench(language: str) -> Bench:
    wording = Wording(language, "Asia/Tokyo")
    standings = {
        ("AMA-001", FIXED.lower()): Standing("fixed", parts.NOW - timedelta(days=3), 2),
        ("AMA-002", FIXED.lower()): Standing("fixed", parts.NOW - timedelta(days=2, microseconds=5), 1),
    }
    history = History(Past(parts.NOW - timedelta(days=1), standings), (), (), wording)
    return Bench(BOOK, wording, "https://portal.azure.com", history)


def told(left: Collection[Status], language: str = "en") -> Iterator[Portion]:
    frames = shard().frames(parts.survey())
    return verdicts_of(Ledger([lambda: frames], tuple(parts.survey()), ()), bench(language), left)


def table(portions: Iterator[Portion]) -> pa.Table:
    return pa.Table.from_batches([batch.columns for batch in batches(portions)]).combine_chunks()


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("at_once", [3, 1_000])
def test_columns_say_what_findings_say(monkeypatch: pytest.MonkeyPatch, at_once: int, language: str) -> None:
    monkeypatch.setattr(findings, "AT_ONCE", at_once)
    whole, columns = table(told((), language)), table(told(TOLD_BY_ROW, language))
    for key in FINDING_KEYS:
        assert columns[key].to_pylist() == whole[key].to_pylist(), key
    assert columns.schema == whole.schema
    assert columns.num_rows == whole.num_rows > 4 * 3 * len(HOSTILE)


def test_only_what_is_left_comes_as_columns_and_what_has_changed_as_a_finding_too() -> None:
    portions = list(told(LEFT_TO_PARQUET))
    left = [portion for portion in portions if portion.columns is not None]
    statuses = {status for portion in left for status in portion.columns["status"].to_pylist()}
    assert statuses == {"pass", "not_applicable"}
    fixed = [(each.rule_id, each.status, each.resource_id) for portion in left for each in portion.findings]
    assert fixed == [
        ("AMA-002", Status.NOT_APPLICABLE, FIXED),
        ("AMA-001", Status.PASS, FIXED),
        ("AMA-002", Status.PASS, FIXED),
    ]
    listed = [finding for portion in portions if portion.columns is None for finding in portion.findings]
    assert not LEFT_TO_PARQUET & {finding.status for finding in listed}


def test_a_rule_without_evidence_has_an_empty_list() -> None:
    rows = table(told(LEFT_TO_PARQUET)).to_pylist()
    assert {row["evidence"] for row in rows if (row["rule_id"], row["status"]) == ("AMA-005", "pass")} == {"[]"}
