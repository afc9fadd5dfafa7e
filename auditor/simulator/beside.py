"""The other extensions of a seeded estate: a few are old, one in a while failed, as anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from random import Random

from auditor.simulator import catalogue
from auditor.simulator.catalogue import Product
from auditor.simulator.life import Life, days
from auditor.simulator.parts import ExtensionSpec, OperationSpec
from auditor.simulator.specs import ArcMachineSpec

_OLD, _FAILED = 0.35, 0.1


def add_beside(life: Life, chosen: Sequence[Product], chance: Random) -> None:
    """Give the machine these extensions, some in an older version, and some with an upgrade that failed."""
    for product in chosen:
        extension = product.extension(_version(product, chance))
        life.extensions.append(extension)
        if product.auto_upgrade and chance.random() < _FAILED:
            life.operations.append(_failed(extension, life, chance))


def _failed(extension: ExtensionSpec, life: Life, chance: Random) -> OperationSpec:
    code, message = catalogue.handler_failed(extension, life.machine.os)
    return OperationSpec(
        life.now - days(chance.uniform(1.5, 12)),
        extension.name,
        outcome="Failed",
        lasts=timedelta(minutes=9),
        caller=catalogue.PLATFORM,
        error_code=code,
        error_message=message,
    )


def with_beside(server: ArcMachineSpec, chance: Random) -> ArcMachineSpec:
    """The server with other extensions, if it has ever been connected and has the agent."""
    if not server.extensions:
        return server
    fitting = [product for product in catalogue.ARC_PRODUCTS if product.os == server.os]
    chosen = chance.sample(fitting, chance.choice((0, 1, 1)))
    others = tuple(product.arc_extension(_version(product, chance)) for product in chosen)
    return replace(server, extensions=(*server.extensions, *others))


def _version(product: Product, chance: Random) -> str:
    return chance.choice(product.older) if chance.random() < _OLD else product.installed
