"""``auditor init``: a place to start, which a night takes as it is."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from io import StringIO
from pathlib import Path

import pytest
import yaml

from auditor.cli import _parser, main
from auditor.cli.init.hosts import STATE, this_host
from auditor.cli.init.questions import SECRETS_FROM
from auditor.cli.init.template import commented_out, filled, switched_on
from auditor.judge import check_examples
from auditor.model.archive import Folder, place_of
from auditor.model.settings import CREDENTIAL_KEYS, Cloud, Credential, Settings
from auditor.resources import config_example, rules_folder
from auditor.settle import Settled, settle
from auditor.settle.schema import rule_schema
from tests.unit.cli.conftest import Command

FILES = ["config.yaml", "exemptions.yaml", "rules/OWN-001.yaml", "rules/rule.schema.json"]
NIGHTLY = ["systemd/auditor.service", "systemd/auditor.timer", "systemd/auditor-failed@.service", "crontab"]
ALL = sorted(FILES + NIGHTLY)
ID = "11111111-1111-4111-a111-111111111111"
OTHER = "22222222-2222-4222-a222-222222222222"
SECRETS = {"AUDITOR_CLIENT_SECRET": "x", "AUDITOR_ACCESS_TOKEN": "x"}


class Terminal(StringIO):
    """A person who has typed these lines."""

    def isatty(self) -> bool:
        return True


Answer = Callable[..., tuple[int, str, str]]


@pytest.fixture
def answer(command: Command, monkeypatch: pytest.MonkeyPatch) -> Answer:
    def type_in(*lines: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", Terminal("".join(f"{line}\n" for line in lines)))
        return command("init audit")

    return type_in


def settled(folder: Path, environ: Mapping[str, str] = SECRETS) -> Settled:
    return settle(folder / "config.yaml", rules=[folder / "rules"], environ=environ)


def written(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_without_a_terminal_it_takes_the_defaults_and_tells_the_next_commands(command: Command, folder: Path) -> None:
    code, out, err = command("init audit")

    assert (code, err) == (0, "")
    assert out.splitlines()[:-4] == [
        *(f"Wrote {Path('audit', name)}" for name in FILES + NIGHTLY),
        "",
        "Next:",
        f"  python -m auditor rules test --rules {Path('audit', 'rules')}",
        f"  python -m auditor doctor --config {Path('audit', 'config.yaml')} --rules {Path('audit', 'rules')}",
        f"  python -m auditor run --config {Path('audit', 'config.yaml')} --rules {Path('audit', 'rules')}",
    ]
    for line in out.splitlines()[-7:-4]:
        assert _parser().parse_args(shlex.split(line.strip().removeprefix("python -m auditor "))).command
    assert written(folder / "audit") == ALL


def test_it_tells_how_to_have_it_run_every_night(command: Command) -> None:
    _code, out, _err = command("init audit")

    assert out.splitlines()[-3] == "And every night, once that went well, by systemd or else by cron:"
    for line in out.splitlines()[-2:]:
        assert subprocess.run(["sh", "-n", "-c", line], check=False).returncode == 0


def test_what_it_writes_is_taken_as_it_is(command: Command, folder: Path) -> None:
    command("init audit --yes")

    made = settled(folder / "audit", {})

    nightly = {"archive": made.settings.archive, "schedule": made.settings.schedule}
    assert None not in nightly.values(), "without them nothing is ever due"
    assert made.settings == Settings(exemptions=folder / "audit" / "exemptions.yaml", **nightly)
    assert made.rulebook.exemptions == ()
    [own] = [rule for rule in made.rulebook.rules if rule.id == "OWN-001"]
    assert own.examples and check_examples(own) == []
    assert json.loads((folder / "audit/rules/rule.schema.json").read_bytes()) == rule_schema()
    archive = (folder / "audit/config.yaml").read_text("utf-8").partition("\narchive:\n")[2].partition("\n\n")[0]
    assert not re.search(r"^#", archive, re.MULTILINE), "what explains its lines stands with them"
    assert "# yaml-language-server: $schema=rule.schema.json" in (folder / "audit/rules/OWN-001.yaml").read_text(
        "utf-8"
    )


def test_nights_are_kept_beside_the_configuration_or_where_the_made_up_user_may_write(folder: Path) -> None:
    example = config_example().read_text("utf-8")
    mine, roots = (replace(this_host(folder), user=user, state=STATE) for user in ("me", ""))
    for name, host in (("mine", mine), ("roots", roots)):
        text = switched_on(example, "archive", {"url": json.dumps(host.archive)})
        (folder / name).write_text(text, encoding="utf-8")

    kept = [settle(folder / name, environ={}).settings.archive for name in ("mine", "roots")]

    places = [place_of(each.url) for each in kept if each]
    assert [each.path for each in places if isinstance(each, Folder)] == [folder / "archive", STATE / "archive"]


def test_the_exemptions_hold_once_the_signs_are_taken_away(command: Command, folder: Path) -> None:
    command("init audit")
    path = folder / "audit" / "exemptions.yaml"
    lines = path.read_text("utf-8").splitlines()
    entries = [line.removeprefix("# ") for line in lines if line.startswith(("# - ", "#   "))]

    path.write_text("\n".join(entries), encoding="utf-8")

    assert [entry.rule for entry in settled(folder / "audit").rulebook.exemptions] == ["AMA-001", "AMA-002"]
    assert all(isinstance(entry.expires, date) for entry in settled(folder / "audit").rulebook.exemptions)


def test_in_this_folder_where_none_is_named(command: Command, folder: Path) -> None:
    code, out, _err = command("init")

    assert code == 0
    assert written(folder) == ALL
    assert "  python -m auditor run --config config.yaml --rules rules" in out.splitlines()


# --- questions ---


def test_on_a_terminal_it_asks_and_writes_what_was_answered(answer: Answer, folder: Path) -> None:
    code, out, err = answer("usgovernment", "client_secret", ID, "contoso", f"{ID}, {OTHER}", "42 mg-prod", OTHER, ID)

    assert code == 0
    assert "AUDITOR_CLIENT_SECRET before each run." in out
    assert "Which cloud?" in err and "client_secret?" not in err, "a secret is never asked for"
    settings = settled(folder / "audit").settings
    assert (settings.azure.cloud, settings.azure.credential) == (Cloud.USGOVERNMENT, Credential.CLIENT_SECRET)
    assert (settings.azure.client_id, settings.azure.tenant_id) == (ID, "contoso")
    assert settings.scope.subscriptions == (ID, OTHER)
    assert settings.scope.management_groups == ("42", "mg-prod"), "a number is an id, too"
    assert settings.scope.expected_subscriptions == (OTHER,)
    assert settings.sources.heartbeats.workspaces == (ID,)
    assert "# How to get into Azure." in (folder / "audit/config.yaml").read_text("utf-8"), "the comments stay"


def test_empty_answers_are_the_defaults(answer: Answer, folder: Path) -> None:
    assert answer("", "", "", "", "", "")[0] == 0
    assert settled(folder / "audit", {}).settings.azure == Settings().azure


@pytest.mark.parametrize("kind", Credential)
def test_every_way_of_signing_in_is_written_so_that_it_is_taken(answer: Answer, folder: Path, kind: Credential) -> None:
    (folder / "audit").mkdir()
    (folder / "audit" / "my.pem").write_text("a certificate")
    values = {"client_id": ID, "tenant_id": ID, "certificate_path": "my.pem"}
    keys = sorted(set().union(*CREDENTIAL_KEYS[kind]) - set(SECRETS_FROM))

    code, _out, _err = answer("", kind, *(values[key] for key in keys), "", "", "", "")

    assert code == 0
    azure = settled(folder / "audit").settings.azure
    assert azure.credential is kind
    assert all(getattr(azure, key) for key in set().union(*CREDENTIAL_KEYS[kind]))


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (["publik", ""], "'publik' is not known here; did you mean 'public'?"),
        (["", "secret", "default"], "'secret' is not known here; did you mean 'client_secret'?"),
        (["", "client_certificate", ID, "nowhere.pem"], "'nowhere.pem' is not there; it is looked for in audit"),
        (["", "client_certificate", "", ID], "'' is empty: this way of signing in needs it"),
        (["", "managed_identity", "my-identity", ID], "'my-identity' is not an id: write the GUID"),
        (["", "", "Production", ""], "'Production' is not an id: write the GUID, such as"),
        (["", "", "", "My group!", ""], "is not a management group's id: write the id that the portal shows"),
    ],
)
def test_an_answer_that_would_be_refused_is_asked_for_again(answer: Answer, lines: list[str], told: str) -> None:
    _code, _out, err = answer(*lines, *[""] * 6)

    assert told in err


def test_questions_that_are_not_answered_leave_nothing_behind(answer: Answer, folder: Path) -> None:
    code, out, err = answer("public")

    assert (code, out) == (2, "")
    assert err.endswith("auditor init: not all questions were answered, so nothing was written; --yes asks none\n")
    assert written(folder) == []


# --- what is there ---


@pytest.mark.parametrize("name", FILES + NIGHTLY)
def test_nothing_that_is_there_is_written_over(command: Command, folder: Path, name: str) -> None:
    path = folder / "audit" / name
    path.parent.mkdir(parents=True)
    path.write_text("mine")

    code, out, err = command("init audit")

    assert (code, out) == (2, "")
    assert (
        err == f"{Path('audit', name)}: exists already, and nothing was written: name another folder, or move it away\n"
    )
    assert (written(folder / "audit"), path.read_text()) == ([name], "mine")


def test_a_folder_that_cannot_be_made_is_told(command: Command, folder: Path) -> None:
    (folder / "audit").write_text("a file")

    code, _out, err = command("init audit")

    assert code == 2
    assert err.startswith("audit could not be filled (")


# --- templates ---


def test_the_example_has_a_line_for_every_setting_that_is_asked_for() -> None:
    keys = ["cloud", "credential", "tenant_id", "client_id", "client_secret", "certificate_path", "token", "exemptions"]
    keys += ["subscriptions", "management_groups", "expected_subscriptions", "workspaces"]

    text = filled(config_example().read_text("utf-8"), dict.fromkeys(keys, "[x]"))

    assert text.count(": [x]") == len(keys)
    told = yaml.safe_load(text)
    assert (told["scope"]["subscriptions"], told["sources"]["heartbeats"]["workspaces"]) == (["x"], ["x"])


def test_a_key_without_a_line_is_not_passed_over() -> None:
    with pytest.raises(ValueError, match="has not one line for colour"):
        filled("cloud: public\n", {"colour": "red"})


def test_a_section_without_a_comment_to_switch_on_is_not_passed_over() -> None:
    with pytest.raises(ValueError, match="has no section archive"):
        switched_on("archive:\n  url: a\n\n", "archive", {"url": "b"})


@pytest.mark.parametrize("name", ["a\nb", "a ", "a\tb"])
def test_a_folder_that_no_crontab_can_name_is_refused_before_anything_is_written(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    code = main(["init", name, "--yes"])

    assert code == 2
    assert "holds a character that no crontab can name: choose another folder" in capsys.readouterr().err
    assert written(folder) == []


def test_comments_and_empty_lines_stay_as_they_are() -> None:
    assert commented_out("# a\n\n- b: c\n  d: e\n") == "# a\n\n# - b: c\n#   d: e\n"


def test_the_shipped_rule_is_an_example_and_no_rule_of_the_pack() -> None:
    assert (rules_folder() / "OWN-001.example.yaml").is_file()
    assert "OWN-001" not in {rule.id for rule in settle(None, environ={}).rulebook.rules}
