"""Texts by language. A parameter in braces is filled in here; a column in braces, by the judge, for each row."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta

from auditor.model.duration import write_duration
from auditor.model.rule import Value, Words
from auditor.settle.checked import mapping
from auditor.settle.conditions import Conditions
from auditor.settle.located import Path

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def read_words(written: object, parameters: Mapping[str, Value]) -> Words:
    """The text by language that is written there, its parameters filled in."""
    return {language: _filled(text, parameters).strip() for language, text in _texts(written).items()}


def check_words(written: object, path: Path, conditions: Conditions, *, of_row: bool) -> None:
    """Complain about a placeholder that names neither a parameter nor, where the text is about a row, a column."""
    for language, text in _texts(written).items():
        place = (*path, language)
        if set(_PLACEHOLDER.sub("", text)) & set("{}"):
            conditions.refuse(place, "a brace stands alone: write {column}, with the name of a column")
        for name in _PLACEHOLDER.findall(text):
            if name in conditions.parameters.written:
                continue
            if of_row:
                conditions.column(name, place)
            else:
                conditions.refuse(
                    place, f"{{{name}}} is no parameter, and this text is about no single row: take it out"
                )


def _texts(written: object) -> dict[str, str]:
    return {language: text for language, text in mapping(written).items() if isinstance(text, str)}


def _filled(text: str, parameters: Mapping[str, Value]) -> str:
    def value(found: re.Match[str]) -> str:
        known = parameters.get(found[1])
        if known is None:
            return found[0]
        return write_duration(known) if isinstance(known, timedelta) else str(known)

    return _PLACEHOLDER.sub(value, text)
