"""The configuration that a simulator writes for whoever wants to audit it."""

from __future__ import annotations

from auditor.simulator.estate import Estate

_TEXT = """\
# Written by the simulated Azure; any non-empty AUDITOR_ACCESS_TOKEN will do.
azure:
  cloud: custom
  endpoints:
    resource_manager: {url}
    log_analytics: {url}
    authority: {url}
  ca_bundle: {ca}
  credential: token
  token: ${{AUDITOR_ACCESS_TOKEN}}
"""
_WORKSPACES = """\
sources:
  heartbeats:
    workspaces: [{ids}]
"""


def config_text(url: str, ca: str, estate: Estate) -> str:
    """YAML; the workspaces by their customer ids, where there are any."""
    ids = ", ".join(each.id for each in estate.workspaces())
    return _TEXT.format(url=url, ca=ca) + (_WORKSPACES.format(ids=ids) if ids else "")
