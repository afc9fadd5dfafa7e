"""The nights that are kept: what tonight may know of them, and tonight's own beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from auditor.errors import ArchiveRefused, why
from auditor.history import night
from auditor.history.night import Manifest, NightRefused, NightTooNew
from auditor.history.offers import COLUMNS, Offers, offers_in
from auditor.history.seen import Frames
from auditor.history.tables import DEPARTURES, FAILURES, OPERATIONS, VERDICTS, departed_of, failures_of, operations_of
from auditor.model.memory import EMPTY, KeptOperation, Memory, OpenFailure
from auditor.model.past import Past
from auditor.model.places import MANIFEST, NIGHTS, RUN_ID, time_of
from auditor.model.report import Night
from auditor.model.settings import Settings
from auditor.stores import Store, open_store

READERS = 16
"""Manifests that are read at once: a year of nights in a container takes a second."""
LONGEST_PAUSE = timedelta(days=100)
"""Between two nights: who audits once a quarter lets nights go too."""
_VERSIONS = dict.fromkeys(COLUMNS[:5], "text") | dict.fromkeys(COLUMNS[5:], "time")


@dataclass(frozen=True)
class Tonight:
    """What is to be kept of a night. ``shards`` gives their frames, anew at each call.

    ``collected`` is False where nothing could be listed. ``by_operation`` are the rules whose failures are operations.
    ``reports`` are files of this machine by their names in the archive.
    """

    night: Night
    tool: str
    collected: bool
    past: Past
    shards: Callable[[], Iterable[Frames]]
    by_operation: frozenset[str]
    reports: Mapping[str, Path]


@dataclass
class Archive:
    """``zone`` decides which nights are of one day: tonight is compared with the last night of an earlier day."""

    store: Store
    retention: timedelta
    zone: str

    def __post_init__(self) -> None:
        self._offers, self._memory = Offers(), EMPTY

    def manifests(self) -> tuple[list[Manifest], list[str]]:
        """All nights that can be trusted, oldest first, and a sentence for each folder that is none.

        Raises ArchiveRefused where the archive cannot be read, and where a newer version has written to it.
        """
        names = self.store.nights()
        with ThreadPoolExecutor(READERS) as pool:
            read = pool.map(self._manifest, names)
        found, told = [], []
        for name, each in zip(names, read, strict=True):
            if isinstance(each, Manifest):
                found.append(each)
            else:
                told.append(self._passed_over(name, each))
        return sorted(found, key=lambda each: (each.as_of, each.run_id)), told

    def recall(self, as_of: datetime, run_id: str) -> Memory:
        """What tonight may know: of nights before it, and compared with the last one of an earlier day.

        Raises ArchiveRefused as :meth:`manifests` does.
        """
        found, told = self.manifests()
        before = [each for each in found if each.as_of < as_of and each.run_id != run_id]
        collected, day = [each for each in before if each.collected], self._day(as_of)
        refused: dict[str, NightRefused] = {}
        for of_day, remembered in ((False, self._remembered), (True, self._with_today)):
            nights = (each for each in reversed(collected) if (self._day(each.as_of) == day) is of_day)
            self._memory = self._of_first_whole(nights, remembered, refused)
        told += [self._passed_over(name, error) for name, error in refused.items()]
        later = [each for each in found if each.as_of > as_of and each.run_id != run_id]
        told += [_later(later)] if later else []
        kept_nights = tuple(each.night for each in before if each.run_id not in refused)
        return replace(self._memory, nights=kept_nights, passed_over=tuple(sorted(told)))

    def _of_first_whole(
        self,
        nights: Iterable[Manifest],
        remembered: Callable[[Manifest], Memory],
        refused: dict[str, NightRefused],
    ) -> Memory:
        """The memory with what the first of ``nights`` tells that is as it was written."""
        for manifest in nights:
            try:
                return remembered(manifest)
            except NightRefused as error:
                refused[manifest.run_id] = error
        return self._memory

    def remember(self, tonight: Tonight, index: Callable[[tuple[Night, ...]], bytes]) -> None:
        """Keep tonight, let go of what is older than the retention, and write the list of all nights.

        A night of the same run id gives way. Raises ArchiveRefused; then tonight is not kept, or only the list of
        nights is not up to date.
        """
        files = self._files(tonight)
        manifest = self._written(tonight, files)
        self.store.check_locked()
        with self._whole(f"{NIGHTS}/{tonight.night.run_id}") as place:
            for name, content in files.items():
                self.store.write(f"{place}/{name}", content)
            self.store.check_locked()
            self.store.write(f"{place}/{MANIFEST}", manifest.encoded())
        kept_nights, _told = self._let_go(tonight)
        self.store.write("index.html", index(tuple(each.night for each in kept_nights)))

    @contextmanager
    def _whole(self, place: str) -> Iterator[str]:
        """An empty place for a night. What is half-written when the store refuses goes again, as far as it lets it go:
        it takes up room that is missing, perhaps, and every later night would pass it over."""
        self._clear(place)
        try:
            yield place
        except ArchiveRefused:
            with suppress(ArchiveRefused):
                self.store.check_locked()
                self._clear(place)
            raise

    def _clear(self, place: str) -> None:
        """The manifest first: from then on it is no night."""
        for name in night.FILES:
            self.store.remove(f"{place}/{name}")

    def table(self, manifest: Manifest, name: str, columns: Mapping[str, str]) -> list[tuple[Any, ...]]:
        """The rows of a night's table, in the order of ``columns``. Raises NightRefused where it is not as written."""
        content = self.store.read(f"{NIGHTS}/{manifest.run_id}/{name}")
        return night.unpacked(night.checked(manifest, name, content), columns)

    def _manifest(self, name: str) -> Manifest | NightRefused:
        if not RUN_ID.fullmatch(name):
            return NightRefused("has not the name of a night")
        try:
            return night.manifest_of(self.store.read(f"{NIGHTS}/{name}/{MANIFEST}"), name)
        except NightRefused as error:
            return error
        except NightTooNew as error:
            raise ArchiveRefused(
                f"Nothing was done: in the archive {self.store.where} the night {name} {error}. Install that version "
                "or a newer one, or name another archive."
            ) from error

    @staticmethod
    def _passed_over(name: str, error: NightRefused) -> str:
        """It stands in the report and in snapshots too: where the archive lies is not their readers' business."""
        shown = name.encode("utf-8", "backslashreplace").decode()  # a folder may be called what is no text
        return f"In the archive nights/{shown} was passed over: it {error}."

    def _day(self, moment: datetime) -> date:
        return moment.astimezone(ZoneInfo(self.zone)).date()

    def _remembered(self, manifest: Manifest) -> Memory:
        """The night that tonight is compared with."""
        with _of_ours():
            failures = self._open_after(manifest)
            rows = self.table(manifest, night.OPERATIONS, OPERATIONS)
            offers = offers_in(self.table(manifest, night.VERSIONS, _VERSIONS))
            failing = frozenset(each.key for each in failures)
        operations = tuple(KeptOperation(*row[:-1]) for row in rows if row[-1])
        self._offers = offers
        return Memory(
            first_seen=offers.first_seen,
            failing=failing,
            last_unseen=offers.last_unseen,
            since=manifest.as_of,
            failures=failures,
            operations=operations,
        )

    def _with_today(self, manifest: Manifest) -> Memory:
        """With what an earlier run of tonight's day has found: tonight may see less, as after --subscription."""
        compared = self._memory.failing or frozenset()
        with _of_ours():
            found = tuple(each for each in self._open_after(manifest) if each.key not in compared)
            rows = self.table(manifest, night.DEPARTED, DEPARTURES)
            left = [(OpenFailure(*row).key, str(change)) for change, *row in rows]
        return replace(self._memory, found_today=found, ended_today=tuple(each for each in left if each[0] in compared))

    def _open_after(self, manifest: Manifest) -> tuple[OpenFailure, ...]:
        return tuple(OpenFailure(*row) for row in self.table(manifest, night.FAILURES, FAILURES))

    def _files(self, tonight: Tonight) -> dict[str, night.Content]:
        """What a night is made of, but for its manifest."""
        past = tonight.past
        operations = operations_of(tonight.shards(), past, tonight.by_operation, self._memory)
        return {
            night.VERDICTS: night.packed((frames["verdicts"] for frames in tonight.shards()), VERDICTS),
            night.FAILURES: night.packed_rows(failures_of(past), FAILURES),
            night.DEPARTED: night.packed_rows(departed_of(past), DEPARTURES),
            night.OPERATIONS: night.packed_rows(operations, OPERATIONS),
            night.VERSIONS: night.packed(
                [self._offers.after(tonight.shards(), tonight.night.as_of).as_frame()], _VERSIONS
            ),
            **tonight.reports,
        }

    def _written(self, tonight: Tonight, files: Mapping[str, night.Content]) -> Manifest:
        return Manifest(
            kind=night.KIND,
            format=night.FORMAT,
            tool=tonight.tool,
            run_id=tonight.night.run_id,
            as_of=tonight.night.as_of,
            collected=tonight.collected,
            complete=tonight.night.complete,
            counts=tonight.night.counts,
            since=tonight.past.since,
            changes=tonight.night.changes,
            files=_described(files),
            narrow=tonight.night.narrow,
        )

    def _let_go(self, tonight: Tonight) -> tuple[list[Manifest], list[str]]:
        """Remove what is older than the retention; never tonight, nor the night that it was compared with: the next
        run of the same day, and the next night where tonight could read nothing, are compared with that one again.

        Where the clock jumped nothing goes yet (:meth:`_oldest_to_stay`).
        """
        found, told = self.manifests()
        oldest = self._oldest_to_stay(found, tonight.night.as_of)
        stay = [each for each in found if each.as_of >= oldest or each.as_of == self._memory.since]
        gone = [each.run_id for each in found if each not in stay]
        for run_id in (*gone, *self._unfinished(found, oldest)):
            self._clear(f"{NIGHTS}/{run_id}")
        return stay, told

    def _oldest_to_stay(self, found: Iterable[Manifest], as_of: datetime) -> datetime:
        """Since when nights stay: for the retention, and all of them while the night after an unlikely pause is younger
        than that. A clock that is years ahead, or a wrong --as-of, would take all nights away at once.
        """
        oldest = as_of - self.retention
        times = [each.as_of for each in found if each.as_of <= as_of]
        for before, after in pairwise(times):
            if after >= oldest and after - before > max(self.retention, LONGEST_PAUSE):
                return times[0]
        return oldest

    def _unfinished(self, found: Iterable[Manifest], oldest: datetime) -> list[str]:
        """Nights before ``oldest`` whose run was killed while it kept them, or let them go."""
        names = set(self.store.nights()) - {each.run_id for each in found}
        old = [each for each in sorted(names) if (began := time_of(each)) and began < oldest]
        return [each for each in old if self.store.read(f"{NIGHTS}/{each}/{MANIFEST}") is None]


def _later(nights: Sequence[Manifest]) -> str:
    count = f"{len(nights)} night{' is' if len(nights) == 1 else 's are'}"
    last = f"{nights[-1].as_of:%Y-%m-%d %H:%M} UTC"
    return (
        f"In the archive {count} later than tonight, up to {last}, and nothing was compared with what is later. "
        "Set the clock of this machine if it is wrong; take those nights away if theirs was."
    )


def _described(files: Mapping[str, night.Content]) -> dict[str, night.File]:
    try:
        return {name: night.described(content) for name, content in files.items()}
    except OSError as error:
        raise ArchiveRefused(
            f"Tonight was not kept in the archive: its report cannot be read ({why(error)}). Leave the output folder "
            "alone until the run has ended, and run again."
        ) from error


@contextmanager
def _of_ours() -> Iterator[None]:
    try:
        yield
    except (TypeError, AttributeError) as error:  # a table of ours in which something is missing
        raise NightRefused(f"has a table that is not ours ({error})") from error


def configured(settings: Settings) -> Archive | None:
    """None where no nights are kept. Raises ExtraMissing where the package of its service is not installed."""
    store = open_store(settings)
    if settings.archive is None or store is None:
        return None
    return Archive(store, settings.archive.retention, settings.report.time_zone)


@contextmanager
def locked(settings: Settings) -> Iterator[Archive | None]:
    """The configured archive, with everybody else kept out of it until the end.

    Raises ArchiveRefused where somebody is at work in it.
    """
    archive = configured(settings)
    with archive.store.locked() if archive else nullcontext():
        yield archive
