"""letter.html and letter.txt: what goes into a mail. Both show the same parts of the same report."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path

from css_inline import CSSInliner
from jinja2 import Environment

from auditor.catalogue import Catalogue
from auditor.model.files import LETTER_HTML, LETTER_TEXT
from auditor.model.letter import Letter, Part
from auditor.model.report import Finding, Report
from auditor.render import designs
from auditor.render.batch import Batch, Take
from auditor.render.drawing import Artist
from auditor.render.letter_charts import pngs, statuses
from auditor.render.text import one_line

_NAME_ROOM, _REASON_ROOM = 120, 320
"""Characters of a name and of a reason."""
_MOST_LABEL = 60


@dataclass(frozen=True, slots=True)
class Case:
    """Findings that follow each other, of one rule, for one reason and mended alike: what they share is told once.

    ``heading`` is the rule where it is another than that of the case before.
    """

    heading: str
    brief: str
    reason: str
    findings: Sequence[Finding]


@contextmanager
def letter(report: Report, folder: Path, artist: Artist | None = None) -> Iterator[Take]:
    """Keep what the letter has room for, and write both files when all findings are told. Raises OSError."""
    told = report.letter
    if told is None:
        yield lambda _batch: None
        return
    kept: list[tuple[Part, list[Finding]]] = [(part, []) for part in told.parts]
    charts = pngs(told.charts, artist or Artist())

    def take(batch: Batch) -> None:
        wanting = [(part, found) for part, found in kept if len(found) < min(part.shown, part.total)]
        for finding in batch.findings if wanting else ():
            for part, found in wanting:
                if len(found) < part.shown and _belongs(finding, part):
                    found.append(finding)

    yield take
    _write(report, told, folder, kept, charts())


def _belongs(finding: Finding, part: Part) -> bool:
    return (
        part.status in (None, finding.status)
        and part.change in (None, finding.change)
        and part.rule_id in (None, finding.rule_id)
    )


def _write(
    report: Report,
    letter: Letter,
    folder: Path,
    kept: Sequence[tuple[Part, Sequence[Finding]]],
    charts: Sequence[bytes],
) -> None:
    told = {
        "report": report,
        "words": report.words,
        "letter": letter,
        "parts": [(part, list(_cases(report, part, found))) for part, found in kept],
        "charts": [(chart, b64encode(png).decode()) for chart, png in zip(letter.charts, charts, strict=True)],
    }
    html = _environment(report, markup=True).get_template("letter/letter.html.j2").render(told)
    text = _environment(report, markup=False).get_template("letter/letter.txt.j2").render(told)
    (folder / LETTER_HTML).write_text(_inlined(html), encoding="utf-8", newline="\n")
    (folder / LETTER_TEXT).write_text(text, encoding="utf-8", newline="\n")


def _inlined(html: str) -> str:
    """The design's style in every element; what stands in the letter itself is for a dark screen, and stays."""
    style = designs.text("letter/style.css")
    inliner = CSSInliner(inline_style_tags=False, keep_style_tags=True, load_remote_stylesheets=False, extra_css=style)
    return inliner.inline(html)


def _environment(report: Report, *, markup: bool) -> Environment:
    """With what is told of a finding: of whatever comes from the estate one line."""
    environment = designs.environment(markup=markup)
    environment.filters.update(
        room=_room,
        name=_name,
        place=partial(_place, Catalogue(report.language)),
        owner=partial(_owner, report),
        shown_statuses=statuses,
        underlined=_underlined,
    )
    return environment


def _cases(report: Report, part: Part, findings: Sequence[Finding]) -> Iterator[Case]:
    titles = {rule.id: rule.title for rule in report.rules}
    before = part.rule_id
    for (rule_id, brief, reason), alike in groupby(findings, _alike(part)):
        found = list(alike)
        heading = f"{rule_id} {titles.get(rule_id, '')} ({report.severity_words[found[0].severity]})"
        yield Case("" if rule_id == before else heading, brief, _room(reason, _REASON_ROOM), found)
        before = rule_id


def _alike(part: Part) -> Callable[[Finding], tuple[str, str, str]]:
    """What the findings of a case share; of a brief part the rule alone is told."""
    if part.brief:
        return lambda each: (each.rule_id, "", "")
    return lambda each: (each.rule_id, each.remedy.brief if each.remedy else "", each.reason)


def _room(text: str, most: int) -> str:
    """One line of ``text``, cut behind a word where it has more than ``most`` characters."""
    line = one_line(text)
    if len(line) <= most:
        return line
    return (line[:most].rpartition(" ")[0] or line[:most]) + " …"


def _name(finding: Finding) -> str:
    return _room(finding.machine_name or finding.resource_id, _NAME_ROOM)


def _place(catalogue: Catalogue, finding: Finding) -> str:
    """Subscription and region, as far as they are known."""
    told = (finding.subscription_name or finding.subscription_id, finding.location)
    return catalogue.listed(_room(each, _NAME_ROOM) for each in told if each)


def _owner(report: Report, finding: Finding) -> str:
    if not finding.owner:
        return report.words["letter_no_owner"]
    return report.words["letter_owner"].format(owner=_room(finding.owner, _NAME_ROOM))


def _underlined(text: str) -> str:
    """A heading of a plain text."""
    return f"{text}\n{'-' * min(len(text), _MOST_LABEL)}"
