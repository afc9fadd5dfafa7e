"""Asks the Resource Graph in bulk, page by page, and says of each subscription whether all of its rows came.

A subscription that the identity may not read is simply absent from the answer: whether it may is another question
(:mod:`auditor.collect.sources.permissions`).
https://learn.microsoft.com/rest/api/azureresourcegraph/resourcegraph/resources/resources
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from auditor.collect import faults, values
from auditor.collect.faults import Fault
from auditor.collect.interface import ended
from auditor.collect.queries import Query
from auditor.collect.session import Answered, Session
from auditor.model.reading import Harvest, Row, Service, Source

API = "2021-03-01"
MOST_ROWS = 1_000
"""The most that one page holds."""
MOST_SUBSCRIPTIONS = 1_000
"""The most that one question may span."""
_FEW_ROWS = 20
"""Of scale sets the first may all be flexible."""
_MOST_PAGES = 100_000
_TOO_LARGE = "ResponsePayloadTooLarge"
_LIMIT_HIT = "x-ms-tenant-subscription-limit-hit"

ReadRow = Callable[[dict[str, Any], str], Row]
"""Makes a row of a resource as Resource Manager would answer it, and of the id of its subscription."""


@dataclass(frozen=True, slots=True)
class Told:
    """What one question brought, by subscription (its id in lower case).

    ``faults`` say why a subscription's rows are not all there; one that is in neither has no rows.
    """

    rows: dict[str, list[Row]] = field(default_factory=dict)
    faults: dict[str, Fault] = field(default_factory=dict)

    def harvest(self, session: Session, source: Source, frame: str, subscriptions: Iterable[str]) -> Harvest:
        """The rows as rows of ``frame``, and a reading of ``source`` for each of ``subscriptions``, in their order."""
        harvest = Harvest()
        for each in subscriptions:
            rows, fault = self.rows.get(each.lower(), []), self.faults.get(each.lower())
            harvest.rows.setdefault(frame, []).extend(rows)
            harvest.readings.append(ended(session, source, each, len(rows), fault, by=Service.RESOURCE_GRAPH))
        return harvest


def ask(session: Session, source: Source, query: Query, subscriptions: Sequence[str], read: ReadRow) -> Told:
    """All rows of ``query`` in ``subscriptions``, made into rows of a frame by ``read``; each has ``read_at``.

    A batch of subscriptions that fails leaves the rows that were read before, and a fault for each of its own.
    """
    told = Told()
    for start in range(0, len(subscriptions), MOST_SUBSCRIPTIONS):
        batch = {each.lower(): each for each in subscriptions[start : start + MOST_SUBSCRIPTIONS]}
        reader = _read_batch(session, source, query, batch, read)
        if reader.moved:  # rows came and went between the pages, so that one may have slipped through: once more
            reader = _read_batch(session, source, query, batch, read)
        told.rows.update(reader.rows)
        if (fault := reader.fault) is not None:
            told.faults.update(dict.fromkeys(batch, fault))
    return told


def glance(
    session: Session, source: Source, query: Query, subscriptions: Sequence[str]
) -> tuple[int, list[dict[str, Any]]]:
    """How many rows ``query`` has in ``subscriptions``, and a few of them as Resource Manager would answer them.

    Raises Fault. An answer says nothing of what the identity may not read: that is left out without a word.
    """
    total, found = 0, list[dict[str, Any]]()
    for start in range(0, len(subscriptions), MOST_SUBSCRIPTIONS):
        batch = list(subscriptions[start : start + MOST_SUBSCRIPTIONS])
        page = _page(session, source, _question(query, batch, _FEW_ROWS, None))
        total += page.total or len(page.rows)
        found += [resource(row) for row in page.rows if isinstance(row, dict)]
    return total, found


def resource(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as Resource Manager would answer it: ``properties_status`` is the property ``status``."""
    nested: dict[str, Any] = {}
    for path, value in row.items():
        *above, name = path.split("_")
        inside = nested
        for each in above:
            inside = inside.setdefault(each, {})
        inside[name] = value
    return nested


def _read_batch(session: Session, source: Source, query: Query, batch: Mapping[str, str], read: ReadRow) -> _Reader:
    reader = _Reader(source, batch, read)
    try:
        for page in _pages(session, source, query, list(batch.values())):
            reader.take(page)
    except Fault as fault:
        reader.broken = fault
    return reader


@dataclass(frozen=True, slots=True)
class _Page:
    rows: list[Any]
    token: str | None
    total: int | None
    truncated: bool
    limit_hit: bool
    read_at: datetime


class _Reader:
    """Takes the rows of one batch, and holds the pages against each other."""

    def __init__(self, source: Source, batch: Mapping[str, str], read: ReadRow) -> None:
        self.rows: dict[str, list[Row]] = {}
        self.broken: Fault | None = None
        self._source = source
        self._batch = batch
        self._read = read
        self._totals: set[int | None] = set()
        self._received = 0
        self._nameless = 0
        self._truncated = False
        self._limit_hit = False
        self._seen: set[int] = set()
        """Hashes of the ids: the ids themselves would take ten times the memory."""
        self._texts: dict[str, str] = {}
        """Each text once: most values are the same in thousands of rows."""

    def take(self, page: _Page) -> None:
        self._totals.add(page.total)
        self._truncated |= page.truncated
        self._limit_hit |= page.limit_hit
        self._received += len(page.rows)
        for row in page.rows:
            identifier = values.text(row.get("id")) if isinstance(row, dict) else None
            subscription = values.text(row.get("subscriptionId")) if isinstance(row, dict) else None
            if identifier is None or subscription is None:
                self._nameless += 1
                continue
            known, asked = hash(identifier.lower()), self._batch.get(subscription.lower())
            if asked is not None and known not in self._seen:
                kept = self._kept(self._read(resource(row), asked))
                kept["read_at"] = page.read_at
                self.rows.setdefault(asked.lower(), []).append(kept)
            self._seen.add(known)

    def _kept(self, row: Row) -> Row:
        once = self._texts.setdefault
        return {key: once(each, each) if isinstance(each, str) else each for key, each in row.items()}

    @property
    def moved(self) -> bool:
        """Whether rows came or went while the pages were read: pages are cut by position, so that whatever goes lets
        another slip through, and whatever comes shows one twice."""
        doubles = self._received - self._nameless - len(self._seen)
        return self.broken is None and (doubles > 0 or len(self._totals) > 1)

    @property
    def fault(self) -> Fault | None:
        """Why not all rows came, if so."""
        if self.broken is not None:
            return self.broken
        if self._limit_hit:
            return faults.partial(self._source, "the tenant has more subscriptions than one question may span", _NARROW)
        if self._truncated:
            return faults.partial(self._source, "the Resource Graph cut its answer short")
        if self.moved:
            return faults.partial(self._source, "rows came and went while the pages were read, twice")
        if self._totals != {self._received}:
            [total] = self._totals
            promised = "and how many there are is not told" if total is None else f"of {total}"
            return faults.partial(self._source, f"{self._received} rows came, {promised}")
        if self._nameless:
            return faults.partial(self._source, f"rows without an id or a subscription: {self._nameless}")
        return None


_NARROW = "Name fewer subscriptions or management groups in scope."


def _pages(session: Session, source: Source, query: Query, subscriptions: list[str]) -> Iterator[_Page]:
    """Page by page, each smaller where one was too large for the service. Raises Fault."""
    size = MOST_ROWS
    token: str | None = None
    tokens: set[str] = set()
    while True:
        try:
            page = _page(session, source, _question(query, subscriptions, size, token))
        except Fault as fault:
            if _TOO_LARGE not in (fault.code, *fault.details) or size == 1:
                raise
            size //= 2
            continue
        yield page
        token = page.token
        if token is None or not page.rows:
            return
        if token in tokens or len(tokens) >= _MOST_PAGES:
            raise faults.unreadable(source, "the pages go round in a circle")
        tokens.add(token)


def _question(query: Query, subscriptions: list[str], size: int, token: str | None) -> dict[str, Any]:
    """The size counts on every page: it overrides the one that the token remembers."""
    more = {} if token is None else {"$skipToken": token}
    return {
        "subscriptions": subscriptions,
        "query": query.text,
        "options": {"resultFormat": "objectArray", "$top": size, **more},
    }


def _page(session: Session, source: Source, question: dict[str, Any]) -> _Page:
    answered = session.query_graph(source, {"api-version": API}, question)
    if not isinstance(answered.body, dict) or (rows := _rows(answered.body.get("data"))) is None:
        raise faults.told_instead(source, answered.body, "a page without rows")
    token, total = values.text(answered.body.get("$skipToken")), answered.body.get("totalRecords")
    return _Page(
        list(rows),
        token,
        total if isinstance(total, int) else None,
        token is None and _says_true(answered.body.get("resultTruncated")),
        _limit_hit(answered),
        session.clock(),
    )


def _rows(data: object) -> Iterable[Any] | None:
    """Objects, whichever of its two formats the service wrote; None where it is neither."""
    if isinstance(data, list):
        return data
    columns, rows = values.mapping(data).get("columns"), values.mapping(data).get("rows")
    if not isinstance(columns, list) or not isinstance(rows, list):
        return None
    names = [str(values.mapping(column).get("name")) for column in columns]
    return (dict(zip(names, row, strict=False)) if isinstance(row, list) else row for row in rows)


def _limit_hit(answered: Answered) -> bool:
    return _says_true(answered.headers.get(_LIMIT_HIT))


def _says_true(value: object) -> bool:
    """The service writes the word; a flag would mean the same."""
    return str(value).lower() == "true"
