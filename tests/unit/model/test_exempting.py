"""What the form of a resource id tells of an exemption."""

from __future__ import annotations

import pytest

from auditor.model.exempting import Form, can_name_rows, form_of

GROUP = "/subscriptions/11111111-1111-4111-a111-111111111111/resourceGroups/rg-1"
COMPUTE = f"{GROUP}/providers/Microsoft.Compute"
ARC = f"{GROUP}/providers/Microsoft.HybridCompute/machines/srv-1"


@pytest.mark.parametrize(
    ("resource", "form"),
    [
        (f"{COMPUTE}/virtualMachines/web-1", Form.MACHINE),
        (f"{COMPUTE}/virtualMachines/web-1/".upper(), Form.MACHINE),
        (f"{COMPUTE}/virtualMachineScaleSets/pool/virtualMachines/0", Form.MACHINE),
        (ARC, Form.MACHINE),
        (f"{COMPUTE}/virtualMachineScaleSets/pool", Form.SCALE_SET),
        (f"{COMPUTE}/virtualMachines/web-1/extensions/AMA", Form.EXTENSION),
        (f"{COMPUTE}/virtualMachineScaleSets/pool/extensions/AMA", Form.EXTENSION),
        (f"{COMPUTE}/virtualMachineScaleSets/pool/virtualMachines/0/extensions/AMA", Form.EXTENSION),
        (f"{ARC}/extensions/AMA", Form.EXTENSION),
        (GROUP, Form.OTHER),
        (f"{GROUP}/providers/Microsoft.Storage/storageAccounts/x", Form.OTHER),
        (f"{COMPUTE}/virtualMachines/web-1/runCommands/x", Form.OTHER),
        (f"{COMPUTE}/disks/virtualMachines/web-1", Form.OTHER),
    ],
)
def test_a_resource_id_has_a_form(resource: str, form: Form) -> None:
    assert form_of(resource) is form


@pytest.mark.parametrize(
    ("frame", "forms"),
    [("machines", {Form.MACHINE}), ("extensions", {Form.MACHINE, Form.SCALE_SET, Form.EXTENSION})],
)
def test_a_rule_has_rows_of_some_forms_only(frame: str, forms: set[Form]) -> None:
    ids = [f"{COMPUTE}/virtualMachines/w", f"{COMPUTE}/virtualMachineScaleSets/s", f"{ARC}/extensions/x", GROUP]
    assert {form_of(each) for each in ids if can_name_rows(each, frame)} == forms
