"""YAML read strictly, with lines."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.settle.located import MAX_BYTES, MAX_DEPTH, Document, dotted, parse_document, read_document


def read(text: str | bytes) -> Document:
    return parse_document("f.yaml", text.encode() if isinstance(text, str) else text)


def mistakes(text: str | bytes) -> list[str]:
    return [str(problem) for _, problem in read(text).mistakes]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("true", True),
        ("False", False),
        ("17", 17),
        ("-3", -3),
        ("1.30", 1.3),
        ("~", None),
        ("", None),
        ("null", None),
        ("none", "none"),
        ("1.35.1", "1.35.1"),
        ("2026-01-31", "2026-01-31"),
        ("2026-01-31T00:00:00Z", "2026-01-31T00:00:00Z"),
        ("0777", "0777"),
        ("0x1F", "0x1F"),
        ("12:30", "12:30"),
        ("1_000", "1_000"),
        ("1e3", "1e3"),
        (".inf", ".inf"),
        ("'yes'", "yes"),
        ('"1.30"', "1.30"),
        ("text of several words", "text of several words"),
    ],
)
def test_plain_values_are_what_they_look_like(written: str, value: object) -> None:
    document = read(f"key: {written}")
    assert document.value == {"key": value}
    assert type(document.value["key"]) is type(value)
    assert not document.mistakes


@pytest.mark.parametrize("word", ["yes", "No", "ON", "off", "y", "N"])
def test_words_that_some_readers_take_for_true_or_false_are_refused(word: str) -> None:
    assert mistakes(f"a: 1\nkey: {word}") == [
        (
            f"f.yaml:2: key: YAML reads {word} without quotes as true or false: "
            f'write "{word}" in quotes where the word is meant, else true or false'
        )
    ]


def test_a_key_is_its_written_text() -> None:
    assert read("on: 1\nyes: 2\n1.30: 3\nnull: 4\n").value == {"on": 1, "yes": 2, "1.30": 3, "null": 4}


def test_every_value_knows_its_line_and_its_text() -> None:
    document = read("a:\n  b:\n    - x\n    -\n      c: 1.30\n")
    assert document.line(("a", "b", 0)) == 3
    assert document.line(("a", "b", 1, "c")) == 5
    assert document.written(("a", "b", 1, "c")) == "1.30"
    assert document.line(("a", "nothing", "below")) == 1
    assert dotted(("a", "b", 1, "c")) == "a.b[1].c"


def test_a_key_that_is_written_twice_names_both_lines_and_the_first_counts() -> None:
    document = read("a:\n  b: 1\n  c: 2\n  b: [3, {x: 4}]\nd: 5")
    assert document.value == {"a": {"b": 1, "c": 2}, "d": 5}
    assert [str(problem) for _, problem in document.mistakes] == [
        "f.yaml:4: a.b: is written twice, first on line 2: keep one of the two"
    ]


def test_merge_keys_are_refused() -> None:
    told = mistakes("base: &b {x: 1}\nmore:\n  <<: *b\n")
    assert told == ["f.yaml:3: more.<<: merge keys are not read: write the settings out"]


def test_tags_are_refused() -> None:
    assert mistakes("a: !!python/object/apply:os.system [ls]\nb: !!str 5\n") == [
        (
            "f.yaml:1: a: the tag 'tag:yaml.org,2002:python/object/apply:os.system' is not read: "
            "take it out, and use quotes for text"
        ),
        "f.yaml:2: b: the tag 'tag:yaml.org,2002:str' is not read: take it out, and use quotes for text",
    ]


def test_a_second_document_is_refused() -> None:
    told = mistakes("a: 1\n---\nb: 2\n")
    assert told == ["f.yaml:2: a second document begins here: take out the line '---', or split the file"]


def test_a_list_as_a_key_is_refused() -> None:
    assert mistakes("? [1, 2]\n: x\n") == ["f.yaml:1: a key must be plain text: write it as 'name: value'"]


def test_an_alias_stands_for_what_it_refers_to() -> None:
    document = read("a: &x [1, {b: 2}]\nc: *x\n")
    assert document.value == {"a": [1, {"b": 2}], "c": [1, {"b": 2}]}
    assert document.line(("c",)) == 2
    assert not document.mistakes


def test_aliases_that_explode_are_refused() -> None:
    laughs = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    laughs += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    told = mistakes("\n".join(laughs))
    assert len(told) == 1
    assert "the aliases (*name) grow to more than 5000 values: write them out instead" in told[0]


def test_an_alias_of_what_it_stands_in_is_refused() -> None:
    told = mistakes("a: &x\n  - 1\n  - *x\n")
    assert told == ["f.yaml:3: the alias *x stands before or inside what it refers to: write it out"]


def test_an_anchor_made_anew_cannot_hide_a_circle() -> None:
    assert len(mistakes("- &a [1]\n- &b [*a]\n- &a [*b]\n- *a\n")) == 1


@pytest.mark.parametrize("text", ["[" * 5000, "a: " + "[" * (MAX_DEPTH + 1)], ids=["open", "deep"])
def test_what_is_nested_too_deep_is_refused(text: str) -> None:
    assert mistakes(text) == [f"f.yaml:1: nested more than {MAX_DEPTH} deep: write it flatter"]


def test_as_deep_as_allowed_is_read() -> None:
    assert mistakes("[" * MAX_DEPTH + "1" + "]" * MAX_DEPTH) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"a: 1\nb: \xff\xfe", "f.yaml:2: this is not UTF-8 text: save the file as UTF-8"),
        ("a: \x01", "f.yaml:1: this is not YAML: it holds characters that text does not; save it as plain text"),
        (
            "a:\n\t- b",
            (
                "f.yaml:2: this is not YAML: found character that cannot start any token; indent with blanks, never "
                "with tabs, and put text that begins with a sign such as @ or % in quotes"
            ),
        ),
        (
            "a: 1\nb: c: d",
            (
                "f.yaml:2: this is not YAML: mapping values are not allowed in this context; "
                "put text that holds ': ' in quotes, and check the indentation"
            ),
        ),
        (
            "a: [1,\nb: 2\n",
            (
                "f.yaml:3: this is not YAML: did not find expected ',' or ']'; "
                "check brackets, quotes and indentation here and in the lines above"
            ),
        ),
    ],
)
def test_what_is_not_yaml_is_told_with_its_line_and_what_to_do(text: str | bytes, told: str) -> None:
    assert mistakes(text) == [told]
    assert not read(text).readable


def test_a_byte_order_mark_is_no_mistake() -> None:
    assert read(b"\xef\xbb\xbfa: 1").value == {"a": 1}


def test_an_empty_file_is_nothing_and_no_mistake() -> None:
    document = read("# only a comment\n")
    assert document.value is None
    assert document.readable


def test_a_large_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "large.yaml"
    path.write_bytes(b"#" * (MAX_BYTES + 1))
    assert [problem.sentence for _, problem in read_document(path).mistakes] == [
        "is larger than 2 MB and was not read: split it"
    ]


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    ((_, problem),) = read_document(tmp_path).mistakes
    assert problem.sentence.startswith("cannot be read (Is a directory)")


@given(st.text(max_size=200))
def test_no_text_breaks_the_reader(text: str) -> None:
    document = read(text.encode("utf-8", "surrogatepass"))
    assert document.readable or document.mistakes


@given(
    st.recursive(st.none() | st.integers(0, 9) | st.just("a"), lambda below: st.lists(below, max_size=4), max_leaves=20)
)
def test_flow_lists_come_out_as_they_are_written(value: object) -> None:
    assert read(str(value).replace("None", "null").replace("'", "")).value == value
