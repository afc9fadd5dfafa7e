"""The questions that the function app's alerts ask are accepted by Microsoft's own parser of KQL."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

from tests.peers.parts import node_modules
from tests.real_parts import require

ALERTS = Path(__file__).parents[2] / "deploy" / "azure-functions" / "alerts.bicep"
# https://learn.microsoft.com/azure/azure-monitor/app/data-model-complete, as far as the questions go, and beyond
TABLES = {
    "traces": "(timestamp: datetime, message: string, severityLevel: int, customDimensions: dynamic)",
    "requests": "(timestamp: datetime, name: string, success: string, resultCode: string, duration: real)",
}


def test_the_parser_has_nothing_to_say_against_what_is_asked() -> None:
    text = ALERTS.read_text("utf-8")
    found = re.findall(r"query: (?:'''\n(.*?)'''|'(.*?)'\n)", text, re.DOTALL)
    queries = {str(at): long or short for at, (long, short) in enumerate(found)}
    queries["misspelt"] = queries["0"].replace("success", "succes")
    asked = {"insights": {"tables": TABLES, "queries": queries}}
    command = [str(require("node")), str(Path(__file__).with_name("kusto.js")), str(node_modules())]

    answer = subprocess.run(
        command, input=json.dumps(asked), capture_output=True, encoding="utf-8", timeout=60, check=True
    )

    told = json.loads(answer.stdout)["insights"]
    assert text.count("query:") == 2 and {name: told[name] for name in ("0", "1")} == {"0": [], "1": []}
    assert "succes" in told["misspelt"][0]
