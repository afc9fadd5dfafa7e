"""What befalls a night while it runs: something is done at the moment at which a request comes in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from threading import Lock

from auditor.simulator.weather import Fault, Weather


class Happenings(Weather):
    """Weather in which something can be made to happen, once, before a request is answered."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        super().__init__(faults)
        self._once = Lock()
        self._awaited: list[tuple[re.Pattern[str], Callable[[], object]]] = []

    def at(self, path: str, do: Callable[[], object]) -> None:
        """Call ``do`` at the next request whose path and query fit; it is answered afterwards."""
        self._awaited.append((re.compile(path, re.IGNORECASE), do))

    @property
    def awaited(self) -> int:
        """How much has not happened yet."""
        return len(self._awaited)

    def meet(self, method: str, target: str, body: str = "") -> Fault | None:
        with self._once:
            due = next((each for each in self._awaited if each[0].search(target)), None)
            if due:
                self._awaited.remove(due)
        if due:
            due[1]()
        return super().meet(method, target, body)
