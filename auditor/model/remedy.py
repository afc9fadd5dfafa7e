"""Remedies: what mends a failed row, in words and as commands, and what the scripts of the night do for it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Script(StrEnum):
    """The scripts of ``remediation/``; the value is the file's name without its ending."""

    ENABLE = "enable-automatic-upgrade"
    UPGRADE = "upgrade-now"
    UPDATE = "update-instances"


class Act(StrEnum):
    """What a script can do for a row; each is a function of that name in the script, for both shells."""

    ENABLE = "enable_upgrade"
    """PATCH of the one property: the extension's address."""
    ANEW = "put_anew"
    """Read the extension, and put it again with all that was read and another version: its address, the version."""
    ARC_UPGRADE = "upgrade_on_arc"
    """Arc's own upgrade, which leaves settings alone: the address for it, the body, the extension's address."""
    UPDATE_ONE = "update_instance"
    """One instance to its scale set's latest model: subscription id, resource group, scale set, instance id."""
    UPDATE_BEHIND = "update_behind"
    """Every instance without the latest model, one after the other: subscription id, resource group, scale set."""

    @property
    def script(self) -> Script:
        return _SCRIPTS[self]


_SCRIPTS = {
    Act.ENABLE: Script.ENABLE,
    Act.ANEW: Script.UPGRADE,
    Act.ARC_UPGRADE: Script.UPGRADE,
    Act.UPDATE_ONE: Script.UPDATE,
    Act.UPDATE_BEHIND: Script.UPDATE,
}


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that a script does. ``arguments`` are plain texts; whoever writes the script quotes them."""

    act: Act
    arguments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Remedy:
    """What to do about a row.

    ``words`` say it, ``brief`` in one line, ``portal`` is the way in the Azure portal (may be empty). The commands are
    ready to paste, None where no command is right; ``steps`` are what the scripts do, none where the commands only
    look. An accepted row has no commands, and its steps are what the scripts leave alone.
    """

    words: str
    portal: str = ""
    azure_cli: str | None = None
    azure_powershell: str | None = None
    steps: tuple[Step, ...] = ()
    brief: str = ""
