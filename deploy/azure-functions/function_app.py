"""A timer that ticks every ten minutes. A tick asks the auditor whether a night is due, and runs it where one is.

The command line is all that is called, so a night here is the night that it is anywhere else. Nothing is settled while
this file is imported: a worker lives for days, and each of its nights has a configuration, a clock and secrets of its
own.

https://learn.microsoft.com/azure/azure-functions/functions-bindings-timer
"""

import logging
import os
import shlex
import shutil
import tempfile
from pathlib import Path

import azure.functions as func

HERE = Path(__file__).parent
WELL: dict[object, str] = {
    0: "all is well",
    5: "incomplete: there are gaps",
    6: "out of time: the next tick goes on",
    10: "there are findings",
}
"""The exit codes of a tick that did what it should. All others fail the invocation, which is what alerts look at: 2
settings refused, 3 nothing collected, 4 not delivered, 1 a bug. A failed tick is not repeated: the next one is near."""
TALKATIVE = ("azure.core", "azure.identity", "azure.storage", "msal")
"""Each of their requests would become a line of the log; what goes wrong with one the night itself tells."""

app = func.FunctionApp()


class TickFailed(Exception):
    """A tick that somebody has to look at; the log of its invocation says why, and what to try."""


@app.timer_trigger(schedule="0 */10 * * * *", arg_name="tick", use_monitor=True, run_on_startup=False)
def night(tick: func.TimerRequest) -> None:
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    # All that a function may write to. What is to stay goes into the archive, so nothing is left on the small disk.
    output = Path(tempfile.gettempdir()) / "auditor" / "report"
    try:
        code = ended(command(output, late=tick.past_due))
    finally:
        shutil.rmtree(output, ignore_errors=True)
    if code not in WELL:
        raise TickFailed(f"The auditor ended with exit code {code}: the lines above say why, and what to try.")
    logging.info("The auditor ended with exit code %s: %s.", code, WELL[code])


def command(output: Path, *, late: bool) -> list[str]:
    """The command line of a tick; ``late``: one that should have been earlier makes up for a night that was missed.

    The files of a report are those that letters and the archive take. The app's settings may name another configuration
    (``AUDITOR_CONFIG``) and more words of the command line (``AUDITOR_ARGUMENTS``), such as ``--fail-on high``.
    """
    config = os.environ.get("AUDITOR_CONFIG", str(HERE / "config.yaml"))
    line = ["run", "--config", config, "--output", str(output), "--format", "html", "--format", "xlsx"]
    own = ["--rules", str(HERE / "rules")] if (HERE / "rules").is_dir() else []
    when = ["--if-due", "--late"] if late else ["--if-due"]
    return [*line, *own, *when, "--log-format", "json", *shlex.split(os.environ.get("AUDITOR_ARGUMENTS", ""))]


def ended(line: list[str]) -> object:
    """The exit code that the command line ended with."""
    from auditor.cli import main  # here, so that a package that is broken fails a tick, and does not hide the function

    try:
        return main(line, log=logging.getLogger("auditor"))
    except SystemExit as mistake:  # of the command line, which ends a program; a worker must outlive it
        return mistake.code
