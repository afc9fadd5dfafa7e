"""The SDK clients of one night: one pool of connections, one pipeline of policies, every request counted by its source.

Pipeline and retries are azure-core's own; this adds what the night needs around them: a wait that is shown, a guard
that lets nothing but reading through, and the pace. The SDKs are imported when they are first used.
"""

from __future__ import annotations

import re
import threading
import time
from codecs import BOM_UTF8
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar
from urllib.parse import urlsplit

import orjson
from azure.core.exceptions import AzureError
from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import RetryPolicy, SansIOHTTPPolicy, UserAgentPolicy
from azure.core.pipeline.transport import RequestsTransport
from azure.core.rest import HttpRequest
from urllib3.util import parse_url

from auditor.cloud import Cloud
from auditor.collect import faults
from auditor.collect.clocks import Clocks, moment_of
from auditor.collect.pacing import Pace
from auditor.collect.signing import RenewingPolicy
from auditor.collect.web import Web
from auditor.model.narration import Narrator
from auditor.model.reading import Source, Traffic

if TYPE_CHECKING:
    from azure.mgmt.resourcegraph import ResourceGraphClient
    from azure.monitor.query import LogsQueryClient

THREADS = 32
"""Where more threads stop helping: about 500 machines a second at 50 ms an answer."""
CONNECTIONS = THREADS * 2
"""To one host at once: none is ever waited for, nor closed as one too many."""
COMPUTE_API = "2024-07-01"
"""The newest version whose answers are recorded. What a read with 2025-04-01 or later returns for the automatic upgrade
of an older extension is not documented, so a newer version could make an unset flag look set."""
ARC_API = "2024-07-10"
LOG_QUERY_S = 600
"""The longest that Log Analytics works on one query; the client must wait a little longer than that."""
Client = TypeVar("Client")
_CONNECT_S = 20
PATIENT: Mapping[str, float] = {
    "retry_total": 8, "retry_status": 3, "retry_backoff_factor": 0.5, "retry_backoff_max": 60
}  # fmt: skip
"""Three tries anew after a failure such as 503, eight where the service asks for patience; pauses double."""
BRIEF: Mapping[str, float] = {
    "retry_total": 2, "retry_status": 1, "retry_backoff_factor": 0.2, "retry_backoff_max": 2
}  # fmt: skip
"""For whoever waits for the answer: one try anew, two where the service asks for patience."""
_METHODS = ("GET", "POST")
"""What is tried again: azure-core would spare what is posted, but here it is a question like any."""
_WAIT = re.compile(r"after '?([0-9]{1,5})'? seconds", re.IGNORECASE)
_LONGEST_UNTIL_A_DATE_S = 3600.0
"""Quotas fill up again within the hour; who asks too early is told once more."""
_MOST_PAGES = 100_000
_SUBSCRIPTION = re.compile(r"/subscriptions/([^/?]+)", re.IGNORECASE)
_ANY = "any"
"""Some clients want a subscription at birth; it matters to their typed operations only: the path names its own."""
_OF_COMPUTE = frozenset(
    {
        Source.VIRTUAL_MACHINES,
        Source.SCALE_SETS,
        Source.SCALE_SET_INSTANCES,
        Source.EXTENSIONS,
        Source.INSTANCE_VIEW,
        Source.EXTENSION_VERSIONS,
    }
)
_OF_MONITOR = frozenset(
    {
        Source.ACTIVITY_LOG,
        Source.ARC_ACTIVITY_LOG,
        Source.DATA_COLLECTION_RULES,
        Source.DATA_COLLECTION_RULE_ASSOCIATIONS,
    }
)
GRAPH_PATH = "/providers/Microsoft.ResourceGraph/resources"
_LOG_QUERY = re.compile(r"/v1/workspaces/[^/]+/query")


class PatientRetry(RetryPolicy[Any, Any]):
    """azure-core's retries, with more patience for 429: it is no failure, and a quota fills up again.

    Where only the text tells how long to wait, as in some of the 429, the text counts. A date to wait for is measured
    by the answer's own: by a clock that is hours behind it would be hours away.
    """

    def increment(self, settings: dict[str, Any], response: Any = None, error: Exception | None = None) -> bool:
        if getattr(getattr(response, "http_response", None), "status_code", None) == 429:
            settings["status"] += 1  # takes back what azure-core counts as a failure; the total still counts
        return bool(super().increment(settings, response=response, error=error))

    def get_retry_after(self, response: PipelineResponse[Any, Any]) -> float | None:
        until = moment_of(response.http_response.headers.get("Retry-After"))
        if until is not None:
            return _seconds_until(until, moment_of(response.http_response.headers.get("Date")))
        try:
            told = super().get_retry_after(response)
        except ValueError:  # neither seconds nor a date
            told = None
        if told is not None or response.http_response.status_code != 429:
            return told
        wait = _WAIT.search(response.http_response.text())
        return float(wait[1]) if wait else None


def _seconds_until(until: datetime, answered: datetime | None) -> float:
    """``answered`` is when the answer was dated; without it this machine's clock counts."""
    wait = (until - (answered or datetime.now(UTC))).total_seconds()
    return min(max(wait, 0.0), _LONGEST_UNTIL_A_DATE_S)


class PatientTransport(RequestsTransport):  # type: ignore[misc]  # azure-core loads it lazily, untyped
    """azure-core's transport; the waits that its retry policy asks for (Retry-After, however long) are shown.

    It always reads the whole body, for what breaks off is tried again only here: ``stream`` does no more than keep
    azure-core from parsing the body with a slower parser than ours.
    """

    def __init__(self, waiting: Callable[[float], None], pause: Callable[[float], None], **options: Any) -> None:
        super().__init__(**options)
        self._waiting = waiting
        self._pause = pause

    def send(self, request: Any, **options: Any) -> Any:
        return super().send(request, **{**options, "stream": False})

    def sleep(self, duration: float) -> None:
        self._waiting(duration)
        self._pause(duration)


class Meter(SansIOHTTPPolicy[Any, Any]):
    """Counts every request of one source, paces it, and refuses to send anything that is not a read.

    ``clocks`` are compared at each answer, unless they are None.
    """

    def __init__(self, source: Source, pace: Pace, clocks: Clocks | None = None) -> None:
        self._source = source
        self._pace = pace
        self._clocks = clocks
        self._lock = threading.Lock()
        self.traffic = Traffic()

    def on_request(self, request: PipelineRequest[Any]) -> None:
        http = request.http_request
        path = urlsplit(http.url).path
        if http.method != "GET" and not self._asks(http.method, path):
            raise faults.WouldWrite(f"{http.method} {path} was not sent: this program only reads")
        subscription = _SUBSCRIPTION.search(path)
        if path == GRAPH_PATH:
            request.context["auditor_ticket"] = self._pace.queries.take()
        elif subscription:
            self._pace.reads.take(subscription[1].lower())
        again = bool(request.context.get("auditor_sent"))
        request.context["auditor_sent"] = True
        if self._clocks:
            request.context["auditor_asked"] = self._clocks.own()
        self._add(Traffic(sent=1, retried=int(again)))

    def _asks(self, method: str, path: str) -> bool:
        """The two questions that are too long for an address, and nothing else that is posted."""
        query = self._source is Source.HEARTBEATS and _LOG_QUERY.fullmatch(path) is not None
        return method == "POST" and (path == GRAPH_PATH or query)

    def on_response(self, request: PipelineRequest[Any], response: PipelineResponse[Any, Any]) -> None:
        http = response.http_response
        if self._clocks and http.status_code == 200:  # whatever else there is, a proxy on the way may have answered
            self._clocks.heard(request.context["auditor_asked"], self._clocks.own(), http.headers.get("Date"))
        self._give_back(request, http.headers)
        self._add(Traffic(throttled=int(http.status_code == 429), bytes=http.internal_response.raw.tell()))

    def on_exception(self, request: PipelineRequest[Any]) -> None:
        self._give_back(request, None)

    def _give_back(self, request: PipelineRequest[Any], headers: Mapping[str, str] | None) -> None:
        ticket = request.context.pop("auditor_ticket", None)
        if ticket is not None:
            self._pace.queries.give_back(ticket, headers)

    def _add(self, traffic: Traffic) -> None:
        with self._lock:
            self.traffic += traffic


class Answered(NamedTuple):
    """A parsed body and the headers above it, whose names may be in any letter case."""

    body: Any
    headers: Mapping[str, str]


class Session:
    """Clients and clock of one night. Safe to share between threads; ``close`` it at the end.

    ``clock`` tells when an answer was read (aware UTC); ``pause`` waits, in seconds. ``pace`` holds what is left of the
    identity's quotas: sessions of one identity share it. ``clocks`` are this machine's and Azure's; without them
    nothing is compared, as where the time to judge by was given. ``threads``: how many questions are under way at once.
    ``retries`` as azure-core takes them. With ``first_page_only`` every list ends after its first page, whatever comes
    behind it: enough to see that it answers, and never to be judged by. ``web`` are connections that others share, who
    close them; without it the session has its own.
    """

    def __init__(
        self,
        cloud: Cloud,
        narrator: Narrator,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        pause: Callable[[float], None] = time.sleep,
        pace: Pace | None = None,
        clocks: Clocks | None = None,
        threads: int = THREADS,
        retries: Mapping[str, float] = PATIENT,
        first_page_only: bool = False,
        web: Web | None = None,
    ) -> None:
        self.cloud = cloud
        self._retries = retries
        self.first_page_only = first_page_only
        self.narrator = narrator
        self.clock = clock
        self.clocks = clocks
        self.threads = threads
        self._pause = pause
        pace = pace or Pace(pause=pause)
        self._meters = {source: Meter(source, pace, clocks) for source in Source}
        self._clients: dict[str, Any] = {}
        self._lock = threading.RLock()
        self._web = web or Web(cloud.verify, CONNECTIONS)
        self._shares_web = web is not None

    def close(self) -> None:
        if not self._shares_web:
            self._web.close()

    @property
    def traffic(self) -> dict[Source, Traffic]:
        """What was sent and received so far, by source."""
        return {source: meter.traffic for source, meter in self._meters.items()}

    def manager(self, source: Source) -> Any:
        """The way to the Resource Manager for any path, counted as ``source``: its service's own client."""

        def create() -> Any:
            match source:
                case _ if source in _OF_MONITOR:
                    from azure.mgmt.monitor import MonitorManagementClient

                    return MonitorManagementClient(self.cloud.credential, _ANY, **self._arm(source))
                case Source.SUBSCRIPTIONS:
                    from azure.mgmt.resource.subscriptions import SubscriptionClient

                    return SubscriptionClient(self.cloud.credential, **self._arm(source))
                case _ if source in _OF_COMPUTE:
                    from azure.mgmt.compute import ComputeManagementClient

                    return ComputeManagementClient(self.cloud.credential, _ANY, **self._arm(source))
                case _:
                    return self.graph(source)

        return self._once(f"manager/{source}", create)

    def graph(self, source: Source) -> ResourceGraphClient:
        """The way to the Resource Graph, counted as ``source``."""

        def create() -> ResourceGraphClient:
            from azure.mgmt.resourcegraph import ResourceGraphClient

            return ResourceGraphClient(self.cloud.credential, **self._arm(source))

        return self._once(f"graph/{source}", create)

    @property
    def logs(self) -> LogsQueryClient:
        """The way to Log Analytics."""

        def create() -> LogsQueryClient:
            from azure.monitor.query import LogsQueryClient

            home = self.cloud.endpoints.log_analytics
            options = self._options(Source.HEARTBEATS, home, LOG_QUERY_S + 30)
            return LogsQueryClient(self.cloud.credential, endpoint=home, **options)

        return self._once("logs", create)

    def _arm(self, source: Source) -> dict[str, Any]:
        return {**self.cloud.arm_options(), **self._options(source, self.cloud.endpoints.resource_manager)}

    def _options(self, source: Source, home: str, read_timeout_s: int = 300) -> dict[str, Any]:
        """All that a client at ``home`` does with a question, in this order.

        Of what the SDKs would do besides nothing is wanted: they follow redirections, and the token must not go
        elsewhere; they register providers, and that is no reading.
        """

        def waiting(seconds: float) -> None:
            if seconds >= 1:
                self.narrator.waiting(str(source), seconds, "before it is asked again")

        transport = PatientTransport(
            waiting,
            self._pause,
            session=self._web.to(home),
            session_owner=False,
            connection_timeout=_CONNECT_S,
            read_timeout=read_timeout_s,
        )
        meter = self._meters[source]
        signing = RenewingPolicy(self.cloud, meter, f"{home}/.default")
        return {
            "transport": transport,
            "policies": [UserAgentPolicy(), PatientRetry(**self._retries), meter, signing],
        }

    def _once(self, name: str, create: Callable[[], Client]) -> Client:
        """The client of that name, created at its first use."""
        with self._lock:  # one that can be taken twice: a client may be made of another
            if name not in self._clients:
                self._clients[name] = create()
            client: Client = self._clients[name]
            return client

    def get(self, source: Source, url: str, parameters: dict[str, str] | None = None) -> Any:
        """The parsed JSON of one GET; ``url`` is a path or an absolute address at the Resource Manager.

        Answers go this way because the SDKs' models cost ten times the parsing. Raises Fault.
        """
        request = HttpRequest("GET", self._at_home(source, url), params=parameters)
        return self._send(source, self.manager(source), request).body

    def query_graph(self, source: Source, parameters: Mapping[str, str], body: Mapping[str, Any]) -> Answered:
        """One page of the Resource Graph's answer to ``body``, with its headers. Raises Fault."""
        request = HttpRequest("POST", self._at_home(source, GRAPH_PATH), params=dict(parameters), json=dict(body))
        return self._send(source, self.graph(source), request)

    def query_logs(self, workspace: str, body: Mapping[str, Any], timeout_s: int) -> Any:
        """The parsed JSON of Log Analytics' answer to ``body``, on which it works for so long. Raises Fault."""
        headers = {"Prefer": f"wait={timeout_s}"}
        request = HttpRequest("POST", f"/workspaces/{workspace}/query", headers=headers, json=dict(body))
        return self._send(Source.HEARTBEATS, self.logs, request).body

    def _send(self, source: Source, client: Any, request: HttpRequest) -> Answered:
        # Only some of the clients have the method under its public name.
        send = getattr(client, "send_request", None) or client._send_request
        try:
            response = send(request, stream=True, retry_on_methods=_METHODS)
            body = response.read()
        except AzureError as error:
            raise faults.from_exception(source, error, self.cloud.veil) from error
        except ValueError as error:  # what azure-core raises on headers and addresses that it cannot read
            raise faults.unreadable(source, "the answer's head is not what was promised", None) from error
        if response.status_code != 200:
            raise faults.from_response(source, response.status_code, body, response.headers)
        try:
            return Answered(orjson.loads(body.removeprefix(BOM_UTF8)), response.headers)
        except orjson.JSONDecodeError as error:
            raise faults.unreadable(source, "the answer is not JSON") from error

    def _at_home(self, source: Source, url: str) -> str:
        """The address of ``url``, which Azure named, if the token may go there: to a path of the Resource Manager."""
        url = url.replace("{", "%7B").replace("}", "%7D")  # the SDKs take braces for places to fill in
        if url.startswith("/"):
            return self.cloud.endpoints.resource_manager + url
        try:
            # What sends it reads it so, too; others take https://a\@b for an address at b.
            home, named = parse_url(self.cloud.endpoints.resource_manager), parse_url(url)
            place = (named.scheme, named.auth, named.host, named.port or 443)
            there = place == ("https", None, home.host, home.port or 443)
        except ValueError:
            there = False
        if not there:
            raise faults.unreadable(source, "an address in it leads elsewhere, where the token must not go")
        return url

    def pages(
        self, source: Source, url: str, parameters: dict[str, str] | None = None
    ) -> Iterator[list[dict[str, Any]]]:
        """The ``value`` of each page in turn; a page that fails raises Fault after the pages before it were given."""
        seen: set[str] = set()
        while True:
            answer = self.get(source, url, parameters)
            if not isinstance(answer, dict) or not isinstance(answer.get("value"), list):
                raise faults.told_instead(source, answer, "a page without a list of values")
            yield [entry for entry in answer["value"] if isinstance(entry, dict)]
            if not all(isinstance(entry, dict) for entry in answer["value"]):
                raise faults.unreadable(source, "a page with entries that are no objects")
            following = answer.get("nextLink")
            if not following or self.first_page_only:
                return
            url, parameters = str(following), None
            if url in seen or len(seen) >= _MOST_PAGES:
                raise faults.unreadable(source, "the pages go round in a circle")
            seen.add(url)
