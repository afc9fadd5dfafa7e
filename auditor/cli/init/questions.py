"""What ``auditor init`` asks: each answer is checked as the configuration's reader will check it, and asked again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from pydantic import ValidationError

from auditor.cli.paper import refuse
from auditor.model.settings import CREDENTIAL_KEYS, Azure, Cloud, Credential, Heartbeats, Scope
from auditor.model.strict import Strict
from auditor.settle.complaints import did_you_mean

Check = Callable[[str], str]
"""An answer as it is written in YAML; raises ValueError with a sentence that continues it."""

SECRETS_FROM = {"client_secret": "${AUDITOR_CLIENT_SECRET}", "token": "${AUDITOR_ACCESS_TOKEN}"}
"""Secrets are never asked for: they come out of the environment."""

_CREDENTIALS = (
    "default (what azure-identity finds: a managed identity, az login, environment variables), managed_identity, "
    "workload_identity, client_secret, client_certificate, cli, token"
)


@dataclass(frozen=True)
class Desk:
    """Where questions are asked and answered."""

    answers: TextIO
    questions: TextIO

    def ask(self, question: str, check: Check, default: str = "") -> str:
        """The first answer that ``check`` takes; an empty one means ``default``. Raises SettingsRefused at the end of
        the input: nothing was written then."""
        while True:
            self.questions.write(f"{question} [{default}] " if default else f"{question} ")
            self.questions.flush()
            line = self.answers.readline()
            if not line:
                raise refuse("auditor init", "not all questions were answered, so nothing was written; --yes asks none")
            text = line.strip() or default
            try:
                return check(text)
            except ValueError as error:
                self.questions.write(f"  {text!r} {error}\n")


def ask_all(folder: Path, answers: TextIO, questions: TextIO) -> dict[str, str]:
    """The settings that differ from the defaults, as YAML by key. Files are looked for in ``folder``."""
    desk = Desk(answers, questions)
    clouds = [each for each in Cloud if each is not Cloud.CUSTOM]
    told = {"cloud": desk.ask(f"Which cloud? {', '.join(clouds)}", _one_of(clouds), Cloud.PUBLIC)}
    kind = desk.ask(f"How to sign in? {_CREDENTIALS}\n ", _one_of(list(Credential)), Credential.DEFAULT)
    told |= {"credential": kind, **dict(_keys(Credential(kind), folder, desk))}
    several = "Ids, with blanks or commas between them"
    told["subscriptions"] = desk.ask(
        f"Which subscriptions? {several}; leave it empty for all that the identity can see:",
        _ids(Scope, "subscriptions"),
    )
    told["management_groups"] = desk.ask(
        f"All subscriptions below which management groups, besides? {several}; may be empty:",
        _ids(Scope, "management_groups"),
    )
    told["expected_subscriptions"] = desk.ask(
        f"Which subscriptions must be there, so that a missing one is told? {several}; may be empty:",
        _ids(Scope, "expected_subscriptions"),
    )
    told["workspaces"] = desk.ask(
        f"Which Log Analytics workspaces have the agents' heartbeats? {several}; may be empty:",
        _ids(Heartbeats, "workspaces"),
    )
    return {key: value for key, value in told.items() if value not in ("", "[]")}


def _keys(kind: Credential, folder: Path, desk: Desk) -> Iterator[tuple[str, str]]:
    """What the way of signing in needs, and what it takes besides."""
    demanded, permitted = CREDENTIAL_KEYS[kind]
    for key in sorted(demanded | permitted):
        if key in SECRETS_FROM:
            yield key, SECRETS_FROM[key]
        else:
            question = f"  {key}?" if key in demanded else f"  {key}? (may be empty)"
            yield key, desk.ask(question, _key(key, folder, needed=key in demanded))


def _one_of(words: Sequence[str]) -> Check:
    def check(text: str) -> str:
        if text.lower() not in words:
            raise ValueError(f"is not known here{did_you_mean(text, words)}")
        return text.lower()

    return check


def _ids(model: type[Strict], key: str) -> Check:
    def check(text: str) -> str:
        ids = tuple(text.replace(",", " ").split())
        _validated(model, key, ids)
        return f"[{', '.join(map(json.dumps, ids))}]"

    return check


def _key(key: str, folder: Path, *, needed: bool) -> Check:
    def check(text: str) -> str:
        if not text:
            if needed:
                raise ValueError("is empty: this way of signing in needs it")
            return ""
        if key == "certificate_path":
            if not (folder / text).is_file():
                raise ValueError(f"is not there; it is looked for in {folder}: write the path of a PEM file")
        else:
            _validated(Azure, key, text)
        return json.dumps(text)

    return check


def _validated(model: type[Strict], key: str, value: object) -> None:
    try:
        model.model_validate({key: value})
    except ValidationError as refused:
        error = refused.errors(include_url=False, include_input=False)[0]
        raise ValueError(str(error.get("ctx", {}).get("error", error["msg"]))) from None
