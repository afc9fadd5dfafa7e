"""What a night is judged by, as texts that can be kept; and what has changed of it since."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import yaml

from auditor.model.grounds import Changes, Grounds, Kept, Role, Text
from auditor.model.rule import RuleBook
from auditor.model.settings import RuleOverride, Settings
from auditor.resources import rules_folder
from auditor.settle.checked import mapping
from auditor.settle.config import Configuration, needed_to_judge
from auditor.settle.located import Document
from auditor.settle.packs import shipped_files

Documents = Mapping[Role, Sequence[Document]]


def grounds_of(
    configuration: Configuration, documents: Documents, rulebook: RuleBook, settings: Settings, narrowed: bool
) -> Grounds:
    """All of it; ``narrowed``: the command line names the subscriptions, and not the configuration."""
    names = names_of(documents)
    shipped = rules_folder().resolve()
    texts = tuple(
        Text(
            role,
            names[document.file],
            document.digest,
            Path(document.file).resolve().parent == shipped,
            document.content,
        )
        for role, read in documents.items()
        for document in read
    )
    digest = configuration.document.digest
    marks = {**_marks(documents, rulebook, settings), "configuration": digest}
    written = {
        **mapping(needed_to_judge(configuration.written)),
        **_exempting(texts),
        **(_scope(configuration, settings) if narrowed else {}),
    }
    config = yaml.safe_dump(written, allow_unicode=True, sort_keys=False, width=4_000)
    return Grounds(config, digest, texts, marks)


def names_of(documents: Documents) -> dict[str, str]:
    """A name for each file, by its path: the folder's name is put before it where two files share one."""
    names: dict[str, str] = {}
    for document in (each for read in documents.values() for each in read):
        path = Path(document.file)
        taken = set(names.values())
        name = path.name if path.name not in taken else f"{path.parent.name}/{path.name}"
        while name in taken:
            name = f"again/{name}"
        names[document.file] = name
    return names


def _marks(documents: Documents, rulebook: RuleBook, settings: Settings) -> dict[str, str]:
    """By the id of each rule that is asked, and by what else there is: what changes whenever it does."""
    digests = {document.file: document.digest for document in documents[Role.RULES]}
    marks = {
        rule.id: _digest(digests[rule.path], settings.rules.get(rule.id, RuleOverride()).model_dump_json())
        for rule in rulebook.rules
        if rule.enabled
    }
    others = ((str(role), read) for role, read in documents.items() if role is not Role.RULES)
    return marks | {role: _digest(*(document.digest for document in read)) for role, read in others if read}


def _exempting(texts: Iterable[Text]) -> dict[str, object]:
    """Where a snapshot has the file that the configuration names."""
    named = [f"{text.role}/{text.name}" for text in texts if text.role is Role.EXEMPTIONS]
    return {"exemptions": named[0]} if named else {}


def _scope(configuration: Configuration, settings: Settings) -> dict[str, object]:
    written = mapping(mapping(configuration.written).get("scope"))
    return {"scope": {**written, "subscriptions": [*settings.scope.subscriptions], "management_groups": []}}


def since(kept: Kept, grounds: Grounds) -> Changes:
    """What is judged by now and was not then, or otherwise."""
    return Changes.between(kept.marks, grounds.marks)


def shipped_since(kept: Kept) -> Changes:
    """How the shipped files differ from those that were shipped then; nothing where none of them was asked for."""
    then = {text.name: text.digest for text in kept.texts if text.shipped}
    if not any(text.shipped and text.role is Role.RULES for text in kept.texts):
        return Changes()
    return Changes.between(then, {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in shipped_files()})


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
