"""Which versions run where: every agent is counted once, and one that nobody knows is not up to date."""

from __future__ import annotations

from auditor.compose.adoption import BEHIND, REGIONS, adoption
from auditor.compose.counted import Agents
from auditor.compose.wording import Wording

WORDING = Wording("en", "UTC")


def agents(region: str, behind: int | None) -> Agents:
    return Agents(region, "AzureMonitorLinuxAgent", "1.30.0", "1.38.1", behind)


def test_how_far_behind_is_told_in_classes_and_not_known_is_one_of_them() -> None:
    told = adoption({agents("japaneast", behind): 2 for behind in (0, 1, 2, 3, 9, None)}, WORDING)
    assert [column.key for column in told.columns] == ["region", *BEHIND]
    assert list(told.rows()) == [("japaneast", 2, 2, 2, 4, 2)]


def test_the_regions_with_the_fewest_agents_share_a_row() -> None:
    many = {agents(f"region-{at:02}", 0): 100 - at for at in range(REGIONS + 3)}
    rows = list(adoption(many, WORDING).rows())
    assert [row[0] for row in rows] == [*(f"region-{at:02}" for at in range(REGIONS)), "all other regions"]
    assert sum(int(str(row[1])) for row in rows) == sum(many.values())
