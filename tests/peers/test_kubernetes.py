"""What stands in deploy/kubernetes fits its schemas, and the CronJob has an answer to every exit code."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from auditor.cli import _parser
from auditor.errors import ExitCode
from auditor.settle import settle

FOLDER = Path(__file__).parents[2] / "deploy" / "kubernetes"
RESOURCES = yaml.safe_load((FOLDER / "kustomization.yaml").read_text("utf-8"))["resources"]
OLDEST = "1.31"
"""The first in which a pod's failure policy is a stable part of the API."""


def read(name: str) -> dict[str, Any]:
    return dict(yaml.safe_load((FOLDER / name).read_text("utf-8")))


JOB = read("cronjob.yaml")["spec"]["jobTemplate"]["spec"]
POD = JOB["template"]["spec"]
[CONTAINER] = POD["containers"]


@pytest.mark.parametrize("version", [OLDEST, kubernetes_validate.latest_version()])
@pytest.mark.parametrize("name", RESOURCES)
def test_every_resource_fits_its_schema_and_has_no_key_besides(name: str, version: str) -> None:
    kubernetes_validate.validate(read(name), version, strict=True)


def test_a_misspelt_key_would_be_found() -> None:
    job = read("cronjob.yaml")
    job["spec"]["concurencyPolicy"] = job["spec"].pop("concurrencyPolicy")

    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(job, OLDEST, strict=True)


def test_kustomize_puts_the_configuration_and_the_image_in_their_places() -> None:
    if not shutil.which("kubectl"):
        pytest.skip("kubectl is not installed: nothing is put together here")
    told = subprocess.run(["kubectl", "kustomize", FOLDER], capture_output=True, text=True, check=True, timeout=60)
    made = {each["kind"]: each for each in yaml.safe_load_all(told.stdout)}

    for each in made.values():
        kubernetes_validate.validate(each, OLDEST, strict=True)
        assert each["metadata"].get("namespace", "auditor") == "auditor"
    pod = made["CronJob"]["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    assert pod["containers"][0]["image"] == "registry.example.com/auditor:0.1.0"
    assert {"name": made["ConfigMap"]["metadata"]["name"]} in [each.get("configMap") for each in pod["volumes"]]
    assert made["ConfigMap"]["data"]["config.yaml"] == (FOLDER / "config.yaml").read_text("utf-8")


def test_the_configuration_is_taken() -> None:
    settings = settle(FOLDER / "config.yaml", environ={"AUDITOR_MAIL_PASSWORD": "x"}).settings

    assert settings.report.time_zone == read("cronjob.yaml")["spec"]["timeZone"], "one clock"
    assert settings.archive and settings.schedule, "without them --if-due is refused"


def test_the_auditor_knows_its_arguments() -> None:
    told = _parser().parse_args(CONTAINER["args"])

    assert told.if_due and told.late, "a second pod finds the night kept, and two clocks cannot contradict each other"


# --- what becomes of the job, by the pod's exit code ---


def action(code: int) -> str:
    """As the Job's controller decides: the first rule that holds, else it counts against backoffLimit.

    https://kubernetes.io/docs/concepts/workloads/controllers/job/#pod-failure-policy
    """
    for rule in JOB["podFailurePolicy"]["rules"]:
        asked = rule.get("onExitCodes")
        if asked and asked["containerName"] == CONTAINER["name"] and code in asked["values"]:
            assert asked["operator"] == "In"
            return str(rule["action"])
    return "Count"


def test_every_exit_code_is_decided() -> None:
    told = {code.value: action(code) for code in ExitCode if code}

    again = {ExitCode.INCOMPLETE: "Ignore", ExitCode.FINDINGS: "Ignore", ExitCode.OUT_OF_TIME: "Ignore"}
    failed = {ExitCode.SETTINGS_REFUSED: "FailJob", ExitCode.NOTHING_COLLECTED: "FailJob"}
    assert told == again | failed | {ExitCode.NOT_DELIVERED: "Count"}
    assert action(137) == "Count", "killed: the next pod goes on"
    assert (POD["restartPolicy"], JOB["backoffLimit"]) == ("Never", 6), "what a failure policy asks for"


# --- how little it may do ---


def test_it_is_not_root_and_writes_to_its_volumes_alone() -> None:
    image = (FOLDER.parent / "container" / "Containerfile").read_text("utf-8")
    user = POD["securityContext"]["runAsUser"]

    assert f"USER {user}:{user}" in image
    assert CONTAINER["securityContext"]["readOnlyRootFilesystem"] is True
    [volumes] = re.findall(r"^VOLUME (.*)$", image, re.MULTILINE)
    written = [each["mountPath"] for each in CONTAINER["volumeMounts"] if not each.get("readOnly")]
    assert written == json.loads(volumes)


def test_the_namespace_asks_for_what_the_pod_keeps() -> None:
    """The restricted profile: https://kubernetes.io/docs/concepts/security/pod-security-standards/"""
    labels = read("namespace.yaml")["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    assert POD["securityContext"]["runAsNonRoot"] is True
    assert CONTAINER["securityContext"]["allowPrivilegeEscalation"] is False
    assert POD["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert CONTAINER["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert all(each.keys() & {"configMap", "emptyDir", "persistentVolumeClaim"} for each in POD["volumes"])
