"""Where the rule files are: the shipped pack, and what ``--rules`` names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path as File

from auditor.resources import rules_folder
from auditor.settle.complaints import Complaints

RELEASES = "releases.yaml"
STANDING = "standing.yaml"
UPGRADABLE = "automatic-upgrade.yaml"
_NO_RULES = (RELEASES, STANDING, UPGRADABLE)
_SUFFIXES = frozenset({".yaml", ".yml"})


@dataclass(frozen=True, slots=True)
class Pack:
    """Files in the order in which they are read."""

    rules: tuple[File, ...]
    releases: tuple[File, ...]
    standing: tuple[File, ...]
    upgradable: tuple[File, ...]


def find_packs(named: Sequence[File], only_named: bool, complaints: Complaints) -> Pack:
    """The rule files, tables and standing reasons of the shipped pack and of ``named`` files and folders.

    ``only_named`` leaves the shipped rules out; the shipped tables and standing reasons stay, for they hold whatever
    the rules are. In a folder every YAML file is a rule, but for ``releases.yaml``, ``standing.yaml``,
    ``automatic-upgrade.yaml``, examples (``*.example.yaml``) and hidden files.
    """
    shipped = rules_folder()
    files = [file for folder in ([] if only_named else [shipped]) for file in _in_folder(folder)]
    for path in named:
        found = _in_folder(path) if path.is_dir() else [path]
        if not path.exists():
            complaints.about_file("--rules", f"{str(path)!r} does not exist: name a rule's file, or a folder of them")
        elif not found:
            complaints.about_file("--rules", f"{str(path)!r} holds no rules: they are files such as AMA-001.yaml")
        else:
            files += found
    if only_named and not named:
        complaints.about_file("--only-rules", "no rules are left: name some with --rules PATH")
    every = list(dict.fromkeys([*(shipped / name for name in _NO_RULES), *files]))
    aside = [tuple(file for file in every if file.name == name) for name in _NO_RULES]
    return Pack(tuple(file for file in every if file.name not in _NO_RULES), *aside)


def shipped_files() -> list[File]:
    """All that ships of rules, with the release table and the standing reasons."""
    return _in_folder(rules_folder())


def _in_folder(folder: File) -> list[File]:
    return sorted(
        file
        for file in folder.iterdir()
        if file.is_file()
        and file.suffix in _SUFFIXES
        and not file.name.startswith(".")
        and not file.stem.endswith(".example")
    )
