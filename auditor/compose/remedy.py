"""What mends a failed row: a fix of a rule and the row make a remedy, in words and in commands with the row's ids."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from auditor.compose import commands
from auditor.compose.commands import Commands
from auditor.compose.rows import Rows
from auditor.compose.targets import ARC_API, COMPUTE_API, Target, Targets
from auditor.compose.wording import Wording
from auditor.model.quoting import json_text
from auditor.model.remedy import Act, Remedy, Step
from auditor.model.scopes import Subject

_ASSOCIATIONS_API = "2023-03-11"
_VERSION = re.compile(r"\d+\.\d+(\.\d+){0,2}")

Made = tuple[Commands, tuple[Step, ...]]
NOTHING: Made = (commands.NONE, ())


@dataclass(frozen=True)
class Remedies:
    """Makes the remedies of a shard's rows."""

    targets: Targets
    wording: Wording

    def of(self, fix: str, rows: Rows, machine_ids: Sequence[str]) -> list[Remedy]:
        """With commands: for rows that fail."""
        told = self.in_words(fix, rows)
        return [
            self._with_commands(words, fix, target)
            for words, target in zip(told, self.targets.of(rows, machine_ids), strict=True)
        ]

    def accepted(self, fix: str, rows: Rows, machine_ids: Sequence[str]) -> list[Remedy]:
        """Without commands; the steps say what no script may do, whichever other row asks for it."""
        return [replace(each, azure_cli=None, azure_powershell=None) for each in self.of(fix, rows, machine_ids)]

    def in_words(self, fix: str, rows: Rows) -> list[Remedy]:
        """Without commands: for rows of which nobody should change anything tonight, such as pending ones.

        An instance of a flexible scale set is mended like any virtual machine.
        """
        kinds = [
            "vm" if subject is Subject.VM else kind
            for subject, kind in zip(rows.subjects, rows.values("kind"), strict=True)
        ]
        way, brief = self.wording.portal_way, self.wording.brief(fix)
        alike = {kind: Remedy(self.wording.fix(fix, kind), way(fix, kind), brief=brief) for kind in set(kinds)}
        return [alike[kind] for kind in kinds]

    def _with_commands(self, words: Remedy, fix: str, target: Target | None) -> Remedy:
        made = _MAKERS.get(fix, _nothing)(target) if target else NOTHING
        return Remedy(words.words, words.portal, *made[0], made[1], words.brief)


def text_of(remedy: Remedy, wording: Wording) -> str:
    """The remedy as one text: words, the portal's way, and the commands under their headings."""
    parts = [remedy.words]
    if remedy.portal:
        parts.append(wording.say("remedies", "portal", way=remedy.portal))
    headed = (("azure_cli", remedy.azure_cli), ("azure_powershell", remedy.azure_powershell))
    parts += [f"{wording.say('remedies', name)}\n{command}" for name, command in headed if command]
    return "\n\n".join(parts)


def _enable(target: Target) -> Made:
    """On what holds the setting: the extension, the model that it follows, or the instance that is behind its model."""
    if target.subject is not Subject.UNIFORM:
        made = _patch(target.extension, target.api)
        return _then_instances(made, target) if target.subject is Subject.SCALE_SET and target.manual else made
    match target.model_setting:
        case "enabled":
            return _update(target)
        case "none":
            return _patch(target.extension, target.api)
        case "disabled" | "unset":
            made = _patch(target.model, target.api)
            return _then_instances(made, target) if target.manual else made
        case _:
            return NOTHING


def _patch(extension: str, api: str) -> Made:
    if not extension:
        return NOTHING
    url = f"{extension}?api-version={api}"
    return commands.enable(url), (Step(Act.ENABLE, (url,)),)


def _then_instances(made: Made, target: Target) -> Made:
    """The model first; with the upgrade mode Manual its instances do not change before they are updated."""
    if made is NOTHING:
        return NOTHING
    names = target.names
    if names.instance:
        after, steps = _update(target)
    else:
        after = commands.update_behind(names)
        steps = (Step(Act.UPDATE_BEHIND, (names.subscription, names.group, names.name)),)
    return commands.together(made[0], commands.wait_for_model(names), after), (*made[1], *steps)


def _update(target: Target) -> Made:
    """An instance of a flexible scale set follows no model: there is nothing to bring it up to."""
    if target.subject is not Subject.UNIFORM:
        return NOTHING
    names = target.names
    step = Step(Act.UPDATE_ONE, (names.subscription, names.group, names.name, names.instance))
    return commands.update_one(names), (step,)


def _upgrade(target: Target) -> Made:
    if not _VERSION.fullmatch(target.version):
        return NOTHING
    match target.subject:
        case Subject.ARC if target.handler:
            url = f"{target.machine}/upgradeExtensions?api-version={ARC_API}"
            body = json_text({"extensionTargets": {target.handler: {"targetVersion": target.version}}})
            step = Step(Act.ARC_UPGRADE, (url, body, f"{target.extension}?api-version={ARC_API}"))
            return commands.post(url, body), (step,) if target.extension else ()
        case Subject.VM if target.extension:
            url, version = f"{target.extension}?api-version={COMPUTE_API}", ".".join(target.version.split(".")[:2])
            return commands.upgrade_anew(url, version), (Step(Act.ANEW, (url, version)),)
        case Subject.UNIFORM if target.follows_model == "no":
            return _update(target)
        case Subject.UNIFORM:
            return _look(target)
        case _:
            return NOTHING


def _look(target: Target) -> Made:
    """The extension as it is now, with its status where it runs."""
    if not target.extension:
        return NOTHING
    expanded = "" if target.subject in (Subject.ARC, Subject.SCALE_SET) else "$expand=instanceView&"
    return commands.look(f"{target.extension}?{expanded}api-version={target.api}"), ()


def _list(target: Target) -> Made:
    """What the machine has for extensions."""
    return commands.look(f"{target.machine}/extensions?api-version={target.api}"), ()


def _identity(target: Target) -> Made:
    """An Arc-enabled server has one from its agent, or none."""
    if target.subject is Subject.ARC:
        return NOTHING
    on_scale_set = target.subject in (Subject.UNIFORM, Subject.SCALE_SET)
    return commands.assign_identity(target.names, on_scale_set=on_scale_set), ()


def _associations(target: Target) -> Made:
    """Of a uniform scale set as a whole, whose instances all follow it."""
    if target.subject is Subject.UNIFORM and not target.scale_set:
        return NOTHING
    path = f"{target.scale_set or target.machine}/providers/Microsoft.Insights/dataCollectionRuleAssociations"
    return commands.look(f"{path}?api-version={_ASSOCIATIONS_API}"), ()


def _nothing(target: Target) -> Made:
    return NOTHING


_MAKERS: Mapping[str, Callable[[Target], Made]] = {
    "enable_automatic_upgrade": _enable,
    "upgrade_now": _upgrade,
    "update_instance": _update,
    "repair_failed_extension": _look,
    "watch_automatic_retry": _look,
    "check_installed_version": _look,
    "restore_reporting": _look,
    "install_agent": _list,
    "assign_identity": _identity,
    "associate_data_collection_rule": _associations,
}
