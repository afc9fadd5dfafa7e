"""The configuration that a simulator writes for whoever wants to audit it."""

from __future__ import annotations

from auditor.simulator.estate import Estate, Release

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
  heartbeats:
    workspaces: [{ids}]
"""
_RELEASES = """\
  # What this simulated Azure released since the months that Microsoft has published, as its page would tell it.
  release_table:
{rows}
"""


def config_text(url: str, ca: str, estate: Estate) -> str:
    """YAML; the workspaces by their customer ids and the latest releases, where there are any."""
    ids = ", ".join(each.id for each in estate.workspaces())
    rows = "\n".join(map(_row, estate.release_notes()))
    told = (_WORKSPACES.format(ids=ids) if ids else "") + (_RELEASES.format(rows=rows) if rows else "")
    return _TEXT.format(url=url, ca=ca) + (f"sources:\n{told}" if told else "")


def _row(release: Release) -> str:
    month, kind, versions = release
    quoted = ", ".join(f'"{each}"' for each in versions)
    return f'    - {{type: {kind}, month: "{month}", versions: [{quoted}]}}'
