"""A judge that is not there is asked for, and its absence is no green tick where everything should be there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.peers.parts import AZ, NODE_MODULES, az, node_modules


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """A machine on which nothing is installed."""
    for name in (AZ, NODE_MODULES, "CI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return monkeypatch


@pytest.mark.parametrize(
    ("find", "said"), [(az, "install azure-cli"), (node_modules, "npm install @kusto/language-service-next")]
)
def test_a_missing_judge_skips_and_fails_under_ci(
    find: Callable[[], Path], said: str, bare: pytest.MonkeyPatch
) -> None:
    with pytest.raises(pytest.skip.Exception, match=said):
        find()
    bare.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match=said):
        find()


def test_judges_are_found_where_the_environment_says(bare: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program, modules = tmp_path / "some-az", tmp_path / "modules"
    program.touch()
    (modules / "@kusto/language-service-next").mkdir(parents=True)
    bare.setenv(AZ, str(program))
    bare.setenv(NODE_MODULES, str(modules))
    assert (az(), node_modules()) == (program, modules)
