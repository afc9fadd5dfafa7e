"""``auditor history``: list the nights that are kept, or compare any two of them."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from auditor.cli import arguments as common
from auditor.cli.running import veil_secrets
from auditor.errors import ExitCode, Problem, SettingsRefused

if TYPE_CHECKING:
    from auditor.history import Archive, Manifest
    from auditor.model.settings import ReportSettings


def add(parser: argparse.ArgumentParser) -> None:
    common.add_config(parser)
    parser.add_argument(
        "nights",
        nargs="*",
        metavar="NIGHT",
        help="two nights to compare, the earlier first: each a day such as 2026-11-22, whose last night is meant, or a "
        "run id (its beginning is enough); one night alone is compared with the newest. Without any, all are listed",
    )
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.epilog = (
        "Exit codes: 0 told, 2 refused: no archive is configured, it cannot be read, or there is no such night."
    )
    parser.set_defaults(command=_history)


def _history(arguments: argparse.Namespace) -> int:
    from auditor.settle import settle_archive

    settings = settle_archive(arguments.config, environ=os.environ)
    veil_secrets(settings, arguments)
    if len(arguments.nights) > 2:
        raise SettingsRefused([Problem("auditor history", 0, "", "name two nights at the most")])
    from auditor import history  # pandas takes a second: it comes after the mistakes in the configuration

    archive = history.configured(settings)
    if archive is None:
        sentence = "no nights are kept: set archive.url, such as archive: {url: file:./archive}, and run the audit"
        raise SettingsRefused([Problem(str(arguments.config), 0, "archive", sentence)])
    manifests, passed_over = archive.manifests()
    for sentence in passed_over:
        print(sentence, file=sys.stderr)  # noqa: T201 - a sentence for the person at the terminal
    if arguments.nights:
        _compare(archive, manifests, arguments, settings.report)
    else:
        _list(manifests, arguments, settings.report)
    return int(ExitCode.DELIVERED)


def _list(manifests: Sequence[Manifest], arguments: argparse.Namespace, report: ReportSettings) -> None:
    from auditor.render.nights import print_nights, write_nights

    nights = [each.night for each in manifests]
    if arguments.json:
        write_nights(nights, sys.stdout)
    else:
        print_nights(nights, report.time_zone, report.language, sys.stdout)


def _compare(
    archive: Archive, manifests: Sequence[Manifest], arguments: argparse.Namespace, report: ReportSettings
) -> None:
    from auditor.history import compare, find_night
    from auditor.render.nights import print_comparison, write_comparison

    named = [find_night(manifests, each, report.time_zone) for each in arguments.nights]
    before, after = (*named, manifests[-1])[:2]
    found = compare(archive, manifests, before, after)
    if arguments.json:
        write_comparison(found, sys.stdout)
    else:
        print_comparison(found, report.time_zone, report.language, sys.stdout)
