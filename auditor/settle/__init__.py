"""Configuration, rules and exemptions, as people write them -> Settings and RuleBook.

All mistakes in all files are told at once, each with file, line and field, before anything is fetched. Nothing heavy is
imported here: a mistake is told within a blink.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from auditor.errors import SettingsRefused
from auditor.model.grounds import Grounds, Kept, Role
from auditor.model.rule import Clause, RuleBook
from auditor.model.settings import Settings
from auditor.settle.complaints import Complaints
from auditor.settle.config import Configuration, read_config
from auditor.settle.exemptions import read_exemptions
from auditor.settle.grounds import grounds_of, names_of, shipped_since, since
from auditor.settle.located import read_document
from auditor.settle.packs import Pack, find_packs
from auditor.settle.releases import as_row, read_releases
from auditor.settle.rules import frames_of, read_rules
from auditor.settle.standing import MANAGED, read_standing
from auditor.settle.upgradable import read_upgradable

__all__ = ["Settled", "settle", "settle_again", "settle_archive", "shipped_since", "since"]


@dataclass(frozen=True, slots=True)
class Settled:
    """What a night goes by. ``config_hash`` is the sha256 of the configuration's bytes, empty where there is none."""

    settings: Settings
    rulebook: RuleBook
    config_hash: str
    grounds: Grounds


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
    return _settled(configuration, pack, complaints, narrowed=bool(subscriptions))


def settle_again(
    kept: Kept,
    *,
    config: Path | None = None,
    rules: Sequence[Path] = (),
    only_rules: bool = False,
    environ: Mapping[str, str],
) -> Settled:
    """The same to judge a snapshot: what is named here takes the place of what the snapshot keeps, as a whole.

    A ``config`` brings its own exemptions; ``rules`` stand beside the pack that ships today. Neither needs the way into
    Azure. Raises SettingsRefused with every problem of every file.
    """
    complaints = Complaints()
    configuration = read_config(config or kept.config, (), environ, complaints, to_judge=True)
    own = Pack(*(kept.files.get(role, ()) for role in (Role.RULES, Role.RELEASES, Role.STANDING, Role.UPGRADABLE)))
    pack = find_packs(rules, only_rules, complaints) if rules or only_rules else own
    settled = _settled(configuration, pack, complaints)
    if config is not None:
        return settled
    marks = {**settled.grounds.marks, "configuration": kept.config_hash}
    grounds = replace(settled.grounds, config_hash=kept.config_hash, marks=marks)
    return replace(settled, config_hash=kept.config_hash, grounds=grounds)


def settle_archive(config: Path, *, environ: Mapping[str, str]) -> Settings:
    """The settings to look back at nights that are kept: rules, exemptions, and the secrets of the mail are not read.

    Raises SettingsRefused with every problem of what is read.
    """
    complaints = Complaints()
    settings = read_config(config, (), environ, complaints, to_look_back=True).settings
    if complaints.problems or settings is None:
        raise SettingsRefused(complaints.problems)
    return settings


def _settled(configuration: Configuration, pack: Pack, complaints: Complaints, *, narrowed: bool = False) -> Settled:
    files = {
        Role.RULES: pack.rules,
        Role.RELEASES: pack.releases,
        Role.STANDING: pack.standing,
        Role.UPGRADABLE: pack.upgradable,
        Role.EXEMPTIONS: configuration.exemptions,
    }
    documents = {role: [complaints.take(read_document(file)) for file in named] for role, named in files.items()}
    book = read_rules(documents[Role.RULES], configuration, complaints)
    releases = [row for table in documents[Role.RELEASES] for row in read_releases(table, complaints)]
    standing = [clause for document in documents[Role.STANDING] for clause in read_standing(document, complaints)]
    upgradable = [row for document in documents[Role.UPGRADABLE] for row in read_upgradable(document, complaints)]
    frames = frames_of(documents[Role.RULES])
    exemptions = [
        entry for document in documents[Role.EXEMPTIONS] for entry in read_exemptions(document, frames, complaints)
    ]
    settings = configuration.settings
    if complaints.problems or settings is None:
        raise SettingsRefused(complaints.problems)
    names = names_of(documents)
    rulebook = RuleBook(
        rules=book,
        standing=tuple(clause for clause in standing if _holds(clause, settings)),
        releases=(*releases, *(as_row(entry) for entry in settings.sources.release_table)),
        exemptions=tuple(exemptions),
        hashes={names[document.file]: document.digest for read in documents.values() for document in read},
        upgradable=tuple(upgradable),
    )
    grounds = grounds_of(configuration, documents, rulebook, settings, narrowed)
    return Settled(settings, rulebook, configuration.document.digest, grounds)


def _holds(standing: Clause, settings: Settings) -> bool:
    """Whether the configuration leaves the reason in force."""
    return standing.code != MANAGED or settings.scope.managed_machines == "not_applicable"
