"""``auditor history``: list the nights that are kept, or compare any two of them."""

from __future__ import annotations

import argparse
import os
import sys

from auditor.cli import arguments as common
from auditor.errors import ExitCode, Problem, SettingsRefused


def add(parser: argparse.ArgumentParser) -> None:
    common.add_config(parser)
    parser.add_argument(
        "nights",
        nargs="*",
        metavar="NIGHT",
        help="two nights to compare, the earlier first: each a day such as 2026-11-22, whose last night is meant, or a "
        "run id (its beginning is enough). One night is compared with the newest. Without any, all are listed",
    )
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.epilog = (
        "Exit codes: 0 told, 2 refused: no archive is configured, it cannot be read, or there is no such night."
    )
    parser.set_defaults(command=_history)


def _history(arguments: argparse.Namespace) -> int:
    from auditor.settle import settle

    settings = settle(arguments.config, environ=os.environ).settings
    if settings.archive is None:
        sentence = "no nights are kept: set archive.url, such as archive: {url: file:./archive}, and run the audit"
        raise SettingsRefused([Problem(str(arguments.config), 0, "archive", sentence)])
    if len(arguments.nights) > 2:
        raise SettingsRefused([Problem("auditor history", 0, "", "name two nights at the most")])
    from auditor import history  # pandas takes a second: it comes after the mistakes in the configuration
    from auditor.render import nights as told

    zone, language = settings.report.time_zone, settings.report.language
    with history.opened(settings, to_write=False) as archive:
        if archive is None:
            raise AssertionError("it is configured")
        manifests, passed_over = archive.manifests()
        for sentence in passed_over:
            print(sentence, file=sys.stderr)  # noqa: T201 - a sentence for the person at the terminal
        if not arguments.nights:
            nights = [each.night for each in manifests]
            if arguments.json:
                told.write_nights(nights, sys.stdout)
            else:
                told.print_nights(nights, zone, language, sys.stdout)
            return int(ExitCode.DELIVERED)
        named = [history.find_night(manifests, each, zone) for each in arguments.nights]
        before, after = (*named, manifests[-1])[:2]
        found = history.compare(archive, manifests, before, after)
    about = (found.before, found.after, found.changes, len(found.unanswered))
    if arguments.json:
        told.write_comparison(*about, sys.stdout)
    else:
        told.print_comparison(*about, zone, language, sys.stdout)
    return int(ExitCode.DELIVERED)
