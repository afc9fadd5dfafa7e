"""Configuration, rules and exemptions, as people write them -> Settings and RuleBook.

All mistakes in all files are told at once, each with file, line and field, before anything is fetched. Nothing heavy is
imported here: a mistake is told within a blink.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from auditor.errors import SettingsRefused
from auditor.model.rule import RuleBook
from auditor.model.settings import Settings
from auditor.settle.complaints import Complaints
from auditor.settle.config import read_config
from auditor.settle.exemptions import read_exemptions
from auditor.settle.located import Document, read_document
from auditor.settle.packs import find_packs
from auditor.settle.releases import as_row, read_releases
from auditor.settle.rules import frames_of, read_rules


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
    those of the configuration's scope; ``${NAME}`` in the configuration comes from ``environ``.

    Raises SettingsRefused with every problem of every file.
    """
    complaints = Complaints()
    configuration = read_config(config, subscriptions, environ, complaints)
    pack = find_packs(rules, only_rules, complaints)
    rule_files = [complaints.take(read_document(file)) for file in pack.rules]
    book = read_rules(rule_files, configuration, complaints)
    tables = [complaints.take(read_document(file)) for file in pack.releases]
    releases = [row for table in tables for row in read_releases(table, complaints)]
    exempting = [complaints.take(read_document(file)) for file in (configuration.exemptions,) if file]
    frames = frames_of(rule_files)
    exemptions = [entry for document in exempting for entry in read_exemptions(document, frames, complaints)]
    settings = configuration.settings
    if complaints.problems or settings is None:
        raise SettingsRefused(complaints.problems)
    releases += [as_row(entry) for entry in settings.sources.release_table]
    hashes = _hashes([*rule_files, *tables, *exempting])
    rulebook = RuleBook(book, tuple(releases), tuple(exemptions), hashes)
    return Settled(settings, rulebook, configuration.document.digest)


def _hashes(documents: Iterable[Document]) -> dict[str, str]:
    """sha256 by file name; the folder's name is put before it where two files share one."""
    hashes: dict[str, str] = {}
    for document in documents:
        path = Path(document.file)
        name = path.name if path.name not in hashes else f"{path.parent.name}/{path.name}"
        hashes[name] = document.digest
    return hashes
