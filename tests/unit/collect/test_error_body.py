"""Code and message of errors in every form: a person reads the message, so no markup and no raw JSON gets through."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.collect.error_body import ErrorBody, from_json, read_error

NESTED = {"error": {"code": "Outer", "message": json.dumps({"error": {"code": "Inner", "message": "The cause."}})}}
FORMS: list[tuple[object, tuple[str, str]]] = [
    ({"error": {"code": "A", "message": "b"}}, ("A", "b")),
    ({"code": "A", "message": "b"}, ("A", "b")),
    ({"Code": "A", "Message": "b", "Target": None, "Details": [{"Message": "b"}], "Innererror": None}, ("A", "b")),
    ({"odata.error": {"code": "A", "message": {"lang": "en", "value": "b"}}}, ("A", "b")),
    ({"ErrorCode": "A", "Message": {"Language": "en-US", "Value": "b"}, "Values": []}, ("A", "b")),
    ({"errors": [{"code": "A", "message": "b", "detail": None}]}, ("A", "b")),
    ([{"error": {"code": "A", "message": "b"}}], ("A", "b")),
    ({"error": "invalid_client", "error_description": "b"}, ("invalid_client", "b")),
    ({"error": {"code": 429, "message": "b"}}, ("429", "b")),
    ({"error": {"code": "A"}}, ("A", "")),
    ({"Message": "An error has occurred."}, ("", "An error has occurred.")),
    ({"error": {"code": "A", "message": None, "details": None}}, ("A", "")),
    ({"error": {"code": "A", "message": ["b"]}}, ("A", "")),
    ({"error": {"code": None, "message": {"deeper": "b"}}}, ("", "")),
    ({"error": None}, ("", "")),
    ({"error": {}}, ("", "")),
    ({"error": []}, ("", "")),
    (NESTED, ("Outer", "The cause.")),
    ({"code": "A", "message": "b", "innererror": {"message": "c", "innererror": {"message": "d"}}}, ("A", "d")),
    ({"code": "A", "message": "b", "details": [{"message": "c"}, {"message": "b"}, None, 7]}, ("A", "b c")),
    ({"code": "A", "message": "b", "details": [{"code": "x", "innererror": {"message": "c"}}]}, ("A", "b c")),
    ("only words", ("", "only words")),
    (None, ("", "")),
    (7, ("", "7")),
    ([], ("", "")),
    ({}, ("", "")),
]  # fmt: skip


@pytest.mark.parametrize(("body", "told"), FORMS)
def test_a_form_of_json(body: object, told: tuple[str, str]) -> None:
    read = read_error(json.dumps(body).encode(), "application/json")
    assert (read.code, read.message) == told


def test_where_the_message_is_for_the_support_desk_the_details_tell() -> None:
    support = "Please provide below info when asking for support: timestamp = 2026-11-22T03:00:17Z, correlationId = 7."
    details = [{"code": "Large", "message": "Too much."}, {"code": None, "message": "Ask less."}, {"message": "x"}, 7]
    body = {"error": {"code": "BadRequest", "message": support, "details": details}}
    assert from_json(body) == ErrorBody("BadRequest", "Too much. Ask less. x", ("Large",))
    assert from_json({"error": {"code": "BadRequest", "message": support}}) == ErrorBody("BadRequest", "")


@pytest.mark.parametrize("wrapping", [(b'{"error":', b"}"), (b"[", b"]")])
def test_what_is_wrapped_without_end_tells_nothing(wrapping: tuple[bytes, bytes]) -> None:
    begin, end = (each * 1_000 for each in wrapping)
    assert read_error(begin + b'{"code": "A", "message": "b"}' + end) == ErrorBody("", "")


def test_a_byte_order_mark_is_no_part_of_it() -> None:
    assert read_error(b'\xef\xbb\xbf{"code": "A", "message": "b"}') == ErrorBody("A", "b")


TEXTS = {
    b"": "",
    b" \r\n": "",
    b"upstream request timeout": "upstream request timeout",
    b'{"error": {"code": "A", "mess': "",
    b"\xff\xfe": "\ufffd\ufffd",
    b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>": "502 Bad Gateway",
    b"<!-- a proxy --><HTML><TITLE>Access &amp; Identity</TITLE></HTML>": "Access & Identity",
    b"<html><title>AzureResourceManager</title><h2 class='x'>Our services <b>rest</b></h2></html>": "Our services rest",
    b"<html><title> </title><style>p {color: red}</style><p>Come back\r\nlater</p></html>": "Come back later",
    b"<?xml version='1.0'?><Error><Code>A</Code><Message>Denied.</Message></Error>": "A Denied.",
    b"<h1>Too late</h1>": "Too late",
}


@pytest.mark.parametrize("body", TEXTS)
def test_a_form_that_is_no_json(body: bytes) -> None:
    assert read_error(body, "text/html") == ErrorBody("", TEXTS[body])
    assert read_error(body) == ErrorBody("", TEXTS[body])


def test_a_page_that_is_plain_text_after_all() -> None:
    assert read_error(b"The gateway is closed.", "text/html") == ErrorBody("", "The gateway is closed.")


KEYS = st.sampled_from(["error", "errors", "code", "message", "Message", "details", "innererror", "value", "Code"])
LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["<p>", '{"message": "x"}'])
BODIES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4))


@given(BODIES)
def test_whatever_it_is_it_becomes_two_texts(body: Any) -> None:
    told = from_json(body)
    assert isinstance(told.code, str) and isinstance(told.message, str)


@given(st.binary(max_size=60))
def test_whatever_bytes_come_they_become_two_texts(body: bytes) -> None:
    told = read_error(body)
    assert isinstance(told.message, str) and not told.message.startswith("{")
