"""The natural histories of machines in a fleet that had automatic upgrade switched on for most some time ago.

A story tells what happened to one machine; it knows of versions, operations and heartbeats, and of no judgement.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from auditor.simulator import catalogue
from auditor.simulator.forms import guid
from auditor.simulator.life import HEARTBEATS_KEPT, UPGRADE, Life, days
from auditor.simulator.parts import AgentView, StaySpec
from auditor.simulator.specs import MachineSpec

Story = Callable[[Life], MachineSpec]


def upgraded_by_platform(life: Life) -> MachineSpec:
    behind = life.chance.choice((0, 1, 1, 1, 2))
    agent = life.agent(life.version(behind))
    age = life.chance.uniform(3, 40)
    life.upgraded(agent, life.version(behind + 1), life.version(behind), life.now - days(age))
    return life.told()


def upgraded_by_hand(life: Life) -> MachineSpec:
    agent = life.agent(life.version(0), auto_upgrade=False)
    person = life.chance.choice(catalogue.PEOPLE)
    life.upgraded(agent, life.version(4), life.version(0), life.now - days(9.2), caller=person)
    return life.told()


def left_alone(life: Life) -> MachineSpec:
    version = life.version(life.chance.randint(4, 9))
    life.agent(version, auto_upgrade=False)
    life.ran(version, life.now - days(200))
    return life.told()


def never_said(life: Life) -> MachineSpec:
    version = life.version(life.chance.choice((1, 3, 6)))
    life.agent(version, auto_upgrade=None)
    life.ran(version, life.now - days(120))
    return life.told()


def pinned(life: Life) -> MachineSpec:
    version = life.version(5)
    life.agent(version, auto_upgrade=None, auto_upgrade_minor=False, requested=".".join(version.split(".")[:2]))
    life.ran(version, life.now - days(300))
    return life.told()


def passed_over(life: Life) -> MachineSpec:
    version = life.version(life.chance.randint(5, 8))
    life.agent(version)
    life.ran(version, life.now - days(220))
    return life.told()


def stopped_every_night(life: Life) -> MachineSpec:
    version = life.version(1)
    life.agent(version)
    for day in range(21, -1, -1):
        morning = (life.now - days(day)).replace(hour=0, minute=2)
        evening = morning + timedelta(hours=10, minutes=life.chance.randint(0, 50))
        if evening < life.now:
            life.power(morning, "start", catalogue.PIPELINE)
            life.ran(version, morning + UPGRADE, evening)
            life.power(evening, "deallocate", catalogue.PIPELINE)
    return life.told(power="deallocated")


def deallocated_weeks_ago(life: Life) -> MachineSpec:
    version, at = life.version(3), life.now - days(life.chance.uniform(17, 26))
    life.agent(version)
    life.ran(version, at - days(80), at)
    life.power(at, "deallocate")
    return life.told(power="deallocated")


def deallocated_before_the_log(life: Life) -> MachineSpec:
    life.agent(life.version(9))
    # Some deallocated machines still show what they reported when they last ran.
    shown = life.chance.random() < 0.5
    at = life.now - days(140)
    return life.told(power="deallocated", agent=AgentView.READY if shown else None, agent_at=at if shown else None)


def powered_off(life: Life) -> MachineSpec:
    version, at = life.version(2), life.now - days(5.3)
    life.agent(version)
    life.ran(version, at - days(70), at)
    life.power(at, "powerOff")
    return life.told(power="stopped", agent_at=at)


def without_agent(life: Life) -> MachineSpec:
    return life.told()


def with_the_old_agent(life: Life) -> MachineSpec:
    if life.workspace:
        stay = StaySpec("10.20.18069.0", life.now - HEARTBEATS_KEPT, None, "Direct Agent", life.workspace)
        life.stays.append(stay)
    life.extensions.append(catalogue.OLD_AGENT.extension())
    return life.told()


def failed_then_newer(life: Life) -> MachineSpec:
    agent, at = life.agent(life.version(0)), life.now - days(6.1)
    life.ran(life.version(1), at - days(60), at + days(1))
    life.failed(agent, at)
    life.wrote(agent, at + days(1))
    life.ran(life.version(0), at + days(1) + UPGRADE)
    return life.told()


def failed_then_old_again(life: Life) -> MachineSpec:
    agent, at = life.agent(life.version(2)), life.now - days(4.2)
    life.ran(life.version(2), at - days(60), at)
    life.failed(agent, at)
    life.ran(life.version(1), at + UPGRADE, at + timedelta(minutes=8))
    life.ran(life.version(2), at + timedelta(minutes=15))
    return life.told()


def failed_then_silent(life: Life) -> MachineSpec:
    at = life.now - days(3.4)
    agent = life.agent(
        life.version(1),
        provisioning_state="Failed",
        statuses=(catalogue.FAILED_STATUS,),
        handler_status=catalogue.NOT_READY,
    )
    life.ran(life.version(2), at - days(60), at)
    life.failed(agent, at)
    return life.told()


def failed_then_success_of_the_same(life: Life) -> MachineSpec:
    agent, at = life.agent(life.version(2)), life.now - days(5.5)
    life.ran(life.version(2), at - days(60))
    life.failed(agent, at)
    life.wrote(agent, at + timedelta(minutes=40))
    return life.told()


def agent_unresponsive(life: Life) -> MachineSpec:
    """The failure and the view that were recorded: nothing but the extension's name."""
    agent, at = life.agent(None, provisioning_state="Failed"), life.now - days(1.7)
    code, message = catalogue.no_status(life.machine.name, life.machine.os)
    life.failed(agent, at, error_code=code, error_message=message, lasts=timedelta(minutes=25), accepted=3)
    return life.told(agent=AgentView.UNKNOWN)


def throttled_then_begun_again(life: Life) -> MachineSpec:
    agent, at = life.agent(life.version(0)), life.now - days(2.6)
    code, message = catalogue.THROTTLED
    shared: dict[str, Any] = {
        "caller": catalogue.PIPELINE,
        "correlation": guid("throttled", life.machine.name),
        "audited": False,
    }
    life.ran(life.version(1), at - days(60), at + timedelta(minutes=3))
    life.failed(
        agent, at, sub_status="429", error_code=code, error_message=message, lasts=timedelta(seconds=2), **shared
    )
    life.wrote(agent, at + timedelta(minutes=3), **shared)
    life.ran(life.version(0), at + timedelta(minutes=8))
    return life.told()


def failed_then_made_anew(life: Life) -> MachineSpec:
    agent, at, person = life.agent(life.version(0)), life.now - days(7.3), catalogue.PEOPLE[0]
    life.ran(life.version(3), at - days(60), at)
    life.failed(agent, at, person)
    life.wrote(agent, at + timedelta(hours=2), person, action="delete")
    life.wrote(agent, at + timedelta(hours=2, minutes=12), person)
    life.ran(life.version(0), at + timedelta(hours=2, minutes=16))
    return life.told()


def begun_this_morning(life: Life) -> MachineSpec:
    agent = life.agent(life.version(1), provisioning_state="Updating")
    life.ran(life.version(1), life.now - days(60))
    life.wrote(agent, life.now - timedelta(hours=2), outcome=None)
    return life.told()


def begun_and_never_ended(life: Life) -> MachineSpec:
    agent = life.agent(life.version(1))
    life.ran(life.version(1), life.now - days(60))
    life.wrote(agent, life.now - days(8.6), outcome=None, accepted=2)
    return life.told()


def just_created(life: Life) -> MachineSpec:
    agent = life.agent(None, provisioning_state="Creating")
    life.wrote(agent, life.now - timedelta(minutes=19), catalogue.POLICY, outcome=None)
    return life.told(created=life.now - timedelta(hours=3))


def switched_on_this_morning(life: Life) -> MachineSpec:
    """Resource Graph shows the flag as it was."""
    return _flag_changed(life, before=False)


def switched_off_this_morning(life: Life) -> MachineSpec:
    """Resource Graph shows the flag as it was."""
    return _flag_changed(life, before=True)


def _flag_changed(life: Life, *, before: bool) -> MachineSpec:
    version = life.version(1)
    agent = life.agent(version, auto_upgrade=not before)
    life.extensions[-1] = replace(agent, in_graph=replace(agent, auto_upgrade=before))
    life.ran(version, life.now - days(30))
    life.wrote(agent, life.now - timedelta(minutes=50), catalogue.PEOPLE[1])
    return life.told()


def with_a_withdrawn_version(life: Life) -> MachineSpec:
    version = "1.25.0" if life.machine.os == "Windows" else "1.25.2"
    life.agent(version, auto_upgrade=False)
    life.ran(version, life.now - days(500))
    return life.told()


def handlers_not_listed(life: Life) -> MachineSpec:
    version = life.version(1)
    life.agent(version)
    life.ran(version, life.now - days(30))
    return life.told(handlers_listed=False)


STORIES: tuple[tuple[int, Story], ...] = (
    (23, upgraded_by_platform),
    (2, upgraded_by_hand),
    (3, left_alone),
    (3, never_said),
    (1, pinned),
    (3, passed_over),
    (3, stopped_every_night),
    (2, deallocated_weeks_ago),
    (2, deallocated_before_the_log),
    (1, powered_off),
    (2, without_agent),
    (1, with_the_old_agent),
    (1, failed_then_newer),
    (1, failed_then_old_again),
    (1, failed_then_silent),
    (1, failed_then_success_of_the_same),
    (1, agent_unresponsive),
    (1, throttled_then_begun_again),
    (1, failed_then_made_anew),
    (1, begun_this_morning),
    (1, begun_and_never_ended),
    (1, just_created),
    (1, switched_on_this_morning),
    (1, switched_off_this_morning),
    (1, with_a_withdrawn_version),
    (1, handlers_not_listed),
)
"""Each story with how many machines in sixty have it."""
