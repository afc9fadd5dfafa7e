"""What became of the last failed operation on an extension.

A later success alone does not prove healing: after a failed upgrade the platform puts the old version back, and that
may itself be logged as a success. A newer installed version proves it.
https://learn.microsoft.com/azure/virtual-machines/automatic-extension-upgrade#upgrade-process-for-virtual-machine-scale-sets
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from auditor.model.version import Version

RECENT = timedelta(days=1)
"""How long an operation may go on without an end before it stops being "on its way"."""
SILENCE = timedelta(hours=1)
"""Heartbeats come every minute; an hour without one on a running machine is silence, not a gap between two."""
_NEVER_REACHED = {"429", "409", "conflict", "toomanyrequests"}
_BY_HAND = {"person", "policy", "deployment"}


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation on the extension; ``at`` is its last known moment."""

    action: str
    started: datetime | None
    ended: datetime | None
    outcome: str
    initiator: str
    codes: tuple[str, ...] = ()
    error: str = "none"

    @property
    def at(self) -> datetime:
        return self.ended or self.started or datetime.min.replace(tzinfo=UTC)

    @property
    def began(self) -> datetime:
        return self.started or self.at

    @property
    def reached_the_machine(self) -> bool:
        return not any(code.lower() in _NEVER_REACHED for code in self.codes)


@dataclass(frozen=True, slots=True)
class Stay:
    """A version reported without interruption by another, from first to last heartbeat."""

    version: str
    since: datetime
    until: datetime


@dataclass(frozen=True)
class Scene:
    """All that is known of one extension around its failures. ``stays`` are in order of time.

    ``beats_complete``: heartbeats were asked for, and every workspace answered completely.
    """

    operations: tuple[Operation, ...]
    installed: str | None
    installed_at: datetime | None
    latest: str | None
    provisioning: str | None
    read_at: datetime | None
    created_at: datetime | None
    running: bool
    stays: tuple[Stay, ...]
    beats_complete: bool
    as_of: datetime


@dataclass(frozen=True, slots=True)
class Outcome:
    """``word`` None: not known. ``unfinished`` is one of none, recent, old."""

    word: str | None
    at: datetime | None
    error: str
    unfinished: str


def judge_failures(scene: Scene) -> Outcome:
    """The word for the last failure, tested in the order of DESIGN: the first that holds."""
    writes = sorted((each for each in scene.operations if each.action == "write"), key=lambda each: each.at)
    unfinished = _unfinished(scene, writes)
    failed = [each for each in writes if each.outcome == "failed"]
    if not failed:
        return Outcome(None if unfinished != "none" else "none", None, "none", unfinished)
    last = failed[-1]
    later = [each for each in writes if each.at > last.at and each.outcome == "succeeded"]
    return Outcome(_word(scene, last, later), last.at, last.error, unfinished)


def _unfinished(scene: Scene, writes: Sequence[Operation]) -> str:
    """An operation of which no end was seen; finished all the same where Succeeded was read after its start."""
    if not writes or writes[-1].outcome != "running":
        return "none"
    began = writes[-1].began
    if _succeeded_after(scene, began):
        return "none"
    return "recent" if scene.as_of - began < RECENT else "old"


def _succeeded_after(scene: Scene, moment: datetime) -> bool:
    read_after = scene.read_at is not None and scene.read_at > moment
    return read_after and (scene.provisioning or "").lower() == "succeeded"


def _word(scene: Scene, failure: Operation, later: Sequence[Operation]) -> str:
    if _superseded(scene, failure):
        return "superseded"
    if _healed(scene, failure, later):
        return "healed"
    if (scene.provisioning or "").lower() == "failed" or _silent_since(scene, failure):
        return "broken"
    if _reports_old_version(scene, failure):
        return "rolled_back"
    return "retried" if later else "unresolved"


def _superseded(scene: Scene, failure: Operation) -> bool:
    deleted = any(
        each.action == "delete" and each.outcome == "succeeded" and each.at > failure.at for each in scene.operations
    )
    return deleted or (scene.created_at is not None and scene.created_at > failure.at)


def _healed(scene: Scene, failure: Operation, later: Sequence[Operation]) -> bool:
    before, shown = _version_before(scene, failure), _version_shown_since(scene, failure)
    if before is not None and shown is not None and shown > before:
        return True
    if later and _latest_is_installed(scene, later[-1]):
        return True
    if not later or not _succeeded_after(scene, later[-1].at):
        return False
    return any(each.initiator in _BY_HAND for each in later) or not failure.reached_the_machine


def _latest_is_installed(scene: Scene, success: Operation) -> bool:
    installed, latest = Version.read(scene.installed), Version.read(scene.latest)
    told_since = scene.installed_at is not None and scene.installed_at > success.at
    return told_since and installed is not None and latest is not None and installed >= latest


def _version_before(scene: Scene, failure: Operation) -> Version | None:
    """What the machine ran when the failed operation began."""
    before = [stay for stay in scene.stays if stay.since <= failure.began]
    return Version.read(before[-1].version) if before else None


def _version_shown_since(scene: Scene, failure: Operation) -> Version | None:
    """The last version shown after the failure, by a heartbeat or by the machine itself, whichever is later."""
    shown = [(stay.until, stay.version) for stay in scene.stays if stay.until > failure.at]
    if scene.installed is not None and scene.installed_at is not None and scene.installed_at > failure.at:
        shown.append((scene.installed_at, scene.installed))
    return Version.read(max(shown)[1]) if shown else None


def _silent_since(scene: Scene, failure: Operation) -> bool:
    """Heard before the failure, never since, though the machine runs and every workspace was read."""
    if not (scene.running and scene.beats_complete and scene.stays):
        return False
    return scene.stays[-1].until <= failure.at and scene.as_of - failure.at > SILENCE


def _reports_old_version(scene: Scene, failure: Operation) -> bool:
    before, shown = _version_before(scene, failure), _version_shown_since(scene, failure)
    return before is not None and shown is not None and shown <= before
