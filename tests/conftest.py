"""What holds for all tests."""

from __future__ import annotations

import gc

from hypothesis import HealthCheck, settings

# No test depends on how quick the machine is, nor on how busy.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


def pytest_collection_finish() -> None:
    """The tests themselves are thousands of objects that stay: no night among them need look through these again."""
    gc.collect()
    gc.freeze()
