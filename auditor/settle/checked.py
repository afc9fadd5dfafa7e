"""A part of a file against its model: pydantic finds the mistakes, and here they become sentences that help."""

from __future__ import annotations

import json
from collections.abc import Mapping
from inspect import isclass
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from auditor.settle.complaints import Complaints, did_you_mean, there_are
from auditor.settle.located import Document, Path, dotted

Model = TypeVar("Model", bound=BaseModel)

_SENTENCES = {
    "bool_type": "true or false is meant, without quotes",
    "int_type": "a whole number is meant, without quotes",
    "tuple_type": "a list is meant: write [one, two], or a line '- one' for each",
    "too_short": "the list is empty: write at least one entry",
    "string_too_short": "is empty: write a text",
    "none_required": "not yet: take it out",
    "too_long": "not yet: take it out",
}


def check(model: type[Model], document: Document, complaints: Complaints, path: Path = ()) -> Model | None:
    """What stands at ``path`` as a ``model``; None where it has mistakes, which are told to ``complaints``."""
    value = _without_empty(value_at(document.value, path), model)
    try:
        # Strict JSON mode: no text becomes a number, but lists become tuples and words members of their enumeration.
        return model.model_validate_json(json.dumps({} if value is None else value))
    except ValidationError as refused:
        for error in refused.errors(include_url=False, include_input=False):
            place = (*path, *error["loc"])
            if error["type"] == "too_short" and value_at(document.value, place):
                continue  # pydantic counts only what is right; what is wrong was told entry by entry
            complaints.add(document, place, _sentence(error, model, document, place, path))
        return None


def value_at(value: object, path: Path) -> object:
    """What stands at ``path`` below ``value``; None where nothing does."""
    for part in path:
        if isinstance(value, dict) and isinstance(part, str):
            value = value.get(part)
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            return None
    return value


def entries(document: Document, complaints: Complaints, *, of: str, begins: str) -> range:
    """The positions of a file that is a list ``of`` something; one that is none is told how an entry ``begins``."""
    if isinstance(document.value, list):
        return range(len(document.value))
    if document.readable:
        complaints.add(document, (), f"a list of {of} is meant: begin each with '- {begins}: ...'")
    return range(0)


def mapping(value: object) -> Mapping[str, object]:
    """``value`` where it is a mapping, else an empty one: what is no mapping was complained about by ``check``."""
    return value if isinstance(value, dict) else {}


def listed(value: object) -> list[object]:
    """The same for a list."""
    return value if isinstance(value, list) else []


def _sentence(error: ErrorDetails, model: type[BaseModel], document: Document, place: Path, top: Path) -> str:
    kind, context = error["type"], error.get("ctx", {})
    if kind == "extra_forbidden":
        known = _keys(_model_at(model, place[len(top) : -1]))
        return f"there is no such setting{did_you_mean(str(place[-1]), known)}"
    if kind == "missing":
        return f"is missing: write '{place[-1]}: ...' {_where(place[:-1])}"
    if kind == "value_error":
        return f"{shown(document, place)} {context['error']}"
    if kind in ("enum", "literal_error"):
        return _not_among(document, place, str(context["expected"]))
    if kind in ("string_type", "path_type"):
        return text_is_meant(document, place)
    if kind in ("model_type", "dict_type"):
        return _below(_keys(_model_at(model, place[len(top) :])) if kind == "model_type" else [])
    return _SENTENCES.get(kind, error["msg"])


def _below(keys: list[str]) -> str:
    example = f"'{keys[0]}: ...'" if keys else "'name: value'"
    return f"settings are meant here: write lines such as {example} below it{there_are(keys) if keys else ''}"


def _where(path: Path) -> str:
    if not path:
        return "in this file"
    return "in this entry" if isinstance(path[-1], int) else f"below {dotted(path)}"


def _not_among(document: Document, place: Path, expected: str) -> str:
    words = expected.replace("'", "").replace(" or ", ", ").split(", ")
    return f"{shown(document, place)} is not known here{did_you_mean(document.written(place) or '', words)}"


def shown(document: Document, path: Path) -> str:
    """The value as it is written, in quotes: never what an environment variable held."""
    written = document.written(path)
    if written is None:
        return "this"
    return repr(written) if isinstance(value_at(document.value, path), str) else written


def text_is_meant(document: Document, path: Path) -> str:
    """Why the value at ``path`` is no text, and how to make it one."""
    written = document.written(path)
    if written is None:
        return "a text is meant, not a list and not settings"
    if not written:
        return "is empty: write a text, or take the line out"
    return f'{written} is no text to YAML: write it in quotes, "{written}"'


def _model_at(model: type[BaseModel], path: Path) -> type[BaseModel]:
    for part in path:
        for name, field in model.model_fields.items():
            if part == (field.alias or name):
                model = _model_in(field.annotation) or model
    return model


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isclass(annotation) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part))), None)


def _keys(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def _without_empty(value: object, model: type[BaseModel] | None) -> object:
    """``value`` without the keys that nothing is written behind: they are left out, not wrong."""
    if isinstance(value, list):
        return [_without_empty(item, model) for item in value]
    if not isinstance(value, dict) or model is None:
        return value
    known = {field.alias or name: field.annotation for name, field in model.model_fields.items()}
    return {
        key: _without_empty(below, _model_in(known.get(key, model)))
        for key, below in value.items()
        if below is not None or key not in known
    }
