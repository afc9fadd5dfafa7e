"""Everything together: many files, all mistakes at once, hashes, packs, and nothing heavy imported."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from auditor.model.rule import Upgradable
from auditor.resources import rules_folder
from tests.unit.settle.desk import RULE, Desk

SHIPPED = [path.stem for path in sorted(rules_folder().glob("???-???.yaml"))]


def test_mistakes_of_all_files_are_told_at_once_and_sorted(desk: Desk) -> None:
    desk.write("exemptions.yaml", "- rule: AMA-001\n  resource: vm1\n  owner: Ann\n  reason: x\n  ticket: 17\n")
    desk.write("rules/MY-001.yaml", RULE.replace("under: $limit", "under: 7"))
    desk.write("rules/MY-002.yaml", "id: MY-002\n\tx")
    told = desk.told(
        """\
        azure: {cloud: publik}
        sources:
          lookback: 100d
        rules:
          MY-001: {params: {limits: 3d}}
        exemptions: exemptions.yaml
        time_budget: 2h  # without an archive
        """,
        rules=[Path("rules")],
    )
    assert [line.partition(": ")[0] + " " + line.split(": ")[1] for line in told] == [
        "config.yaml:1 azure.cloud",
        "config.yaml:3 sources.lookback",
        "config.yaml:5 rules.MY-001.params.limits",
        "config.yaml:7 time_budget",
        "exemptions.yaml:1 [0].expires",
        "exemptions.yaml:2 [0].resource",
        "exemptions.yaml:5 [0].ticket",
        "rules/MY-001.yaml:5 params.limit",
        "rules/MY-001.yaml:6 expect.days_stopped.under",
        "rules/MY-002.yaml:2 this is not YAML",
    ]


def test_a_broken_rule_file_does_not_make_what_names_it_wrong(desk: Desk) -> None:
    desk.write("MY-001.yaml", "id: [\n")
    desk.write("exemptions.yaml", EXEMPTION)
    told = desk.told("rules: {MY-001: {enabled: false}}\nexemptions: exemptions.yaml\n", rules=[Path("MY-001.yaml")])
    assert len(told) == 1
    assert told[0].startswith("MY-001.yaml:2: this is not YAML")


EXEMPTION = """\
- {rule: MY-001, resource: /subscriptions/x, owner: Ann, reason: x, ticket: T-1, expires: 2026-12-31}
"""


def test_every_file_has_its_hash(desk: Desk) -> None:
    desk.write("MY-001.yaml", RULE)
    desk.write("exemptions.yaml", EXEMPTION)
    config = "exemptions: exemptions.yaml\n"
    settled = desk.settle(config, rules=[Path("MY-001.yaml")])
    digests = {
        name: hashlib.sha256(text.encode()).hexdigest()
        for name, text in (("MY-001.yaml", RULE), ("exemptions.yaml", EXEMPTION))
    }
    shipped = {
        name: hashlib.sha256((rules_folder() / name).read_bytes()).hexdigest()
        for name in (*(f"{rule}.yaml" for rule in SHIPPED), "automatic-upgrade.yaml", "releases.yaml", "standing.yaml")
    }
    assert settled.rulebook.hashes == digests | shipped
    assert settled.config_hash == hashlib.sha256(config.encode()).hexdigest()
    assert desk.settle(None).config_hash == ""


class TestPacks:
    def test_named_rules_are_added_to_the_shipped_ones(self, desk: Desk) -> None:
        desk.write("pack/MY-001.yaml", RULE)
        desk.write("pack/MY-002.yml", RULE.replace("MY-001", "MY-002"))
        desk.write("pack/.hidden.yaml", "[")
        desk.write("pack/exemptions.example.yaml", "[")
        desk.write("pack/notes.txt", "[")
        book = desk.settle(None, rules=[Path("pack")]).rulebook
        assert [rule.id for rule in book.rules] == [*SHIPPED, "MY-001", "MY-002"]
        assert book.rules[len(SHIPPED)].path == "pack/MY-001.yaml"

    def test_only_rules_leaves_the_shipped_ones_out_and_keeps_what_holds_for_any_rule(self, desk: Desk) -> None:
        desk.write("MY-001.yaml", RULE)
        book = desk.settle(None, rules=[Path("MY-001.yaml")], only_rules=True).rulebook
        assert [rule.id for rule in book.rules] == ["MY-001"]
        shipped = desk.settle(None).rulebook
        assert (book.releases, book.standing) == (shipped.releases, shipped.standing)

    def test_a_packs_own_release_table_is_added(self, desk: Desk) -> None:
        desk.write("pack/MY-001.yaml", RULE)
        desk.write("pack/releases.yaml", '- {publisher: P, type: T, month: 2026-01, versions: ["2.0"]}\n')
        book = desk.settle(None, rules=[Path("pack")]).rulebook
        assert (book.releases[-1].publisher, book.releases[-1].versions) == ("P", ("2.0",))
        assert {"releases.yaml", "pack/releases.yaml"} <= set(book.hashes)

    def test_a_row_of_a_release_table_may_speak_of_some_kinds_of_machines(self, desk: Desk) -> None:
        desk.write("pack/releases.yaml", '- {type: T, versions: ["2.0"], withdrawn: true, kinds: [arc, arc]}\n')
        desk.write("pack/MY-001.yaml", RULE)
        assert desk.settle(None, rules=[Path("pack")]).rulebook.releases[-1].kinds == ("arc",)
        wrong = '- {type: T, versions: ["2.0"], kinds: [vmss]}\n- {type: T, versions: ["1.0"], kinds: []}\n'
        desk.write("pack/releases.yaml", wrong)
        told = desk.told(None, rules=[Path("pack")])
        assert told[0].startswith("pack/releases.yaml:1: [0].kinds[0]: 'vmss' is not known here")
        assert told[1] == "pack/releases.yaml:2: [1].kinds: the list is empty: write at least one entry"

    def test_a_packs_own_table_of_automatic_upgrade_is_added(self, desk: Desk) -> None:
        desk.write("pack/MY-001.yaml", RULE)
        desk.write("pack/automatic-upgrade.yaml", "- {publisher: Contoso, type: Thing, kinds: [vm]}\n")
        book = desk.settle(None, rules=[Path("pack")]).rulebook
        assert book.upgradable == (*desk.settle(None).rulebook.upgradable, Upgradable("Contoso", "Thing", ("vm",)))
        assert {"automatic-upgrade.yaml", "pack/automatic-upgrade.yaml"} <= set(book.hashes)

    def test_mistakes_in_it_are_told(self, desk: Desk) -> None:
        desk.write("pack/MY-001.yaml", RULE)
        desk.write("pack/automatic-upgrade.yaml", "- {publisher: Contoso, kind: Thing}\n")
        assert desk.told(None, rules=[Path("pack")]) == [
            "pack/automatic-upgrade.yaml:1: [0].kind: there is no such setting; did you mean 'kinds'?",
            "pack/automatic-upgrade.yaml:1: [0].type: is missing: write 'type: ...' in this entry",
        ]
        desk.write("pack/automatic-upgrade.yaml", "publisher: Contoso\n")
        assert desk.told(None, rules=[Path("pack")]) == [
            "pack/automatic-upgrade.yaml:1: a list of extensions is meant: begin each with '- publisher: ...'"
        ]

    def test_naming_a_file_twice_is_no_mistake(self, desk: Desk) -> None:
        path = desk.write("pack/MY-001.yaml", RULE)
        assert len(desk.settle(None, rules=[path, Path("pack")], only_rules=True).rulebook.rules) == 1

    def test_an_id_may_be_used_once_over_all_packs(self, desk: Desk) -> None:
        desk.write("AMA-001.yaml", RULE.replace("MY-001", "AMA-001"))
        assert desk.told(None, rules=[Path("AMA-001.yaml")]) == [
            (
                f"AMA-001.yaml:1: id: there is a rule AMA-001 in {rules_folder() / 'AMA-001.yaml'} already: "
                "choose another id"
            )
        ]

    def test_what_holds_no_rules_is_told(self, desk: Desk) -> None:
        (desk.folder / "empty").mkdir()
        assert desk.told(None, rules=[Path("nowhere"), Path("empty")]) == [
            "--rules: 'empty' holds no rules: they are files such as AMA-001.yaml",
            "--rules: 'nowhere' does not exist: name a rule's file, or a folder of them",
        ]

    def test_no_rules_at_all_is_told(self, desk: Desk) -> None:
        assert desk.told(None, only_rules=True) == ["--only-rules: no rules are left: name some with --rules PATH"]

    @pytest.mark.parametrize(
        ("table", "told"),
        [
            ("type: X\n", "pack/releases.yaml:1: a list of releases is meant: begin each with '- type: ...'"),
            (
                '- type: X\n  versions: ["1"]\n',
                (
                    "pack/releases.yaml:2: [0].versions[0]: '1' is not a version: write two to four numbers with dots "
                    'between, such as "1.38.1" or "1.37.x"'
                ),
            ),
        ],
    )
    def test_a_wrong_release_table_is_told(self, desk: Desk, table: str, told: str) -> None:
        desk.write("pack/releases.yaml", table)
        assert desk.told(None, rules=[Path("pack")]) == [told]


def test_settling_imports_nothing_heavy() -> None:
    code = (
        "import sys; from auditor.settle import settle; settle(None, environ={}); "
        "print(sorted({'pandas', 'azure', 'pyarrow', 'jinja2', 'openpyxl', 'numpy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
