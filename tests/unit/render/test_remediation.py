"""The scripts of a night: what they hold, what they tell before they do anything, and what they give to az."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from auditor.model.remedy import Act, Remedy, Script, Step
from auditor.model.report import Finding, Portion, Report
from auditor.model.verdict import Status
from auditor.render.folder import write_folder
from auditor.render.remediation import SUBSCRIPTIONS_NAMED
from tests.shells import HOSTILE, errors_in_powershell, recorded, run_bash
from tests.unit.render import sample

URL = "/subscriptions/1/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/{}/extensions/AMA?api-version=1"
ARC = "/subscriptions/1/resourceGroups/rg/providers/Microsoft.HybridCompute/machines/a/upgradeExtensions?api-version=1"


def asking(*steps: Step, number: int = 0, **changes: object) -> Finding:
    return sample.finding(number, remedy=Remedy("Words.", steps=steps), **changes)


def enabling(machine: str = "web-1") -> Step:
    return Step(Act.ENABLE, (URL.format(machine),))


def of_each_act() -> list[Finding]:
    return [
        asking(enabling(), number=1),
        asking(Step(Act.ANEW, (URL.format("old"), "1.38")), number=2),
        asking(Step(Act.ARC_UPGRADE, (ARC, '{"extensionTargets":{}}', URL.format("a"))), number=3),
        asking(Step(Act.UPDATE_ONE, ("1", "rg", "pool", "0")), number=4),
        asking(Step(Act.UPDATE_BEHIND, ("1", "rg", "pool")), number=5),
    ]


def report(*findings: Finding) -> Report:
    return replace(sample.report(1), verdicts=lambda: [Portion(findings)], findings_total=len(findings))


def written(folder: Path, *findings: Finding) -> Path:
    return write_folder(report(*findings), folder / "report", ()) / "remediation"


def test_a_night_without_failing_rows_has_no_scripts(tmp_path: Path) -> None:
    accepted = asking(enabling(), status=Status.EXEMPT)
    place = written(tmp_path, sample.finding(), accepted, sample.finding(2, status=Status.PASS))
    assert not place.exists()


def test_one_script_a_kind_and_shell(tmp_path: Path) -> None:
    place = written(tmp_path, *of_each_act())
    assert {path.name for path in place.iterdir()} == {f"{kind}.{end}" for kind in Script for end in ("sh", "ps1")}
    assert all(os.access(path, os.X_OK) for path in place.glob("*.sh"))


def test_what_two_rows_ask_for_is_done_once_and_counted_as_two_rows(tmp_path: Path) -> None:
    again = Step(Act.ENABLE, (URL.format("WEB-1"),))
    place = written(tmp_path, asking(enabling(), rule_id="AMA-001"), asking(again), asking(enabling("web-2"), number=1))
    text = (place / "enable-automatic-upgrade.sh").read_text("utf-8")
    assert "\nsteps=2\n" in text and text.count("\nstep ") == 2
    assert "# It does 2 thing(s) for 3 failing row(s) (AMA-001: 1, AMA-002: 2),\n" in text


def accepting(*steps: Step, number: int = 0) -> Finding:
    return asking(*steps, number=number, status=Status.EXEMPT)


def test_what_an_exemption_accepts_is_left_alone_whichever_row_asks_for_it(tmp_path: Path) -> None:
    """That automatic upgrade is off was accepted; a rule over versions fails on the same extension."""
    accepted = accepting(Step(Act.ENABLE, (URL.format("WEB-1"),)))
    place = written(tmp_path, asking(enabling()), asking(enabling("web-2"), number=1), accepted)
    for ending in ("sh", "ps1"):
        text = (place / f"enable-automatic-upgrade.{ending}").read_text("utf-8")
        assert "/web-2/" in text and "/web-1/" not in text.lower()
        assert "# Left out: 1 failing row(s), because an exemption accepts what" in text
        assert "# It does 1 thing(s) for 1 failing row(s) (AMA-002: 1),\n# on 1 machine(s)" in text
    assert "\nsteps=1\nenable_upgrade_steps=1\n" in (place / "enable-automatic-upgrade.sh").read_text("utf-8")


def test_where_all_is_accepted_there_is_no_script(tmp_path: Path) -> None:
    assert not written(tmp_path, asking(enabling()), accepting(enabling())).exists()


def test_an_accepted_instance_keeps_its_whole_scale_set_from_being_updated_at_once(tmp_path: Path) -> None:
    rows = [
        asking(Step(Act.UPDATE_BEHIND, ("1", "rg", "pool"))),
        asking(Step(Act.UPDATE_BEHIND, ("1", "rg", "other"))),
        asking(Step(Act.UPDATE_ONE, ("1", "rg", "pool", "0"))),
        accepting(Step(Act.UPDATE_ONE, ("1", "RG", "Pool", "7"))),
    ]
    text = (written(tmp_path, *rows) / "update-instances.sh").read_text("utf-8")
    assert "update_behind 1 rg other\n" in text and "update_behind 1 rg pool" not in text
    assert "update_instance 1 rg pool 0\n" in text


def test_a_row_of_which_one_step_is_accepted_is_left_out_of_every_script(tmp_path: Path) -> None:
    """An instance is not updated to a model that stays as it is."""
    both = asking(enabling("model"), Step(Act.UPDATE_ONE, ("1", "rg", "pool", "0")))
    assert not written(tmp_path, both, accepting(enabling("model"), number=1)).exists()


def test_a_dry_run_tells_what_it_would_do_and_calls_nobody(tmp_path: Path) -> None:
    place = written(tmp_path, *of_each_act())
    for script in Script:
        assert recorded(f"exec bash {place / script}.sh", tmp_path / "empty") == []
    told = run_bash(f"bash {place}/upgrade-now.sh", tmp_path).stdout.decode()
    assert "[1/2] vm-app-002 (会計システム, running)\n  would read the settings, tags and all else of " in told
    assert told.endswith("Nothing was changed: this was a dry run over 2. Run it with --apply to do it.\n")


def test_what_is_put_anew_waits_for_the_statement_and_an_unknown_option_does_nothing(tmp_path: Path) -> None:
    place = written(tmp_path, *of_each_act())
    for options, sentence in (("--apply", "1 of the 2 extensions would be put anew"), ("--aply", "is not an option")):
        done = run_bash(f"bash {place}/upgrade-now.sh {options}", tmp_path)
        assert (done.returncode, done.stdout) == (2, b"")
        assert done.stderr.decode().startswith("Nothing was done") and sentence in done.stderr.decode()


def test_no_script_takes_an_option_of_another(tmp_path: Path) -> None:
    place = written(tmp_path, *of_each_act())
    done = run_bash(f"bash {place}/update-instances.sh --apply --no-protected-settings", tmp_path)
    assert (done.returncode, done.stdout) == (2, b"")


def test_where_only_arc_is_upgraded_no_statement_is_asked_for(tmp_path: Path) -> None:
    place = written(tmp_path, of_each_act()[2])
    calls = recorded(f"bash {place}/upgrade-now.sh --apply >/dev/null 2>&1", tmp_path / "empty")
    assert [word for word in calls[1] if word in ("post", ARC, '{"extensionTargets":{}}')] == [
        "post",
        ARC,
        '{"extensionTargets":{}}',
    ]


def test_updates_of_instances_stop_at_the_first_that_fails(tmp_path: Path) -> None:
    place = written(
        tmp_path, *(asking(Step(Act.UPDATE_ONE, ("1", "rg", "pool", str(at))), number=at) for at in range(3))
    )
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    (bin_folder / "az").write_text("#!/usr/bin/env bash\nexit 1\n", encoding="utf-8")
    (bin_folder / "az").chmod(0o755)
    done = run_bash(f"bash {place}/update-instances.sh --apply", tmp_path)
    assert done.returncode == 1
    assert "Stopped after 1 that failed one after the other. Not tried: 2." in done.stderr.decode()


LOSING = """\
#!/usr/bin/env bash
case $* in
  *provisioningState*) echo Succeeded ;;
  *patch*) touch patched ;;
  *properties.settings*) [ -e patched ] && echo '[null]' || echo '[{"identity":"mine"}]' ;;
esac
"""
"""An Azure that loses the settings with the first PATCH."""


def test_where_azure_loses_settings_all_the_same_no_further_row_is_touched(tmp_path: Path) -> None:
    place = written(tmp_path, *(asking(enabling(f"web-{at}"), number=at) for at in range(3)))
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "az").write_text(LOSING, encoding="utf-8")
    (tmp_path / "bin" / "az").chmod(0o755)
    done = run_bash(f"bash {place}/enable-automatic-upgrade.sh --apply", tmp_path)
    assert done.returncode == 1 and b"[2/3]" not in done.stdout
    assert b'Before: [{"identity":"mine"}]' in done.stderr and b"Now: [null]" in done.stderr


def test_az_is_given_hostile_names_as_they_are(tmp_path: Path) -> None:
    names = [name.encode("utf-8", "replace").decode() for name in HOSTILE if not name.startswith("@")]
    rows = [
        asking(Step(Act.UPDATE_ONE, ("1", name, name, name)), number=at, machine_name=name, subscription_name=name)
        for at, name in enumerate(names)
    ]
    place = written(tmp_path, *rows)
    calls = recorded(f"bash {place}/update-instances.sh --apply >/dev/null", tmp_path / "empty")
    assert calls == [
        ["vmss", "update-instances", "--only-show-errors", "--subscription=1", f"--resource-group={name}",
         f"--name={name}", f"--instance-ids={name}", "--output", "none"]
        for name in names
    ]  # fmt: skip


def test_a_name_that_az_would_take_for_a_file_is_left_to_the_portal(tmp_path: Path) -> None:
    place = written(tmp_path, asking(Step(Act.UPDATE_BEHIND, ("1", "@passwd", "pool"))))
    done = run_bash(f"bash {place}/update-instances.sh --apply", tmp_path)
    assert done.returncode == 1 and "update the instances in the portal" in done.stderr.decode()


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_stay_in_their_comment_and_label(name: str, tmp_path: Path) -> None:
    """Both shells: what is told of a row is one line of a comment, or one quoted text."""
    rows = [each._replace(machine_name=name, subscription_name=name, machine_id=name) for each in of_each_act()]
    place = written(tmp_path, *rows)
    for script in Script:
        assert recorded(f"exec bash {place / script}.sh >/dev/null", tmp_path / "empty") == []
        powershell = (place / f"{script}.ps1").read_text("utf-8")
        assert errors_in_powershell(powershell) == {}
        head, _blank, rest = powershell.partition("\n\n")
        assert all(line.startswith("#") for line in head.splitlines())
        assert rest.startswith("#Requires -Version 7.2\n") and "#Requires -Version 99" not in head.splitlines()


def test_a_head_names_many_subscriptions_and_counts_the_rest(tmp_path: Path) -> None:
    many = [
        asking(enabling(str(at)), number=at, subscription_id=f"{at:05}", subscription_name=f"s{at:05}")
        for at in range(SUBSCRIPTIONS_NAMED + 3)
    ]
    text = (written(tmp_path, *many) / "enable-automatic-upgrade.ps1").read_text("utf-8")
    assert text.count("\n#   - s") == SUBSCRIPTIONS_NAMED
    assert f"in {SUBSCRIPTIONS_NAMED + 3} subscription(s):" in text and "\n#   - ...\n" in text


def test_a_later_night_without_failing_rows_takes_the_scripts_away(tmp_path: Path) -> None:
    assert written(tmp_path, *of_each_act()).exists()
    assert not written(tmp_path, sample.finding()).exists()
