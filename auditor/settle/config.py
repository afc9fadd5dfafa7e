"""The configuration file -> Settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path as File

from auditor.model.settings import CREDENTIAL_KEYS, Credential, Settings, read_guid
from auditor.settle.checked import check, listed, mapping, shown, value_at
from auditor.settle.complaints import Complaints
from auditor.settle.delivery import files_of_ways_out, ways_out
from auditor.settle.environment import fill
from auditor.settle.located import Document, Path, read_document
from auditor.settle.unbuilt import refuse_unbuilt

NO_FILE = Document("built-in defaults")
"""Stands for a configuration where none is named."""

_FILES: tuple[tuple[Path, str], ...] = (
    (("azure", "ca_bundle"), "the certificates (PEM) that the connection is to trust"),
    (("azure", "certificate_path"), "the certificate with its private key"),
    (("exemptions",), "a list of exemptions, which may be empty"),
)

_NOT_TO_JUDGE = frozenset({"azure", "archive", "schedule", "deliver", "time_budget", "workers"})


@dataclass(frozen=True, slots=True)
class Configuration:
    """What the file says. ``settings`` is None where it has mistakes; what it says of rules is checked all the same.

    ``written`` is what stands in the file: ``${NAME}`` is not filled in.
    """

    document: Document
    settings: Settings | None
    written: object = None

    @property
    def exemptions(self) -> tuple[File, ...]:
        """The exemptions' file, where one is named and exists; none otherwise."""
        named = value_at(self.document.value, ("exemptions",))
        return (File(named),) if isinstance(named, str) and File(named).is_file() else ()


def read_config(
    path: File | None,
    subscriptions: Sequence[str],
    environ: Mapping[str, str],
    complaints: Complaints,
    *,
    to_judge: bool = False,
    to_look_back: bool = False,
) -> Configuration:
    """Read the configuration at ``path`` (None: all defaults); mistakes go to ``complaints``.

    Files that it names are looked for beside it. ``subscriptions`` of the command line replace the subscriptions and
    management groups of its scope. ``to_judge``: what only collecting and delivering need is passed over;
    ``to_look_back``: all but the archive and how it is told.
    """
    document = NO_FILE if path is None else _opened(path, complaints)
    if not document.readable:
        return Configuration(document, None)
    written = document.value
    if to_judge:
        document = replace(document, value=needed_to_judge(written))
    if to_look_back:
        document = replace(document, value=_needed_to_look_back(written))
    document = fill(document, environ, complaints)
    document = _beside(document, File(path).parent if path else File(), complaints)
    refuse_unbuilt(document, complaints)
    way_in = () if to_judge else (*_credential(document.value), *_endpoints(document.value))
    outside = (
        *_archive(document.value),
        *_budget(document.value),
        *_schedule(document.value),
        *ways_out(document.value),
    )
    for place, sentence in (*way_in, *outside, *_scope(document.value)):
        complaints.add(document, place, sentence)
    settings = check(Settings, document, complaints)
    return Configuration(document, _narrowed(settings, subscriptions, complaints), written)


def needed_to_judge(written: object) -> object:
    """What a configuration says of scope, rules and report; of the way into Azure only which cloud it is.

    Neither who signs in, nor where secrets, archives and receivers are, is anybody's business who judges again.
    """
    if not isinstance(written, dict):
        return written
    kept = {key: value for key, value in written.items() if key not in _NOT_TO_JUDGE}
    azure = mapping(written.get("azure"))
    return {**({"azure": {"cloud": azure["cloud"]}} if "cloud" in azure else {}), **kept}


def _needed_to_look_back(written: object) -> object:
    """What a configuration says of the archive, of the way into it, and of how nights are told.

    Whoever lists nights at a terminal has the secrets of the nightly job seldom at hand, and needs none for a folder.
    """
    if not isinstance(written, dict):
        return written
    url = mapping(written.get("archive")).get("url")
    needed = {"archive", "report"} if url is None or str(url).startswith("file:") else {"archive", "report", "azure"}
    return {key: value for key, value in written.items() if key in needed}


def _opened(path: File, complaints: Complaints) -> Document:
    if not path.exists():
        complaints.about_file(
            str(path),
            "there is no such configuration file: name one with --config FILE; config.example.yaml explains every "
            "setting, and an empty file is enough to begin with",
        )
        return Document(str(path), mistakes=(((), complaints.problems[-1]),))
    return complaints.take(read_document(path))


def _beside(document: Document, folder: File, complaints: Complaints) -> Document:
    """``document`` with the files that it names found beside it."""
    value = document.value
    for path, content in (*_FILES, *files_of_ways_out(value)):
        named = value_at(value, path)
        if isinstance(named, str) and named:
            found = folder / named
            if not found.is_file():
                sentence = f"is not there; it is looked for beside the configuration: write the path of {content}"
                complaints.add(document, path, f"{shown(document, path)} {sentence}")
            value = _replaced(value, path, str(found))
    return replace(document, value=_archive_beside(value, folder))


def _archive_beside(value: object, folder: File) -> object:
    """A relative ``file:`` archive lies beside the configuration, wherever the night is started."""
    url = value_at(value, ("archive", "url"))
    if not isinstance(url, str) or not url.startswith("file:") or url.startswith("file:/"):
        return value
    named = url.removeprefix("file:")
    return _replaced(value, ("archive", "url"), f"file:{(folder / named).resolve()}") if named else value


def _replaced(value: object, path: Path, new: object) -> object:
    if not path:
        return new
    if isinstance(value, list):
        return [_replaced(below, path[1:], new) if at == path[0] else below for at, below in enumerate(value)]
    below = mapping(value)
    return {**below, str(path[0]): _replaced(below.get(str(path[0])), path[1:], new)}


def _credential(config: object) -> Iterator[tuple[Path, str]]:
    azure = mapping(value_at(config, ("azure",)))
    kind = azure.get("credential") or Credential.DEFAULT
    if not isinstance(kind, str) or kind not in list(Credential):
        return
    demanded, permitted = CREDENTIAL_KEYS[Credential(kind)]
    every = frozenset().union(*(demand | permit for demand, permit in CREDENTIAL_KEYS.values()))
    for key in sorted(demanded):
        if azure.get(key) is None:
            yield ("azure", key), f"is missing: credential: {kind} needs {_and(demanded)}"
    for key in sorted(every - demanded - permitted):
        if azure.get(key) is not None:
            takes = f"takes {_and(demanded | permitted)} only" if demanded | permitted else "takes no keys of its own"
            yield ("azure", key), f"credential: {kind} {takes}: take {key} out, or name another credential"


def _and(keys: frozenset[str]) -> str:
    *most, last = sorted(keys)
    return f"{', '.join(most)} and {last}" if most else last


def _endpoints(config: object) -> Iterator[tuple[Path, str]]:
    azure = mapping(value_at(config, ("azure",)))
    custom = azure.get("cloud") == "custom"
    if custom and azure.get("endpoints") is None:
        yield (
            ("azure", "endpoints"),
            "is missing: cloud: custom needs endpoints with resource_manager, log_analytics and authority",
        )
    if not custom and azure.get("endpoints") is not None:
        yield (
            ("azure", "endpoints"),
            "endpoints go with cloud: custom only: take them out, for the other clouds have their own",
        )


def _archive(config: object) -> Iterator[tuple[Path, str]]:
    archive = mapping(value_at(config, ("archive",)))
    if str(archive.get("url")).startswith("file:"):
        for key in ("account_key", "endpoint"):
            if archive.get(key) is not None:
                yield ("archive", key), f"{key} goes with an abfs: archive only: take it out"


def _budget(config: object) -> Iterator[tuple[Path, str]]:
    named = mapping(config)
    if named.get("time_budget") is not None and named.get("archive") is None:
        yield (
            ("time_budget",),
            "needs an archive, where the next start of the same night goes on: add archive.url, or take the line out",
        )


def _schedule(config: object) -> Iterator[tuple[Path, str]]:
    schedule = mapping(value_at(config, ("schedule",)))
    if schedule and value_at(config, ("archive",)) is None:
        yield ("schedule",), "needs an archive: without one nobody knows which nights have been; write archive.url"
    if schedule.get("from") is not None and schedule.get("from") == schedule.get("until"):
        yield (
            ("schedule", "until"),
            "is the same as from, so no night could begin: write another time; it may be of the next day",
        )


def _scope(config: object) -> Iterator[tuple[Path, str]]:
    scope = mapping(value_at(config, ("scope",)))
    excluded = {str(entry).lower() for entry in listed(scope.get("exclude_subscriptions"))}
    for key in ("subscriptions", "expected_subscriptions"):
        for position, entry in enumerate(listed(scope.get(key))):
            if str(entry).lower() in excluded:
                yield (
                    ("scope", key, position),
                    "stands under exclude_subscriptions as well: take it out of one of the two",
                )


def _narrowed(settings: Settings | None, subscriptions: Sequence[str], complaints: Complaints) -> Settings | None:
    ids = []
    for text in subscriptions:
        try:
            ids.append(read_guid(text))
        except ValueError:
            complaints.about_file(
                "--subscription", f"{text!r} is not a subscription id: write the GUID, not the subscription's name"
            )
    if settings is None or not ids:
        return settings
    scope = settings.scope.model_copy(update={"subscriptions": tuple(dict.fromkeys(ids)), "management_groups": ()})
    return settings.model_copy(update={"scope": scope})
