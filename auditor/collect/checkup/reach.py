"""Whether the endpoints of the cloud can be reached: a connection to each, without a token and without a question."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

import requests
from requests.exceptions import ConnectTimeout, ProxyError, ReadTimeout, RequestException, SSLError

from auditor.cloud import Cloud
from auditor.collect.faults import bottom_of
from auditor.model.checkup import Endpoint
from auditor.model.settings import Credential, Settings

_TIMEOUT_S = 10
_BY_AUTHORITY = frozenset({Credential.CLIENT_SECRET, Credential.CLIENT_CERTIFICATE, Credential.WORKLOAD_IDENTITY})
"""The ways of signing in that ask the authority for certain; others may, or ask somebody else."""
_NOISE = re.compile(
    r"^HTTPS?Connection\([^)]*\): (Failed to establish a new connection: )?(\[Errno -?\d+\] )?|"
    r"^\[SSL: \w+\] (certificate verify failed: )?| \(_ssl\.c:\d+\)$"
)
"""What Python writes around the reason."""
_PROXIES = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")


def reach(cloud: Cloud, settings: Settings) -> tuple[Endpoint, ...]:
    """Each endpoint that tonight needs: any answer at all will do."""
    wanted = {"resource_manager": cloud.endpoints.resource_manager}
    if settings.azure.credential in _BY_AUTHORITY:
        wanted["authority"] = cloud.endpoints.authority
    if settings.sources.heartbeats.workspaces:
        wanted["log_analytics"] = cloud.endpoints.log_analytics
    return tuple(_knock(name, url, cloud.verify) for name, url in wanted.items())


def _knock(name: str, url: str, verify: str | bool) -> Endpoint:
    try:
        with requests.get(url, auth=_nobody, timeout=_TIMEOUT_S, verify=verify, allow_redirects=False, stream=True):
            return Endpoint(name, url)
    except (RequestException, OSError) as error:  # OSError: a bundle that is no bundle
        return Endpoint(name, url, *_story(error, verify))


def _nobody(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Without it requests would show a password that ``.netrc`` holds for the host, or for any."""
    return request


def _story(error: Exception, verify: str | bool) -> Sequence[str]:
    """Why it was not reached, and what to do."""
    told = _NOISE.sub("", bottom_of(error))
    if isinstance(error, SSLError) or not isinstance(error, RequestException):
        trusted = "azure.ca_bundle" if isinstance(verify, str) else "the usual authorities"
        close = (
            "Put the certificate of the authority that signed it (of the company's TLS inspection, perhaps) into a PEM "
            "file, and name that in azure.ca_bundle."
        )
        return f"Its certificate was not accepted by {trusted} ({told})", close
    if isinstance(error, ProxyError):
        return f"The proxy did not let it through ({told})", f"Check {_named_proxy()}, and whether the proxy allows it."
    if isinstance(error, (ConnectTimeout, ReadTimeout)):
        why = f"There was no answer within {_TIMEOUT_S} s"
        return why, f"Check the firewall and {_named_proxy()}; a machine without a way out needs a proxy."
    close = "Check the network, name resolution, azure.cloud and azure.endpoints"
    return f"It could not be reached ({told})", f"{close}, and {_named_proxy()}."


def _named_proxy() -> str:
    """The setting of the proxy: its name alone, for its value may hold a password."""
    found = next((name for name in _PROXIES if os.environ.get(name)), None)
    return f"the proxy (from {found})" if found else "whether a proxy is needed (HTTPS_PROXY is not set)"
