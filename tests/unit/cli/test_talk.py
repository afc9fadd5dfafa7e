"""How a command speaks and ends: to people, to machines, and to a program that it runs in."""

from __future__ import annotations

import json
import logging
import warnings
from argparse import Namespace
from collections.abc import Callable
from typing import Any

import pytest

from auditor.cli import main
from auditor.cli.talk import Talk, carried_out, talk_of
from auditor.errors import OutputRefused

SECRET = "n0t-a-real/secret+one"
Err = Callable[[], list[dict[str, Any]]]


def arguments(log_format: str = "json", *, verbose: bool = False, quiet: bool = False) -> Namespace:
    return Namespace(log_format=log_format, verbose=verbose, quiet=quiet)


def speak(told: Namespace, say: Callable[[Talk], int], log: logging.Logger | None = None) -> int:
    with talk_of(told, log) as talk:
        return carried_out(lambda: say(talk), talk)


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Err:
    """What stands on stderr, each line read as JSON."""
    return lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_a_line_of_json_tells_when_how_grave_what_and_the_numbers(lines: Err) -> None:
    def say(talk: Talk) -> int:
        talk.narrator.of_run("20261122T030017Z-01234567")
        talk.narrator.stage("audit", "60 machines in 2 shards", 4.0, {"machines": 60, "shards": 2})
        return 0

    assert speak(arguments(), say) == 0
    stage, end = lines()
    assert stage.pop("time").endswith("Z")
    assert stage == {
        "level": "INFO",
        "logger": "auditor",
        "message": "60 machines in 2 shards",
        "event": "stage",
        "run_id": "20261122T030017Z-01234567",
        "stage": "audit",
        "seconds": 4.0,
        "machines": 60,
        "shards": 2,
    }
    assert (end["event"], end["level"], end["exit_code"], end["outcome"]) == ("end", "INFO", 0, "delivered")


def test_a_refusal_is_one_line_however_many_lines_its_sentence_has(lines: Err) -> None:
    def say(_talk: Talk) -> int:
        raise OutputRefused("config.yaml:3: azure: first\nconfig.yaml:9: scope: second")

    assert speak(arguments(), say) == 2
    [end] = lines()
    assert (end["event"], end["level"], end["exit_code"], end["stage"]) == ("end", "ERROR", 2, "settle")
    assert end["message"] == "config.yaml:3: azure: first\nconfig.yaml:9: scope: second"


def quote_a_secret(talk: Talk) -> int:
    talk.veil.hide(SECRET)
    raise RuntimeError(f"unexpected answer to {SECRET}")


def test_a_bug_is_one_line_with_its_traceback_and_without_the_secret_that_it_quotes(lines: Err) -> None:
    assert speak(arguments(), quote_a_secret) == 1
    [end] = lines()
    assert (end["level"], end["exit_code"], end["outcome"]) == ("CRITICAL", 1, "crashed")
    assert end["message"] == "A bug ended it: RuntimeError('unexpected answer to ***')"
    assert "quote_a_secret" in end["traceback"] and end["traceback"].endswith("unexpected answer to ***")


def test_a_bug_is_told_to_people_as_python_does(capsys: pytest.CaptureFixture[str]) -> None:
    assert speak(arguments("text"), quote_a_secret) == 1
    told = capsys.readouterr().err
    assert told.startswith("Traceback (most recent call last):\n")
    assert told.endswith("RuntimeError: unexpected answer to ***\n")


def test_warnings_are_lines_and_what_the_sdk_logs_is_none(lines: Err) -> None:
    def say(_talk: Talk) -> int:
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn("this is old", UserWarning, stacklevel=1)
        logging.getLogger("urllib3.connectionpool").warning("Connection pool is full: %s", "127.0.0.1")
        for name in ("urllib3.connectionpool", "azure.core.pipeline", "msal.token_cache", "auditor"):
            logging.getLogger(name).debug("Authorization: Bearer %s", SECRET)
        logging.getLogger("azure.core").warning("Unable to deserialize %s", SECRET)
        return 0

    noisy = [logging.getLogger(name) for name in ("urllib3", "azure", "msal")]
    for logger in noisy:
        logger.setLevel(logging.DEBUG)
    try:
        speak(arguments(), say)
    finally:
        for logger in noisy:
            logger.setLevel(logging.NOTSET)

    told = [(each["logger"], each["level"], each["message"].splitlines()[0]) for each in lines()]
    assert [(logger, level) for logger, level, _message in told] == [
        ("py.warnings", "WARNING"), ("urllib3.connectionpool", "WARNING"), ("auditor", "INFO"),
    ]  # fmt: skip
    assert "UserWarning: this is old" in told[0][2]
    assert told[1][2] == "Connection pool is full: 127.0.0.1"


def test_two_commands_in_one_process_tell_each_line_once_and_leave_nothing_behind(lines: Err) -> None:
    before = [*logging.getLogger().handlers], logging.getLogger("auditor").level, warnings.showwarning
    for _night in range(2):
        speak(arguments(verbose=True), lambda _talk: 0)

    assert [each["event"] for each in lines()] == ["end", "end"]
    assert ([*logging.getLogger().handlers], logging.getLogger("auditor").level, warnings.showwarning) == before


def test_verbose_tells_what_begins(lines: Err) -> None:
    def say(talk: Talk) -> int:
        talk.narrator.begins("audit")
        return 0

    speak(arguments(), say)
    speak(arguments(verbose=True), say)
    assert [each["event"] for each in lines()] == ["end", "begins", "end"]


class Host(logging.Handler):
    """Forwards messages alone, as the worker of Azure Functions does."""

    def __init__(self) -> None:
        super().__init__()
        self.forwarded: list[tuple[str, str]] = []
        self.machines: list[object] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.forwarded.append((record.levelname, self.format(record)))
        self.machines.append(record.__dict__.get("machines"))


@pytest.fixture
def host() -> tuple[Host, logging.Logger]:
    handler, log = Host(), logging.Logger("auditor", logging.INFO)
    log.addHandler(handler)
    return handler, log


def of_a_night(talk: Talk) -> int:
    talk.narrator.stage("audit", "60 machines", 4.0, {"machines": 60})
    return quote_a_secret(talk)


def test_a_host_gets_lines_of_json_with_their_levels_and_stderr_stays_empty(
    host: tuple[Host, logging.Logger], lines: Err
) -> None:
    handler, log = host
    assert speak(arguments(), of_a_night, log) == 1

    assert lines() == []
    levels, told = zip(*((level, json.loads(line)) for level, line in handler.forwarded), strict=True)
    assert levels == ("INFO", "CRITICAL")
    assert (told[0]["machines"], told[0]["message"]) == (60, "60 machines")
    assert "***" in told[1]["traceback"] and SECRET not in str(handler.forwarded)
    assert log.filters == []


def test_a_host_that_wants_sentences_gets_them_and_the_numbers_beside_them(
    host: tuple[Host, logging.Logger], lines: Err
) -> None:
    handler, log = host
    speak(arguments("text"), of_a_night, log)

    assert lines() == []
    assert handler.forwarded[0] == ("INFO", "60 machines")
    assert handler.machines == [60, None]
    assert handler.forwarded[1][1].startswith("A bug ended it: RuntimeError") and SECRET not in str(handler.forwarded)


def test_the_command_line_takes_the_logger_of_a_host(host: tuple[Host, logging.Logger], lines: Err) -> None:
    handler, log = host
    assert main(["run", "--config", "none.yaml", "--log-format", "json"], log) == 2

    assert lines() == []
    [(level, line)] = handler.forwarded
    assert (level, json.loads(line)["outcome"]) == ("ERROR", "settings_refused")
