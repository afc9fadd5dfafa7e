"""Who hears what is logged: stderr, a line of JSON for each record, or the handlers of a host that runs the auditor.

Nothing stays behind: listeners come with a command and go with it, so that two nights in one process are told once
each. The logger that the night speaks through is ``auditor``; python-json-logger writes the lines, for it knows what
records of other programs may hold (tracebacks, arguments, fields of any kind).
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from pythonjsonlogger.json import JsonFormatter

from auditor.model.veil import Veil

LOGGER = "auditor"
_SPEAKS_FOR_ITSELF = ("azure", "msal")
"""Whatever the SDK logs it also raises, and the night tells that as a gap; and what it logs may quote requests."""
_FIELDS = ("asctime", "levelname", "name", "message")
_NAMES = {"asctime": "time", "levelname": "level", "name": "logger", "exc_info": "traceback"}


class Lines(JsonFormatter):
    """Each record as one object on one line, ASCII only, with ``time`` (UTC, ISO 8601), ``level``, ``logger``,
    ``message``, what the record brings besides, and ``traceback`` where there is one."""

    def __init__(self, veil: Veil) -> None:
        super().__init__(_FIELDS, rename_fields=_NAMES)
        self._veil = veil

    def formatTime(self, record: logging.LogRecord, _datefmt: str | None = None) -> str:  # noqa: N802 - logging's name
        return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        return {key: _seen(value, self._veil) for key, value in log_data.items()}


def _seen(value: object, veil: Veil) -> object:
    """``value`` with no secret in any of its texts; what is neither a number nor a text becomes one."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, (list, tuple)):
        return [_seen(each, veil) for each in value]
    if isinstance(value, dict):
        return {str(key): _seen(each, veil) for key, each in value.items()}
    return veil.over(str(value))


@contextmanager
def on_stderr(veil: Veil, *, verbose: bool) -> Iterator[logging.Logger]:
    """Write a line to stderr for whatever the night tells, and for warnings of libraries and of Python."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Lines(veil))
    handler.addFilter(_is_heard)
    root, log = logging.getLogger(), logging.getLogger(LOGGER)
    before = log.level
    log.setLevel(logging.DEBUG if verbose else logging.INFO)
    root.addHandler(handler)
    logging.captureWarnings(True)
    try:
        yield log
    finally:
        logging.captureWarnings(False)
        root.removeHandler(handler)
        log.setLevel(before)


def _is_heard(record: logging.LogRecord) -> bool:
    program = record.name.partition(".")[0]
    return program == LOGGER or (record.levelno >= logging.WARNING and program not in _SPEAKS_FOR_ITSELF)


@contextmanager
def of_host(log: logging.Logger, veil: Veil, *, as_json: bool) -> Iterator[logging.Logger]:
    """Leave the records to the handlers that ``log`` has, their messages veiled and, ``as_json``, a line of JSON.

    A host that forwards messages alone, as the worker of Azure Functions does, so forwards the numbers, too.
    """
    write: Callable[[logging.LogRecord], str] = Lines(veil).format if as_json else _Texts(veil).format

    def settled(record: logging.LogRecord) -> bool:
        record.msg, record.args, record.exc_info, record.exc_text = write(record), (), None, None
        return True

    log.addFilter(settled)
    try:
        yield log
    finally:
        log.removeFilter(settled)


class _Texts(logging.Formatter):
    def __init__(self, veil: Veil) -> None:
        super().__init__("%(message)s")
        self._veil = veil

    def format(self, record: logging.LogRecord) -> str:
        return self._veil.over(super().format(record))
