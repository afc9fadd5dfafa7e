"""What a night is judged by, kept and read again: the configuration without the way into Azure, and every file."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from auditor.errors import SettingsRefused
from auditor.model.grounds import Changes, Grounds, Kept, Role, Text
from auditor.resources import rules_folder
from auditor.settle import settle, settle_again, shipped_since, since
from auditor.settle.config import needed_to_judge
from auditor.settle.located import parse_document

ROOT = Path(__file__).parents[3]
ENVIRON = {"AUDITOR_ACCESS_TOKEN": "x", "TITLE": "The title"}
WHOLE = """\
azure: {cloud: public, credential: token, token: "${AUDITOR_ACCESS_TOKEN}"}
scope: {management_groups: [contoso], exclude_subscriptions: ["33333333-3333-4333-a333-333333333333"]}
rules: {AMA-002: {params: {releases: 1}}, AMA-003: {enabled: false}}
sources: {rollout: {vm: 30d}}
report: {title: "${TITLE}", time_zone: Asia/Tokyo}   # a remark
exemptions: my exemptions.yaml
"""


def write(folder: Path, config: str = WHOLE) -> Path:
    (folder / "my exemptions.yaml").write_text("[]\n", encoding="utf-8")
    (folder / "config.yaml").write_text(config, encoding="utf-8")
    return folder / "config.yaml"


def kept(grounds: Grounds, folder: Path) -> Kept:
    """As a snapshot keeps it."""
    for text in grounds.texts:
        place = folder / text.role / text.name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text.content)
    (folder / "config.yaml").write_text(grounds.config, encoding="utf-8")
    files = {role: tuple(folder / role / each.name for each in grounds.texts if each.role is role) for role in Role}
    return Kept(folder / "config.yaml", grounds.config_hash, files, grounds.texts, grounds.marks)


def test_what_is_kept_settles_as_it_was(tmp_path: Path) -> None:
    settled = settle(write(tmp_path), environ=ENVIRON)

    again = settle_again(kept(settled.grounds, tmp_path / "kept"), environ=ENVIRON)

    whole = {"azure", "exemptions"}
    assert again.settings.model_dump(exclude=whole) == settled.settings.model_dump(exclude=whole)
    assert again.rulebook.hashes == settled.rulebook.hashes
    assert again.rulebook.releases == settled.rulebook.releases
    assert again.rulebook.standing == settled.rulebook.standing
    assert [(rule.id, rule.params, rule.enabled) for rule in again.rulebook.rules] == [
        (rule.id, rule.params, rule.enabled) for rule in settled.rulebook.rules
    ]
    assert again.config_hash == settled.config_hash
    assert not since(kept(settled.grounds, tmp_path / "kept"), again.grounds)


def test_nothing_that_leads_into_azure_or_out_of_the_environment_is_kept(tmp_path: Path) -> None:
    config = settle(write(tmp_path), environ=ENVIRON).grounds.config

    assert yaml.safe_load(config)["azure"] == {"cloud": "public"}
    assert "AUDITOR_ACCESS_TOKEN" not in config and "token" not in config
    assert "${TITLE}" in config and "The title" not in config and "a remark" not in config
    assert "exemptions: exemptions/my exemptions.yaml" in config


@pytest.mark.parametrize("key", ["archive", "schedule", "deliver", "time_budget", "workers"])
def test_where_things_are_sent_and_kept_is_nobodys_business(key: str) -> None:
    assert needed_to_judge({key: "https://somewhere/?sig=x", "report": {}}) == {"report": {}}


def test_an_empty_configuration_stays_empty(tmp_path: Path) -> None:
    settled = settle(write(tmp_path, ""), environ={})

    assert settle_again(kept(settled.grounds, tmp_path / "kept"), environ={}).settings == settled.settings


def test_the_subscriptions_of_the_command_line_are_kept(tmp_path: Path) -> None:
    one = "11111111-1111-4111-a111-111111111111"
    settled = settle(write(tmp_path), subscriptions=[one.upper()], environ=ENVIRON)

    scope = settle_again(kept(settled.grounds, tmp_path / "kept"), environ=ENVIRON).settings.scope

    assert (scope.subscriptions, scope.management_groups) == ((one,), ())
    assert scope.exclude_subscriptions == settled.settings.scope.exclude_subscriptions


def test_the_example_configuration_is_read_again_as_it_was_written() -> None:
    document = parse_document("x", (ROOT / "config.example.yaml").read_bytes())
    written = needed_to_judge(document.value)

    assert parse_document("y", yaml.safe_dump(written, allow_unicode=True, sort_keys=False).encode()).value == written


def test_a_variable_that_is_not_set_when_judging_is_told(tmp_path: Path) -> None:
    settled = settle(write(tmp_path), environ=ENVIRON)

    with pytest.raises(SettingsRefused, match="TITLE is not set"):
        settle_again(kept(settled.grounds, tmp_path / "kept"), environ={})


def test_files_of_one_name_are_kept_apart(tmp_path: Path) -> None:
    for folder in ("a/x", "b/x"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "releases.yaml").write_text(f"[] # {folder}\n", encoding="utf-8")
    named = [tmp_path / "a/x/releases.yaml", tmp_path / "b/x/releases.yaml"]

    settled = settle(write(tmp_path), rules=named, environ=ENVIRON)

    tables = [each for each in settled.grounds.texts if each.role is Role.RELEASES]
    assert [each.name for each in tables] == ["releases.yaml", "x/releases.yaml", "again/x/releases.yaml"]
    assert [each.content for each in tables[1:]] == [each.read_bytes() for each in named]
    again = settle_again(kept(settled.grounds, tmp_path / "kept"), environ=ENVIRON)
    assert len(again.grounds.texts) == len(settled.grounds.texts)


def test_what_differs_is_told_by_what_it_is(tmp_path: Path) -> None:
    settled = settle(write(tmp_path), environ=ENVIRON)
    other = WHOLE.replace("releases: 1", "releases: 2").replace(
        "AMA-003: {enabled: false}", "AMA-001: {enabled: false}"
    )
    (tmp_path / "other.yaml").write_text(other, encoding="utf-8")
    (tmp_path / "my exemptions.yaml").write_text("[] # others\n", encoding="utf-8")

    again = settle_again(kept(settled.grounds, tmp_path / "kept"), config=tmp_path / "other.yaml", environ=ENVIRON)

    assert since(kept(settled.grounds, tmp_path / "kept"), again.grounds) == Changes(
        added=("AMA-003",), removed=("AMA-001",), changed=("AMA-002", "configuration", "exemptions")
    )


def test_changes_read_as_a_sentence() -> None:
    assert str(Changes(("c",), (), ("a", "b"))) == "changed: a, b; added: c"
    assert not Changes()


def of_old(**digests: str) -> Kept:
    """A snapshot of shipped files with these hashes."""
    texts = tuple(Text(Role.RULES, f"{name}.yaml", digest, True) for name, digest in digests.items())
    return Kept(Path("config.yaml"), "", {}, texts, {})


def test_shipped_rules_that_have_changed_since_are_told() -> None:
    shipped = {file.stem for file in rules_folder().glob("*.yaml") if not file.stem.endswith(".example")}

    told = shipped_since(of_old(**{"AMA-001": "old", "AMA-000": "old"}))

    assert (told.changed, told.removed) == (("AMA-001.yaml",), ("AMA-000.yaml",))
    assert told.added == tuple(sorted(f"{name}.yaml" for name in shipped - {"AMA-001"}))


def test_whoever_did_not_ask_for_the_shipped_rules_is_not_told_of_them() -> None:
    own = Text(Role.RULES, "OWN-001.yaml", "x", False)
    table = Text(Role.RELEASES, "releases.yaml", "old", True)

    assert not shipped_since(Kept(Path("config.yaml"), "", {}, (own, table), {}))
