"""Shipped examples as files to start from: the comments stay, for they explain what can be changed."""

from __future__ import annotations

import re
from collections.abc import Mapping


def filled(example: str, answers: Mapping[str, str]) -> str:
    """The configuration's example with the lines of ``answers`` (YAML by key) written in.

    Raises ValueError where the example has no line, or several, for a key: then it is not the shipped one.
    """
    for key, value in answers.items():
        found = list(re.finditer(rf"^( *)(?:# )?{key}:.*$", example, re.MULTILINE))
        if len(found) != 1:
            raise ValueError(f"The configuration's example has not one line for {key}.")
        line = found[0]
        example = f"{example[: line.start()]}{line[1]}{key}: {value}{example[line.end() :]}"
    return example


def commented_out(example: str) -> str:
    """The same text with every line a comment, so that nothing of it holds yet."""
    return "".join(
        line if line.startswith("#") or not line.strip() else f"# {line}" for line in example.splitlines(keepends=True)
    )


def switched_on(example: str, section: str, values: Mapping[str, str]) -> str:
    """The configuration's example with a section that is a comment in it, and these of its lines, written in.

    What else the section could say stays a comment. Raises ValueError where the section, or a line of it, is not there.
    """
    before, head, rest = example.partition(f"\n# {section}:\n")
    block, end, after = rest.partition("\n\n")
    if not head or not end:
        raise ValueError(f"The configuration's example has no section {section} that is a comment.")
    return f"{before}\n{section}:\n{filled(_nested(block), values)}{end}{after}"


def _nested(block: str) -> str:
    """With the sign of a comment behind the blanks, where ``filled`` looks for it; what explains a line has its own."""
    return re.sub(r"^# ( +)(?:# )?", r"\1# ", block, flags=re.MULTILINE)
