"""``auditor collect``: gather only, and leave a snapshot for a later evaluate."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime

from auditor.cli import arguments as common
from auditor.cli.running import narrator_of, note_end, order_of, settled_by, tell_settled


def add(parser: argparse.ArgumentParser) -> None:
    common.add_config(parser)
    common.add_folder(parser, "audit-snapshot", "SNAPSHOT")
    common.add_loudness(parser)
    common.add_rules(parser)
    common.add_scope(parser)
    parser.set_defaults(command=_collect)


def _collect(arguments: argparse.Namespace) -> int:
    """Ends as ``run`` would, findings apart: 3 where nothing could be read, 5 where there are gaps."""
    settled = settled_by(arguments)
    order = order_of(settled, arguments, arguments.as_of or datetime.now(UTC))
    narrator = narrator_of(arguments)
    tell_settled(order, narrator)
    from auditor.nightly import collect_only
    from auditor.render.console import print_collected

    result = collect_only(order, settled.grounds, narrator)
    print_collected(result.report, result.folder, result.digest, sys.stdout)
    note_end(result.report, result.folder, arguments)
    return int(result.exit_code)
