from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.mailbox import MailServer, serving
from tests.unit.deliver.parts import Sender


@pytest.fixture
def sender(tmp_path: Path) -> Sender:
    return Sender(tmp_path)


@pytest.fixture
def server() -> Iterator[MailServer]:
    with serving(MailServer()) as served:
        yield served
