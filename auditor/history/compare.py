"""Any two nights of an archive beside each other, as they were kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from auditor.errors import ArchiveRefused
from auditor.history import night
from auditor.history.archive import Archive
from auditor.history.night import Manifest, NightRefused
from auditor.history.tables import DEPARTURES, FAILURES
from auditor.model.memory import Failure, OpenFailure
from auditor.model.past import Departed
from auditor.model.report import Night


@dataclass(frozen=True)
class Comparison:
    """What became, until ``after``, of the failures of ``before``; and those that came since.

    ``changes`` by rule and resource; ``unanswered`` are failures of ``before`` that are open and did not fail in
    ``after``, because they could not be read, are pending or exempt, or were not asked.
    """

    before: Night
    after: Night
    changes: tuple[Departed, ...]
    unanswered: tuple[OpenFailure, ...]


def find_night(manifests: Sequence[Manifest], named: str, zone: str) -> Manifest:
    """The night that ``named`` means: a run id, the beginning of just one, or a day, whose last night is meant.

    Raises ArchiveRefused where there is none, or several.
    """
    found = [each for each in manifests if each.run_id.lower().startswith(named.lower())]
    of_day = [each for each in manifests if str(each.as_of.astimezone(ZoneInfo(zone)).date()) == named]
    if of_day:
        return of_day[-1]
    if len(found) == 1:
        return found[0]
    which = f"{len(found)} nights begin so" if found else "no night is called so"
    raise ArchiveRefused(
        f"Nothing was compared: {which}: {named!r}. Name a day (2026-11-22) or a run id; auditor history without a "
        "night lists them."
    )


def compare(archive: Archive, manifests: Sequence[Manifest], before: Manifest, after: Manifest) -> Comparison:
    """Raises ArchiveRefused where one of the nights is damaged, and where nothing was collected in one of them."""
    for each in (before, after):
        if not each.collected:
            raise ArchiveRefused(
                f"Nothing was compared: in the night {each.run_id} nothing could be collected, so nothing is known to "
                "have changed. Name another night."
            )
    if before.as_of >= after.as_of:
        raise ArchiveRefused(
            f"Nothing was compared: {before.run_id} is not before {after.run_id}. Name the earlier night first."
        )
    was, is_now = (_open(archive, each) for each in (before, after))
    left = _left(archive, [each for each in manifests if before.as_of < each.as_of <= after.as_of])
    changes = [Departed(failure, _of_failing(was.get(key), failure)) for key, failure in _failing(is_now, after)]
    unanswered = []
    for key, failure in _failing(was, before):
        now = is_now.get(key)
        if now is None:
            changes.append(Departed(failure, left.get(key, "no_longer_visible")))
        elif now.last_seen != after.as_of:
            unanswered.append(failure)
    ordered = tuple(sorted(changes, key=lambda each: each.failure.key))
    return Comparison(before.night, after.night, ordered, tuple(unanswered))


def _failing(failures: Mapping[Failure, OpenFailure], of: Manifest) -> list[tuple[Failure, OpenFailure]]:
    """Those that the night itself has seen to fail."""
    return [(key, failure) for key, failure in failures.items() if failure.last_seen == of.as_of]


def _of_failing(before: OpenFailure | None, now: OpenFailure) -> str:
    if before is None:
        return "new"
    return "still" if before.reason_code == now.reason_code else "changed"


def _open(archive: Archive, manifest: Manifest) -> dict[Failure, OpenFailure]:
    failures = (OpenFailure(*row) for row in _rows(archive, manifest, night.FAILURES, FAILURES))
    return {each.key: each for each in failures}


def _left(archive: Archive, manifests: Iterable[Manifest]) -> dict[Failure, str]:
    """What the nights between, and the later one itself, say of failures that ended; the last word counts.

    A failure that ended in a night that is not kept any more is no longer visible: nobody can say more.
    """
    return {
        OpenFailure(*row).key: str(change)
        for each in manifests
        for change, *row in _rows(archive, each, night.DEPARTED, DEPARTURES)
    }


def _rows(archive: Archive, manifest: Manifest, name: str, columns: Mapping[str, str]) -> list[tuple[Any, ...]]:
    try:
        return archive.table(manifest, name, columns)
    except NightRefused as error:
        raise ArchiveRefused(
            f"Nothing was compared: the night {manifest.run_id} {error}. Name another night."
        ) from error
