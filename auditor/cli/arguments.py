"""What several commands take on the command line."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path

from auditor.model.files import FILES
from auditor.model.verdict import Severity

CONFIG = Path("config.yaml")
"""The configuration that is read where the command line names none."""


def add_config(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, default=CONFIG, metavar="FILE", help=f"default: {CONFIG}")


def add_output(parser: argparse.ArgumentParser, default: str) -> None:
    add_folder(parser, default, "DIR")
    parser.add_argument("--format", action="append", choices=tuple(FILES), help="default: all (repeatable)")
    add_loudness(parser)


def add_folder(parser: argparse.ArgumentParser, default: str, metavar: str) -> None:
    parser.add_argument("--output", type=Path, default=Path(default), metavar=metavar, help=f"default: {default}")


def add_loudness(parser: argparse.ArgumentParser) -> None:
    loudness = parser.add_mutually_exclusive_group()
    loudness.add_argument("-v", "--verbose", action="store_true", help="tell every wait, and the time that has passed")
    loudness.add_argument("-q", "--quiet", action="store_true", help="no progress; the summary only")
    parser.add_argument(
        "--log-format", choices=("text", "json"), default="text", help="the talk on stderr: for people, or for machines"
    )


def add_rules(parser: argparse.ArgumentParser) -> None:
    """Which rules, beside the shipped ones."""
    parser.add_argument(
        "--rules", type=Path, action="append", default=[], metavar="PATH", help="rules beside the shipped (repeatable)"
    )
    parser.add_argument("--only-rules", action="store_true", help="leave the shipped rules out")


def add_subscriptions(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--subscription", action="append", default=[], metavar="ID", help="only these (repeatable)")


def add_scope(parser: argparse.ArgumentParser) -> None:
    add_subscriptions(parser)
    parser.add_argument("--as-of", type=time, metavar="TIME", help="judge, and count as read, at this time")


def add_fail_on(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--fail-on", choices=[str(each) for each in Severity], help="end with 10 on findings of this severity or graver"
    )


def time(text: str) -> datetime:
    """An ISO 8601 time; one without a zone is refused: it would mean another night elsewhere."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time: write it as 2026-11-22T02:00Z") from None
    if moment.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text!r} has no time zone: write it as {moment.isoformat()}Z for UTC")
    return moment.astimezone(UTC)


def count(text: str) -> int:
    """A whole number from 0 up, as a port and a size of an estate are."""
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 0 up")
    return int(text)
