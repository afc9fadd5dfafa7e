"""Configuration, rules and exemptions, as people write them -> Settings and RuleBook.

All mistakes in all files are told at once, each with file, line and field, before anything is fetched. Nothing heavy is
imported here: a mistake is told within a blink.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from auditor.errors import SettingsRefused
from auditor.model.rule import Clause, RuleBook
from auditor.model.settings import Settings
from auditor.settle.complaints import Complaints
from auditor.settle.config import read_config
from auditor.settle.exemptions import read_exemptions
from auditor.settle.located import Document, read_document
from auditor.settle.packs import find_packs
from auditor.settle.releases import as_row, read_releases
from auditor.settle.rules import frames_of, read_rules
from auditor.settle.standing import MANAGED, read_standing
from auditor.settle.upgradable import read_upgradable


@dataclass(frozen=True, slots=True)
class Settled:
    """What a night goes by. ``config_hash`` is the sha256 of the configuration's bytes, empty where there is none."""

    settings: Settings
    rulebook: RuleBook
    config_hash: str


def settle(
    config: Path | None,
    *,
    rules: Sequence[Path] = (),
    only_rules: bool = False,
    subscriptions: Sequence[str] = (),
    environ: Mapping[str, str],
) -> Settled:
    """Read the configuration (None: all defaults), the rules and the exemptions.

    ``rules`` are files and folders beside the shipped pack, which ``only_rules`` leaves out; ``subscriptions`` replace
    the subscriptions and management groups of the configuration's scope; ``${NAME}`` in the configuration comes from
    ``environ``.

    Raises SettingsRefused with every problem of every file.
    """
    complaints = Complaints()
    configuration = read_config(config, subscriptions, environ, complaints)
    pack = find_packs(rules, only_rules, complaints)
    of_rules, tables, reasons, supported, exempting = (
        [complaints.take(read_document(file)) for file in files]
        for files in (pack.rules, pack.releases, pack.standing, pack.upgradable, configuration.exemptions)
    )
    book = read_rules(of_rules, configuration, complaints)
    releases = [row for table in tables for row in read_releases(table, complaints)]
    standing = [clause for document in reasons for clause in read_standing(document, complaints)]
    upgradable = [row for document in supported for row in read_upgradable(document, complaints)]
    frames = frames_of(of_rules)
    exemptions = [entry for document in exempting for entry in read_exemptions(document, frames, complaints)]
    settings = configuration.settings
    if complaints.problems or settings is None:
        raise SettingsRefused(complaints.problems)
    rulebook = RuleBook(
        rules=book,
        standing=tuple(clause for clause in standing if _holds(clause, settings)),
        releases=(*releases, *(as_row(entry) for entry in settings.sources.release_table)),
        exemptions=tuple(exemptions),
        hashes=_hashes([*of_rules, *tables, *reasons, *supported, *exempting]),
        upgradable=tuple(upgradable),
    )
    return Settled(settings, rulebook, configuration.document.digest)


def _holds(standing: Clause, settings: Settings) -> bool:
    """Whether the configuration leaves the reason in force."""
    return standing.code != MANAGED or settings.scope.managed_machines == "not_applicable"


def _hashes(documents: Iterable[Document]) -> dict[str, str]:
    """sha256 by file name; the folder's name is put before it where two files share one."""
    hashes: dict[str, str] = {}
    for document in documents:
        path = Path(document.file)
        name = path.name if path.name not in hashes else f"{path.parent.name}/{path.name}"
        hashes[name] = document.digest
    return hashes
