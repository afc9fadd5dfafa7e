"""All mistakes told at once: complaints are gathered here, and nothing is raised before every file was read."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from auditor.errors import Problem
from auditor.settle.located import Document, Path, dotted

_LISTED = 40


class Complaints:
    """Gathers problems; only the first complaint about one place is kept, so that no mistake is told twice."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self._places: set[tuple[str, Path]] = set()

    def add(self, document: Document, path: Path, sentence: str) -> None:
        """Complain about what stands at ``path`` of ``document``."""
        if (document.file, path) not in self._places:
            self._places.add((document.file, path))
            self.problems.append(Problem(document.file, document.line(path), dotted(path), sentence))

    def about_file(self, file: str, sentence: str) -> None:
        """Complain about a file as a whole, or about a word of the command line."""
        self.problems.append(Problem(file, 0, "", sentence))

    def take(self, document: Document) -> Document:
        """``document`` again, with the mistakes that its reading brought to light told here."""
        for path, problem in document.mistakes:
            self._places.add((document.file, path))
            self.problems.append(problem)
        return document


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``; did you mean 'lookback'?``, or all that is known where nothing is near."""
    words = {str(name).lower(): str(name) for name in known}
    near = get_close_matches(word.lower(), words, n=1)
    return f"; did you mean {words[near[0]]!r}?" if near else there_are(words.values())


def there_are(known: Iterable[str]) -> str:
    """``; there are: AMA-001, AMA-002``, as far as a reader wants to know."""
    words = list(known)
    return f"; there are: {', '.join(words[:_LISTED])}{', ...' if len(words) > _LISTED else ''}"
