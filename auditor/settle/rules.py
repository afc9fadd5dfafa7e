"""Rule files -> Rules: what can be wrong with a rule is found here, before anything is fetched."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path as File

from auditor.model.dataset import JUDGED, rule_column
from auditor.model.rule import ALWAYS, Clause, Condition, Rule, Value
from auditor.model.settings import RuleOverride
from auditor.settle.checked import check, listed, mapping, value_at
from auditor.settle.complaints import Complaints, did_you_mean, there_are
from auditor.settle.conditions import Conditions, Parameter
from auditor.settle.config import Configuration
from auditor.settle.examples import read_examples
from auditor.settle.located import Document, Path
from auditor.settle.shape import SECTIONS, RuleShape
from auditor.settle.texts import check_words, read_words


def read_rules(documents: list[Document], config: Configuration, complaints: Complaints) -> tuple[Rule, ...]:
    """The rules of ``documents``, sorted by id, with what ``config`` changes of them; mistakes go to ``complaints``."""
    seen: dict[str, str] = {}
    rules = []
    for document in documents:
        name = value_at(document.value, ("id",))
        if isinstance(name, str) and name in seen:
            complaints.add(document, ("id",), f"there is a rule {name} in {seen[name]} already: choose another id")
            continue
        if document.readable:
            seen[str(name)] = document.file
            rules.append(_read_rule(document, config, complaints))
    known = frames_of(documents)
    for name in mapping(value_at(config.document.value, ("rules",))):
        if name not in known:
            complaints.add(config.document, ("rules", name), f"there is no rule {name!r}{there_are(known)}")
    return tuple(sorted((rule for rule in rules if rule), key=lambda rule: rule.id))


def frames_of(documents: list[Document]) -> dict[str, str]:
    """The frame of each rule by its id, as written; a file that could not be read stands with its name."""
    return {
        str(value_at(document.value, ("id",)) or File(document.file).stem): str(value_at(document.value, ("frame",)))
        for document in documents
    }


def _read_rule(document: Document, config: Configuration, complaints: Complaints) -> Rule | None:
    """The rule of one document; None where its shape is wrong.

    Conditions, texts and examples are read from what is written, not from the checked shape: so all mistakes are told
    at once. A rule with a mistake may come back half right, for a night with any mistake does not begin.
    """
    shape = check(RuleShape, document, complaints)
    frame = value_at(document.value, ("frame",))
    if not isinstance(frame, str) or frame not in JUDGED:
        return None
    parts = _Reader(document, config.document, frame, complaints)
    parts.check_names()
    applies_to, expect = parts.condition("applies_to"), parts.condition("expect")
    clauses = {section: tuple(parts.clauses(section)) for section in SECTIONS}
    only, examples = parts.only(), read_examples(document, parts.conditions)
    params = parts.check_parameters()
    if shape is None:
        return None
    override = (config.settings.rules if config.settings else {}).get(shape.id, RuleOverride())
    return Rule(
        id=shape.id,
        title=read_words(parts.raw["title"], params),
        severity=override.severity or shape.severity,
        frame=frame,
        why=read_words(parts.raw["why"], params),
        expect=expect,
        params=params,
        applies_to=applies_to,
        sources=shape.sources,
        examples=examples,
        enabled=shape.enabled if override.enabled is None else override.enabled,
        only=only,
        path=document.file,
        **{section: _with_parameters(found, params) for section, found in clauses.items()},
    )


def _with_parameters(clauses: tuple[Clause, ...], params: Mapping[str, Value]) -> tuple[Clause, ...]:
    return tuple(replace(clause, text=read_words(clause.text, params)) for clause in clauses)


class _Reader:
    """Walks one rule as it is written, and what the configuration changes of it."""

    def __init__(self, document: Document, config: Document, frame: str, complaints: Complaints) -> None:
        self.raw = mapping(document.value)
        self._document = document
        self._config = config
        self._complaints = complaints
        self._changes: Path = ("rules", str(self.raw.get("id")))
        self.conditions = Conditions(document, frame, complaints)
        self.conditions.parameters.written.update(self._parameters())

    def _parameters(self) -> Iterator[tuple[str, Parameter]]:
        declared = mapping(self.raw.get("params"))
        for name, written in declared.items():
            yield name, Parameter(written, self._document, ("params", name))
        place = (*self._changes, "params")
        for name, written in mapping(value_at(self._config.value, place)).items():
            if name in declared:
                yield name, Parameter(written, self._config, (*place, name))
            else:
                hint = did_you_mean(name, declared) if declared else ": it takes none"
                sentence = f"the rule {self._changes[-1]} has no parameter {name!r}{hint}"
                self._complaints.add(self._config, (*place, name), sentence)

    def condition(self, key: str) -> Condition:
        written = self.raw.get(key)
        return ALWAYS if written is None else self.conditions.read(written, (key,))

    def only(self) -> Condition:
        """The configuration's own selector for this rule."""
        place = (*self._changes, "only")
        written = value_at(self._config.value, place)
        if not isinstance(written, dict):
            return ALWAYS
        return Conditions(self._config, self.conditions.frame, self._complaints).read(written, place)

    def clauses(self, section: str) -> Iterator[Clause]:
        """The reasons of one section, in order; only the last reason of a failure has no ``when``."""
        written = listed(self.raw.get(section))
        for position, item in enumerate(written):
            clause, place = mapping(item), (section, position)
            last = section == "reasons" and position == len(written) - 1
            when = clause.get("when")
            if last and when is not None:
                self._refuse((*place, "when"), "the last reason holds for all that is left: take its 'when' out")
            if not last and when is None and clause:
                self._refuse((*place, "when"), "is missing: only the last reason of a failure has no 'when'")
            check_words(clause.get("text"), (*place, "text"), self.conditions, of_row=True)
            condition = ALWAYS if when is None else self.conditions.read(when, (*place, "when"))
            fix = clause.get("fix")
            code = str(clause.get("code"))
            yield Clause(code, condition, read_words(clause.get("text"), {}), fix if isinstance(fix, str) else None)

    def check_names(self) -> None:
        """Check that the file is named by the rule's id, and that a code means one verdict only."""
        name, stem = self.raw.get("id"), File(self._document.file).stem
        if isinstance(name, str) and name != stem:
            self._refuse(("id",), f"{name!r} stands in a file named {stem!r}: a rule's file is named by its id")
        for key in ("title", "why"):
            check_words(self.raw.get(key), (key,), self.conditions, of_row=False)
        sections: dict[object, str] = {}
        for section in SECTIONS:
            for position, item in enumerate(listed(self.raw.get(section))):
                code = mapping(item).get("code")
                if isinstance(code, str) and sections.setdefault(code, section) != section:
                    sentence = f"{code!r} is a code of {sections[code]} already: one code means one verdict"
                    self._refuse((section, position, "code"), sentence)

    def check_parameters(self) -> Mapping[str, Value]:
        """The parameters with their types, when all conditions were read; complains about those that none refers to."""
        for name in mapping(self.raw.get("params")):
            if rule_column(self.conditions.frame, name):
                self._refuse(("params", name), "is the name of a column too: choose another name")
            if name not in self.conditions.parameters.used:
                self._refuse(("params", name), f"no condition refers to it: write ${name} in one, or take it out")
        return self.conditions.parameters.values

    def _refuse(self, path: Path, sentence: str) -> None:
        self._complaints.add(self._document, path, sentence)
