"""The rule language: what a rule may say, what becomes of it, and what is told where it is wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from auditor.model.rule import ALWAYS, AllOf, AnyOf, Comparison, Condition, Example, NoneOf, Operator, Rule
from auditor.model.verdict import Severity, Status
from auditor.model.version import Version
from tests.unit.settle.desk import RULE, Desk


def settled_rule(desk: Desk, text: str, config: str | None = None) -> Rule:
    desk.write("MY-001.yaml", text)
    (rule,) = desk.settle(config, rules=[Path("MY-001.yaml")], only_rules=True).rulebook.rules
    return rule


def with_expect(condition: str) -> str:
    return RULE.replace("params: {limit: 7d}\n", "").replace("{days_stopped: {under: $limit}}", condition)


def equals(column: str, value: str) -> Comparison:
    return Comparison(column, Operator.EQUALS, value)


@pytest.mark.parametrize(
    ("written", "condition"),
    [
        ("{os: {equals: linux}}", equals("os", "linux")),
        ("{tags.env: {not: prod}}", Comparison("tags.env", Operator.NOT, "prod")),
        ("{name: {matches: 'Azure*'}}", Comparison("name", Operator.MATCHES, "Azure*")),
        ("{auto_upgrade_minor: {equals: false}}", Comparison("auto_upgrade_minor", Operator.EQUALS, False)),
        ("{releases_behind: {at_most: 2}}", Comparison("releases_behind", Operator.AT_MOST, 2)),
        (
            "{installed_version: {at_least: '1.30'}}",
            Comparison("installed_version", Operator.AT_LEAST, Version.parse("1.30")),
        ),
        ("{silent_for: {over: 36h}}", Comparison("silent_for", Operator.OVER, timedelta(hours=36))),
        ("{on: {in: [machine, model]}}", Comparison("on", Operator.IN, ("machine", "model"))),
        (
            "{releases_behind: {over: 2, not_in: [4, 5]}}",
            AllOf(
                (
                    Comparison("releases_behind", Operator.OVER, 2),
                    Comparison("releases_behind", Operator.NOT_IN, (4, 5)),
                )
            ),
        ),
        (
            "{os: {equals: linux}, any_of: [{on: {equals: model}}, {none_of: [{on: {equals: machine}}]}]}",
            AllOf(
                (
                    equals("os", "linux"),
                    AnyOf((equals("on", "model"), NoneOf((equals("on", "machine"),)))),
                )
            ),
        ),
    ],
)
def test_a_condition_is_typed_by_its_columns(desk: Desk, written: str, condition: Condition) -> None:
    assert settled_rule(desk, with_expect(written)).expect == condition


def test_a_whole_rule(desk: Desk) -> None:
    rule = settled_rule(
        desk,
        """\
        id: MY-001
        title: {en: "At most {limit}", ja: "最大 {limit}"}
        severity: high
        frame: machines
        params: {limit: 7d}
        applies_to: {os: {equals: linux}}
        not_applicable:
          - {when: {kind: {equals: arc}}, code: arc, text: {en: "{name} is elsewhere"}}
        early_pending:
          - {when: {kind: {equals: vm}}, code: young, text: {en: "{name} is young"}}
        expect: {days_stopped: {under: $limit}}
        pending:
          - {when: {silent_for: {under: $limit}}, code: soon, text: {en: "Within {limit}"}}
        reasons:
          - {when: {os: {equals: linux}}, code: stopped, text: {en: "{tags.owner} knows"}, fix: upgrade_now}
          - {code: stopped, text: {en: "Stopped since {last_ran}"}}
        why: {en: Because}
        sources: [https://learn.microsoft.com/azure]
        examples:
          given: {os: linux, days_stopped: 1d, name: a}
          pass: [{name: null}]
          fail:
            - {days_stopped: {low: 7d}, last_ran: "2026-01-31T09:00:00+09:00", code: stopped}
        """,
    )
    last_ran = datetime(2026, 1, 31, tzinfo=UTC)
    assert rule.title == {"en": "At most 7d", "ja": "最大 7d"}
    assert rule.params == {"limit": timedelta(days=7)}
    assert rule.applies_to == equals("os", "linux")
    assert [clause.code for clause in (*rule.not_applicable, *rule.early_pending, *rule.pending)] == [
        "arc",
        "young",
        "soon",
    ]
    assert rule.pending[0].text == {"en": "Within 7d"}
    assert [(reason.code, reason.when, reason.fix) for reason in rule.reasons] == [
        ("stopped", equals("os", "linux"), "upgrade_now"),
        ("stopped", ALWAYS, None),
    ]
    given = {"os": "linux", "days_stopped": timedelta(days=1), "name": "a"}
    bounds = {"low": timedelta(days=7), "high": None}
    assert rule.examples == (
        Example(Status.FAIL, {**given, "days_stopped": bounds, "last_ran": last_ran}, "stopped", 23),
        Example(Status.PASS, {**given, "name": None}, None, 21),
    )
    assert rule.columns() == ("os", "kind", "days_stopped", "silent_for")


class TestTheConfigurationChanges:
    @pytest.mark.parametrize(
        ("written", "configured", "enabled"),
        [
            ("", "", True),
            ("enabled: true\n", "", True),
            ("enabled: false\n", "", False),
            ("enabled: false\n", "{enabled: true}", True),
            ("enabled: false\n", "{severity: info}", False),
            ("", "{enabled: false}", False),
        ],
    )
    def test_whether_a_rule_is_enabled_which_its_file_says_else(
        self, desk: Desk, written: str, configured: str, enabled: bool
    ) -> None:
        rule = settled_rule(desk, RULE + written, f"rules: {{MY-001: {configured or '{}'}}}")
        assert rule.enabled is enabled

    def test_whether_how_grave_and_where(self, desk: Desk) -> None:
        changes = "{enabled: false, severity: info, only: {resource_group: {matches: 'rg-*'}}}"
        rule = settled_rule(desk, RULE, f"rules: {{MY-001: {changes}}}")
        assert (rule.enabled, rule.severity) == (False, Severity.INFO)
        assert rule.only == Comparison("resource_group", Operator.MATCHES, "rg-*")
        assert rule.columns() == ("resource_group", "days_stopped")

    def test_a_parameter_in_conditions_and_texts(self, desk: Desk) -> None:
        text = RULE.replace("Stopped since", "Over {limit}, since")
        rule = settled_rule(desk, text, "rules: {MY-001: {params: {limit: 48h}}}")
        assert rule.params == {"limit": timedelta(hours=48)}
        assert rule.expect == Comparison("days_stopped", Operator.UNDER, timedelta(hours=48))
        assert rule.reasons[0].text == {"en": "Over 2d, since {last_ran}"}

    def test_nothing_of_a_rule_that_is_left_as_it_is(self, desk: Desk) -> None:
        assert settled_rule(desk, RULE, "rules: {MY-001: {}}") == settled_rule(desk, RULE)

    @pytest.mark.parametrize(
        ("config", "told"),
        [
            (
                "rules:\n  MY-002: {enabled: false}\n",
                "2: rules.MY-002: there is no rule 'MY-002'; there are: MY-001",
            ),
            (
                "rules:\n  MY-001: {params: {limt: 3d}}\n",
                "2: rules.MY-001.params.limt: the rule MY-001 has no parameter 'limt'; did you mean 'limit'?",
            ),
            (
                "rules:\n  MY-001: {params: {limit: 3}}\n",
                "2: rules.MY-001.params.limit: 3 is no duration: write a whole number and d, h, m or s, such as 7d",
            ),
            (
                "rules:\n  MY-001: {severity: urgent}\n",
                "2: rules.MY-001.severity: 'urgent' is not known here; there are: critical, high, medium, low, info",
            ),
            (
                "rules:\n  MY-001: {only: {group: {equals: x}}}\n",
                "2: rules.MY-001.only.group: the frame extensions has no column 'group'; there are: ",
            ),
            (
                "rules:\n  MY-001: {expect: {os: {equals: linux}}}\n",
                "2: rules.MY-001.expect: there is no such setting; there are: enabled, severity, params, only",
            ),
        ],
    )
    def test_only_what_it_may(self, desk: Desk, config: str, told: str) -> None:
        desk.write("MY-001.yaml", RULE)
        (line,) = desk.told(config, rules=[Path("MY-001.yaml")], only_rules=True)
        assert line.startswith(f"config.yaml:{told}")


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ("{}", "6: expect: a condition is meant: write 'column: {equals: value}', one or more"),
        ("[os]", "6: expect: a condition is meant: write 'column: {equals: value}', one or more"),
        (
            "{instaled_version: {equals: '1.2'}}",
            (
                "6: expect.instaled_version: the frame extensions has no column 'instaled_version'; did you mean "
                "'installed_version'?"
            ),
        ),
        ("{os: linux}", "6: expect.os: an operator is missing: write 'os: {equals: value}'"),
        ("{os: {is: linux}}", "6: expect.os.is: there is no operator 'is'; there are: equals, not, in, "),
        ("{os: {equal: linux}}", "6: expect.os.equal: there is no operator 'equal'; did you mean 'equals'?"),
        (
            "{os: {equals: mac}}",
            "6: expect.os.equals: 'mac' is none of the words of os (windows, linux)",
        ),
        (
            "{os: {over: linux}}",
            "6: expect.os.over: os is a word and has no order: use equals, not, in or not_in",
        ),
        (
            "{name: {at_least: a}}",
            "6: expect.name.at_least: name is a text and has no order: use equals, not, in or not_in",
        ),
        (
            "{releases_behind: {matches: '1*'}}",
            "6: expect.releases_behind.matches: releases_behind is a number, and matches is for texts: use",
        ),
        ("{os: {in: linux}}", "6: expect.os.in: in takes a list: write [one, two]"),
        ("{os: {in: []}}", "6: expect.os.in: in takes a list: write [one, two]"),
        (
            "{created_at: {over: 7d}}",
            "6: expect.created_at: times are not compared: use a duration such as days_stopped or silent_for",
        ),
        ("{tags: {equals: x}}", "6: expect.tags: tags are read one by one: write tags.NAME"),
        (
            "{installed_version: {at_least: 1.30}}",
            (
                "6: expect.installed_version.at_least: 1.30 is no version: write two to four numbers with dots "
                'between, in quotes, such as "1.30"'
            ),
        ),
        (
            "{days_stopped: {over: 7}}",
            "6: expect.days_stopped.over: 7 is no duration: write a whole number and d, h, m or s, such as 7d",
        ),
        (
            "{releases_behind: {over: '2'}}",
            "6: expect.releases_behind.over: '2' is no whole number: write it without quotes and without a point",
        ),
        (
            "{releases_behind: {over: true}}",
            "6: expect.releases_behind.over: true is no whole number: write it without quotes and without a point",
        ),
        (
            "{auto_upgrade_minor: {equals: 'true'}}",
            "6: expect.auto_upgrade_minor.equals: 'true' is neither true nor false: write one of these, without quotes",
        ),
        ("{name: {equals: 12}}", "6: expect.name.equals: 12 is no text to YAML: write it in quotes"),
        (
            "{extensions_read: {equals: yes}}",
            (
                '6: expect.extensions_read.equals: YAML reads yes without quotes as true or false: write "yes" in '
                "quotes where the word is meant, else true or false"
            ),
        ),
        (
            "{days_stopped: {over: $limit}}",
            "6: expect.days_stopped.over: '$limit' names no parameter under params, which is empty",
        ),
        (
            "{any_of: {os: {equals: linux}}}",
            "6: expect.any_of: any_of takes a list of conditions, each a line '- column: {equals: value}'",
        ),
        ("{all_of: []}", "6: expect.all_of: all_of takes a list of conditions"),
    ],
)
def test_each_mistake_of_a_condition_is_told(desk: Desk, condition: str, told: str) -> None:
    text = with_expect(condition).replace("expect", "sources: []\nexpect")
    (line,) = desk.told_of_rule(text)
    assert line.startswith(told)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("id: MY-001", "id: MY-1", "1: id: 'MY-1' is no rule id: write capital letters, a hyphen and three digits"),
        (
            "id: MY-001",
            "id: MY-007",
            "1: id: 'MY-007' stands in a file named 'MY-001': a rule's file is named by its id",
        ),
        (
            "{en: A rule}",
            "A rule",
            "2: title: settings are meant here: write lines such as 'en: ...' below it; there are",
        ),
        ("{en: A rule}", "{ja: 規則}", "2: title.en: is missing: write 'en: ...' below title"),
        ("{en: A rule}", "{en: A rule, de: x}", "2: title.de: there is no such setting; there are: en, ja"),
        (
            "{en: A rule}",
            "{en: 'Of {name}'}",
            "2: title.en: {name} is no parameter, and this text is about no single row",
        ),
        ("severity: low", "severity: lo", "3: severity: 'lo' is not known here; did you mean 'low'?"),
        ("frame: extensions", "frame: versions", "4: frame: 'versions' is not known here; did you mean 'extensions'?"),
        ("limit: 7d", "limit: week", "5: params.limit: 'week' is no duration: write a whole number and d, h, m or s"),
        (
            "{limit: 7d}",
            "{limit: 7d, more: 3}",
            "5: params.more: no condition refers to it: write $more in one, or take it out",
        ),
        ("limit", "silent_for", "5: params.silent_for: is the name of a column too: choose another name"),
        ("expect:", "expects:", "1: expect: is missing: write 'expect: ...' in this file"),
        ("stopped_long", "Stopped-Long", "8: reasons[0].code: 'Stopped-Long' is no reason code: write small letters"),
        ("stopped_long", "not_known", "8: reasons[0].code: 'not_known' is a code of the auditor's own: choose another"),
        (
            "{last_ran}",
            "{last_run}",
            "9: reasons[0].text.en: the frame extensions has no column 'last_run'; did you mean",
        ),
        ("{last_ran}", "{last_ran.low}", "9: reasons[0].text.en: the frame extensions has no column 'last_ran.low'"),
        ("{last_ran}", "{last_ran!r}", "9: reasons[0].text.en: the frame extensions has no column 'last_ran!r'"),
        ("{last_ran}", "{last_ran", "9: reasons[0].text.en: a brace stands alone: write {column}, with the name of a"),
        (
            "    text",
            "    when: {os: {equals: linux}}\n    text",
            "9: reasons[0].when: the last reason holds for all that is left: take its 'when' out",
        ),
        (
            "why:",
            "  - {code: other, text: {en: x}}\nwhy:",
            "8: reasons[0].when: is missing: only the last reason of a failure has no 'when'",
        ),
        (
            "why:",
            "pending: [{code: soon, text: {en: x}}]\nwhy:",
            "10: pending[0].when: is missing: only the last reason of a failure has no 'when'",
        ),
        (
            "why:",
            "pending: [{code: stopped_long, when: {os: {equals: linux}}, text: {en: x}}]\nwhy:",
            "8: reasons[0].code: 'stopped_long' is a code of pending already: one code means one verdict",
        ),
        (
            "why:",
            "pending: [{code: soon, when: {os: {equals: linux}}, text: {en: x}, fix: upgrade_now}]\nwhy:",
            "10: pending[0].fix: there is no such setting; there are: when, code, text",
        ),
        (
            "why:",
            "    fix: reboot\nwhy:",
            "10: reasons[0].fix: 'reboot' is no known fix; there are: assign_identity",
        ),
        ("why:", "sources: [http://example.com]\nwhy:", "10: sources[0]: 'http://example.com' is no page: write its"),
        ("why:", "examples: {passes: []}\nwhy:", "10: examples.passes: there is no such setting; did you mean 'pass'?"),
        ("why:", "examples: {pass: {os: linux}}\nwhy:", "10: examples.pass: a list is meant"),
        (
            "why:",
            "examples: {fail: [{os: mac}]}\nwhy:",
            "10: examples.fail[0].os: 'mac' is none of the words of os (windows, linux)",
        ),
        (
            "why:",
            "examples: {given: {latest: x}}\nwhy:",
            "10: examples.given.latest: the frame extensions has no column 'latest'; did you mean 'latest_version'?",
        ),
        (
            "why:",
            "examples: {fail: [{code: stoped_long}]}\nwhy:",
            "10: examples.fail[0].code: 'stoped_long' is no code of fail; did you mean 'stopped_long'?",
        ),
        (
            "why:",
            "examples: {pass: [{code: stopped_long}]}\nwhy:",
            "10: examples.pass[0].code: 'stopped_long' is no code of pass: take it out, pass has no code of the rule's",
        ),
        (
            "why:",
            "examples: {pass: [{days_stopped: {lo: 1d}}]}\nwhy:",
            "10: examples.pass[0].days_stopped: bounds are meant: write {low: ..., high: ...}, or one value",
        ),
        (
            "why:",
            "examples: {pass: [{created_at: 2026-01-31T00:00:00}]}\nwhy:",
            "10: examples.pass[0].created_at: '2026-01-31T00:00:00' is no time: write it with its offset, such as",
        ),
    ],
)
def test_each_mistake_of_a_rule_is_told(desk: Desk, old: str, new: str, told: str) -> None:
    lines = desk.told_of_rule(RULE.replace(old, new))
    assert any(line.startswith(told) for line in lines), lines


def test_a_code_that_is_missing_is_told_once(desk: Desk) -> None:
    written = RULE.replace("code: stopped_long", "codes: stopped_long")
    lines = desk.told_of_rule(written.replace("why:", "examples: {fail: [{code: stopped_long}]}\nwhy:"))
    assert [line.split(": ")[1] for line in lines] == ["reasons[0].code", "reasons[0].codes"]


def test_all_mistakes_of_a_rule_are_told_at_once(desk: Desk) -> None:
    lines = desk.told_of_rule(
        """\
        id: MY-001
        title: A rule
        severity: lo
        frame: extensions
        expect: {all_of: [{os: {equals: mac}}, {nam: {equals: x}}]}
        reasons:
          - {code: A, text: {en: "{nothing}"}}
        """
    )
    assert [line.split(": ")[1] for line in lines] == [
        "why",
        "title",
        "severity",
        "expect.all_of[0].os.equals",
        "expect.all_of[1].nam",
        "reasons[0].code",
        "reasons[0].text.en",
    ]


@pytest.mark.parametrize("text", ["", "just text", "- a list", "{}"])
def test_what_is_no_rule_at_all_is_told(desk: Desk, text: str) -> None:
    assert desk.told_of_rule(text)
