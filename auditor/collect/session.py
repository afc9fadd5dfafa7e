"""The SDK clients of one night: one transport, one pipeline of policies, every request counted by its source.

Retries are azure-core's own; this adds what the night needs around them: a wait that is shown, a guard that lets
nothing but reading through, and the pace.
"""

from __future__ import annotations

import re
import threading
import time
from codecs import BOM_UTF8
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import orjson
import requests
from azure.core.exceptions import AzureError
from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import RetryPolicy, SansIOHTTPPolicy
from azure.core.pipeline.transport import RequestsTransport
from azure.core.rest import HttpRequest
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.monitor import MonitorManagementClient
from azure.mgmt.resource.subscriptions import SubscriptionClient
from azure.monitor.query import LogsQueryClient
from requests.adapters import HTTPAdapter

from auditor.cloud import Cloud
from auditor.collect import faults
from auditor.collect.pacing import Pacer
from auditor.model.narration import Narrator
from auditor.model.reading import Source, Traffic

THREADS = 32
"""Where more threads stop helping: about 500 machines a second at 50 ms an answer."""
COMPUTE_API = "2024-07-01"
"""The newest version whose answers are recorded. What a read with 2025-04-01 or later returns for the automatic upgrade
of an older extension is not documented, so a newer version could make an unset flag look set."""
LOG_QUERY_S = 600
"""The longest that Log Analytics works on one query; the client must wait a little longer than that."""
_CONNECT_S = 20
_RETRIES = {"retry_total": 8, "retry_status": 3, "retry_backoff_factor": 0.5, "retry_backoff_max": 60}
"""Three tries anew after a failure such as 503, eight where the service asks for patience; pauses double."""
_WAIT = re.compile(r"after '?([0-9]{1,5})'? seconds", re.IGNORECASE)
_MOST_PAGES = 100_000
_SUBSCRIPTION = re.compile(r"/subscriptions/([^/?]+)", re.IGNORECASE)


class PatientRetry(RetryPolicy[Any, Any]):
    """azure-core's retries, with more patience for 429: it is no failure, and a quota fills up again.

    Where only the text tells how long to wait, as in some of the 429, the text counts.
    """

    def increment(self, settings: dict[str, Any], response: Any = None, error: Exception | None = None) -> bool:
        if getattr(getattr(response, "http_response", None), "status_code", None) == 429:
            settings["status"] += 1  # takes back what azure-core counts as a failure; the total still counts
        return bool(super().increment(settings, response=response, error=error))

    def get_retry_after(self, response: PipelineResponse[Any, Any]) -> float | None:
        try:
            told = super().get_retry_after(response)
        except ValueError:  # neither seconds nor a date
            told = None
        if told is not None or response.http_response.status_code != 429:
            return told
        wait = _WAIT.search(response.http_response.text())
        return float(wait[1]) if wait else None


class PatientTransport(RequestsTransport):  # type: ignore[misc]  # azure-core loads it lazily, untyped
    """azure-core's transport; the waits that its retry policy asks for (Retry-After, however long) are shown."""

    def __init__(self, waiting: Callable[[float], None], pause: Callable[[float], None], **options: Any) -> None:
        super().__init__(**options)
        self._waiting = waiting
        self._pause = pause

    def sleep(self, duration: float) -> None:
        self._waiting(duration)
        self._pause(duration)


class Meter(SansIOHTTPPolicy[Any, Any]):
    """Counts every request of one source, paces it, and refuses to send anything that is not a read."""

    def __init__(self, source: Source, pacer: Pacer | None) -> None:
        self._source = source
        self._pacer = pacer
        self._lock = threading.Lock()
        self.traffic = Traffic()

    def on_request(self, request: PipelineRequest[Any]) -> None:
        http = request.http_request
        path = urlsplit(http.url).path
        query = self._source is Source.HEARTBEATS and http.method == "POST" and path.endswith("/query")
        if http.method != "GET" and not query:
            raise faults.WouldWrite(f"{http.method} {path} was not sent: this program only reads")
        subscription = _SUBSCRIPTION.search(http.url)
        if self._pacer is not None and subscription:
            self._pacer.take(subscription[1].lower())
        again = bool(request.context.get("auditor_sent"))
        request.context["auditor_sent"] = True
        self._add(Traffic(sent=1, retried=int(again)))

    def on_response(self, request: PipelineRequest[Any], response: PipelineResponse[Any, Any]) -> None:
        received = int(response.http_response.headers.get("Content-Length") or 0)
        self._add(Traffic(throttled=int(response.http_response.status_code == 429), bytes=received))

    def _add(self, traffic: Traffic) -> None:
        with self._lock:
            self.traffic += traffic


def _web() -> requests.Session:
    """One pool of connections for all clients, as large as the threads are many."""
    web = requests.Session()
    web.mount("https://", HTTPAdapter(pool_connections=4, pool_maxsize=THREADS * 2))
    return web


class Session:
    """Clients and clock of one night. Safe to share between threads; ``close`` it at the end.

    ``clock`` tells when an answer was read (aware UTC); ``pause`` waits, in seconds.
    """

    def __init__(
        self,
        cloud: Cloud,
        narrator: Narrator,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        pause: Callable[[float], None] = time.sleep,
        pacer: Pacer | None = None,
    ) -> None:
        self._cloud = cloud
        self.narrator = narrator
        self.clock = clock
        self._pause = pause
        self._pacer = pacer or Pacer(pause=pause)
        self._meters = {source: Meter(source, self._pacer) for source in Source}
        self._compute: dict[str, ComputeManagementClient] = {}
        self._lock = threading.Lock()
        self._web = _web()
        credential = cloud.credential
        self.subscriptions = SubscriptionClient(credential, **self._arm(Source.SUBSCRIPTIONS))
        # The path names the subscription; the client wants one at birth and never uses it.
        self.activity_log = MonitorManagementClient(credential, "any", **self._arm(Source.ACTIVITY_LOG))
        self.logs = LogsQueryClient(
            credential, endpoint=cloud.endpoints.log_analytics, **self._options(Source.HEARTBEATS, LOG_QUERY_S + 30)
        )

    def close(self) -> None:
        self._web.close()

    @property
    def traffic(self) -> dict[Source, Traffic]:
        """What was sent and received so far, by source."""
        return {source: meter.traffic for source, meter in self._meters.items()}

    def _options(self, source: Source, read_timeout_s: int = 300) -> dict[str, Any]:
        def waiting(seconds: float) -> None:
            if seconds >= 1:
                self.narrator.waiting(str(source), seconds, "before it is asked again")

        transport = PatientTransport(
            waiting,
            self._pause,
            session=self._web,
            session_owner=False,
            connection_verify=self._cloud.verify,
            connection_timeout=_CONNECT_S,
            read_timeout=read_timeout_s,
        )
        return {
            "transport": transport,
            "retry_policy": PatientRetry(**_RETRIES),
            "per_retry_policies": [self._meters[source]],
            "permit_redirects": False,  # Azure redirects none of these, and the token must not go elsewhere
        }

    def _arm(self, source: Source) -> dict[str, Any]:
        return {**self._cloud.arm_options(), **self._options(source)}

    def compute(self, source: Source, subscription_id: str = "any") -> ComputeManagementClient:
        """A compute client that counts as ``source``; the subscription matters only to the typed operations.

        Each client fetches a token of its own, so questions that name the subscription in their path share one.
        """
        key = f"{source}/{subscription_id}"
        with self._lock:
            if key not in self._compute:
                self._compute[key] = ComputeManagementClient(
                    self._cloud.credential, subscription_id, api_version=COMPUTE_API, **self._arm(source)
                )
            return self._compute[key]

    def get(self, client: Any, source: Source, url: str, parameters: dict[str, str] | None = None) -> Any:
        """The parsed JSON of one GET through ``client``'s pipeline; ``url`` is a path or an absolute address.

        Bulk answers go this way because the SDK's models cost ten times the parsing. Raises Fault.
        """
        # azure-mgmt-monitor 7 has the method under its older, underscored name only.
        send = getattr(client, "send_request", None) or client._send_request
        try:
            response = send(HttpRequest("GET", self._at_home(source, url), params=parameters))
            body = response.read()
        except AzureError as error:
            raise faults.from_exception(source, error) from error
        except ValueError as error:  # what azure-core raises on headers and addresses that it cannot read
            raise faults.unreadable(source, "the answer's head is not what was promised", None) from error
        if response.status_code != 200:
            raise faults.from_response(source, response.status_code, body, response.headers)
        try:
            return orjson.loads(body.removeprefix(BOM_UTF8))
        except orjson.JSONDecodeError as error:
            raise faults.unreadable(source, "the answer is not JSON") from error

    def _at_home(self, source: Source, url: str) -> str:
        """``url``, which Azure named, if the token may go there: a path, or an address of the Resource Manager."""
        if not url.startswith("/"):
            home = urlsplit(self._cloud.endpoints.resource_manager)
            try:
                named = urlsplit(url)
                there = (named.scheme, named.hostname, named.port or 443) == ("https", home.hostname, home.port or 443)
            except ValueError:
                there = False
            if not there:
                raise faults.unreadable(source, "an address in it leads elsewhere, where the token must not go")
        # azure-core takes braces for places to fill in.
        return url.replace("{", "%7B").replace("}", "%7D")

    def pages(
        self, client: Any, source: Source, url: str, parameters: dict[str, str] | None = None
    ) -> Iterator[list[dict[str, Any]]]:
        """The ``value`` of each page in turn; a page that fails raises Fault after the pages before it were given."""
        seen: set[str] = set()
        while True:
            answer = self.get(client, source, url, parameters)
            if not isinstance(answer, dict) or not isinstance(answer.get("value"), list):
                raise faults.told_instead(source, answer, "a page without a list of values")
            yield [entry for entry in answer["value"] if isinstance(entry, dict)]
            if not all(isinstance(entry, dict) for entry in answer["value"]):
                raise faults.unreadable(source, "a page with entries that are no objects")
            following = answer.get("nextLink")
            if not following:
                return
            url, parameters = str(following), None
            if url in seen or len(seen) >= _MOST_PAGES:
                raise faults.unreadable(source, "the pages go round in a circle")
            seen.add(url)
