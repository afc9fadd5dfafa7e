"""The example configuration that is shipped."""

from __future__ import annotations

import re
from pathlib import Path

from auditor.model.archive import ArchiveSettings
from auditor.model.delivery import Smtp
from auditor.model.reading import Source
from auditor.model.schedule import Schedule
from auditor.model.settings import Settings
from tests.unit.settle.desk import Desk


def test_the_example_configuration_is_the_defaults_and_explains_every_setting(desk: Desk) -> None:
    example = Path(__file__).parents[3] / "config.example.yaml"
    text = example.read_text(encoding="utf-8")
    assert desk.settle(text).settings == Settings()

    def keys(model: type[object]) -> set[str]:
        fields = getattr(model, "model_fields", {})
        names = {field.alias or name for name, field in fields.items()}
        return names.union(*(keys(type(field.default)) for field in fields.values()))

    unexplained = {
        key for model in (Settings, ArchiveSettings, Schedule, Smtp) for key in keys(model) if f"{key}:" not in text
    }
    assert not unexplained
    assert not {source for source in Source if not re.search(rf"[ ]{source}[,.]", text)}, (
        "what a gap may be accepted of"
    )


def test_what_stands_commented_out_in_the_example_is_accepted(desk: Desk) -> None:
    text = (Path(__file__).parents[3] / "config.example.yaml").read_text(encoding="utf-8")
    archive, schedule, smtp = (
        re.sub("(?m)^# ", "", re.search(f"(?m)^# {first}\n(?:#.*\n)+", text)[0])  # type: ignore[index]  # or it fails
        for first in ("archive:", "schedule:", "- smtp:")
    )
    desk.write("mail-ca.pem", "certificates")
    environ = {"AUDITOR_STORAGE_KEY": "a2V5", "AUDITOR_MAIL_PASSWORD": "told"}
    blobs = archive.replace("file:./archive", "abfs://container@account.dfs.core.windows.net/path")

    settings = desk.settle(f"{blobs}{schedule}deliver:\n{smtp}", environ=environ).settings

    assert settings.archive and settings.archive.account_key and settings.archive.endpoint and settings.schedule
    assert settings.deliver[0].smtp.model_fields_set == set(Smtp.model_fields)
