"""Verdicts that are told shard by shard and reported in another order: they wait on the disk, for memory has room for
one shard."""

from __future__ import annotations

import pickle
import tempfile
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from types import TracebackType

import pyarrow as pa

from auditor.disk.scratch import MORE_ROOM
from auditor.errors import OutputRefused, why
from auditor.model.report import Finding, Portion


class Spool(AbstractContextManager["Spool"]):
    """A file without a name, of this process alone, which is gone with it.

    What is laid down comes back equal. Portions are packed: as they are, they would take as much room as findings.csv.
    """

    def __init__(self) -> None:
        with _refusing():
            self._file = tempfile.TemporaryFile(prefix="auditor-")  # noqa: SIM115 - closed when the spool is left
        self._places: defaultdict[Hashable, list[tuple[int, int, int]]] = defaultdict(list)

    def lay(self, key: Hashable, portions: Iterable[Portion]) -> None:
        """Lay ``portions`` down behind those that lie under ``key``. Raises OutputRefused where the disk refuses."""
        for portion in portions:
            fields = list(zip(*portion.findings, strict=True))  # field by field: plain tuples
            piece = pickle.dumps((fields, portion.columns), pickle.HIGHEST_PROTOCOL)
            packed = pa.compress(piece, codec="lz4", asbytes=True)
            self._places[key].append((self._file.tell(), len(packed), len(piece)))
            with _refusing():
                self._file.write(packed)

    def told(self, key: Hashable) -> Iterator[Portion]:
        """What was laid down under ``key``, in its order; then nothing can be laid down any more."""
        with _refusing():
            self._file.flush()
        for start, packed, size in self._places[key]:
            self._file.seek(start)
            piece = pa.decompress(self._file.read(packed), size, codec="lz4", asbytes=True)
            fields, columns = pickle.loads(piece)  # noqa: S301 - nobody else can have written there
            yield Portion(tuple(map(Finding._make, zip(*fields, strict=True))), columns)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()


@contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputRefused(
            f"Nothing was reported: what was found was not written to {tempfile.gettempdir()} ({why(error)}). "
            f"{MORE_ROOM}"
        ) from error
