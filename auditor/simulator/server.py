"""The server: TLS on loopback in a thread of its own, and the way of a request through guard, weather and route."""

from __future__ import annotations

import asyncio
import ssl
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, unquote

import orjson
import trustme
from aiohttp import web

from auditor.simulator.bodies.machine import merge
from auditor.simulator.changes import ChangedEstate, Changes
from auditor.simulator.config import config_text
from auditor.simulator.estate import Estate
from auditor.simulator.exchange import Answer, Call, PageSizes
from auditor.simulator.gate import Gate
from auditor.simulator.role import READER, read_role
from auditor.simulator.seeded import SeededEstate
from auditor.simulator.weather import PRESETS, Fault, Weather

__all__ = ["PageSizes", "Simulator", "serve"]

_HOSTS = ("localhost", "127.0.0.1")


class Simulator:
    """A simulated Azure over ``estate``; as a context manager it serves from entry to exit.

    ``port`` 0 takes a free one. ``latency_ms`` is added to every answer. ``clock`` gives the cloud's own time, which
    is the estate's by default, and dates the answers; without it this machine's dates them, for the estate's stands
    still. ``requests`` counts by the route's name (``unknown`` for paths that are not served).
    """

    def __init__(
        self,
        estate: Estate,
        *,
        weather: Weather | tuple[Fault, ...] = (),
        quotas: bool = False,
        latency_ms: float = 0,
        port: int = 0,
        clock: Callable[[], datetime] | None = None,
        pages: PageSizes | None = None,
    ) -> None:
        self.estate = estate
        self.weather = weather if isinstance(weather, Weather) else Weather(weather)
        self.requests = RequestCounter()
        self._gate = Gate(estate, quotas=quotas)
        self._clock = clock or (lambda: self.estate.now)
        self._dated_by = clock or (lambda: datetime.now(UTC))
        self._pages = pages or PageSizes()
        self._latency_s = latency_ms / 1000
        self._port = port
        self._gone: set[str] = set()
        self._changes = Changes()
        self._changed = ChangedEstate(estate, self._changes)
        self._authority = trustme.CA()
        self._loop: asyncio.AbstractEventLoop
        self._stopped: asyncio.Event
        self._thread = Thread(target=self._run, name="simulated-azure", daemon=True)
        self._started = Event()
        self._failure: BaseException | None = None

    @property
    def url(self) -> str:
        """The address of Resource Manager, Log Analytics and the authority alike."""
        return f"https://127.0.0.1:{self._port}"

    @property
    def ca_pem(self) -> bytes:
        return self._authority.cert_pem.bytes()

    def become(self, estate: Estate) -> None:
        """Serve ``estate`` from the next request on: the same cloud on another day.

        Address, certificates, quotas and tokens stay. What was written before is forgotten: the estate of another day
        shows what has become of it.
        """
        self._gone, self._changes = set(), Changes()
        self._changed = ChangedEstate(estate, self._changes)
        self.estate = estate
        self._gate.see(estate)

    def expire_tokens(self) -> None:
        """From the next request on every token that was shown so far has expired."""
        self._gate.expire_tokens()

    def write_ca(self, path: Path | str) -> Path:
        """Write the certificate authority, which clients must trust, and give the path back."""
        target = Path(path)
        target.write_bytes(self.ca_pem)
        return target

    def write_config(self, path: Path | str) -> Path:
        """Write a configuration that audits this estate, and ``ca.pem`` beside it."""
        target = Path(path)
        ca = self.write_ca(target.with_name("ca.pem"))
        target.write_text(config_text(self.url, ca.name, self.estate), encoding="utf-8")
        return target

    def warm(self) -> Self:
        """Make ready what first requests would wait for, so that a measurement does not measure the simulator."""
        self._gate.warm(self.estate)
        return self

    def start(self) -> Self:
        """Serve; returns when it answers. Raises OSError where the port is taken."""
        self._thread.start()
        self._started.wait()
        if self._failure is not None:
            raise self._failure
        return self

    def stop(self) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopped.set)
            self._thread.join()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except (OSError, OverflowError) as failure:  # the port is taken, or is none
            self._failure = failure
        finally:
            self._started.set()

    async def _serve(self) -> None:
        self._loop, self._stopped = asyncio.get_running_loop(), asyncio.Event()
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._authority.issue_cert(*_HOSTS).configure_cert(context)
        server = web.Server(self._handle, access_log=None)
        runner = web.ServerRunner(server, shutdown_timeout=0.2)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", self._port, ssl_context=context, backlog=512).start()
            self._port = runner.addresses[0][1]
            self._started.set()
            await self._stopped.wait()
        finally:
            await _hang_up(server)
            await runner.cleanup()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        response = await self._meet(request)
        response.headers.setdefault("Date", format_datetime(self._dated_by().astimezone(UTC), usegmt=True))
        return response

    async def _meet(self, request: web.BaseRequest) -> web.Response:
        raw_path, _, raw_query = request.raw_path.partition("?")
        path = unquote(raw_path)
        sent = (await request.read()).decode(errors="replace")
        fault = self.weather.meet(request.method, f"{path}?{unquote(raw_query)}" if raw_query else path, sent)
        if wait := self._latency_s + (fault.delay_s if fault else 0):
            await asyncio.sleep(wait)
        if fault and fault.drop and request.transport is not None:
            self.requests.count("dropped")
            request.transport.abort()
        if fault and (answer := fault.answer()):
            self.requests.count(self._gate.name_of(request.method, path))
            return _response(answer, {})
        response, body = await self._answer(request, path, raw_query), fault.amend if fault else None
        response.headers.update(fault.headers if fault else {})
        if body is not None and isinstance(response.body, bytes):
            response.body = orjson.dumps(merge(orjson.loads(response.body), body))
        return response

    async def _answer(self, request: web.BaseRequest, path: str, raw_query: str) -> web.Response:
        query = {name.lstrip("$").lower(): value for name, value in parse_qsl(raw_query, keep_blank_values=True)}
        admitted = self._gate.admit(request.method, path, query, request.headers.get("Authorization", ""))
        self.requests.count(admitted.route.name if admitted.route else "unknown")
        if admitted.refusal is not None or admitted.route is None:
            return _response(admitted.refusal or Answer(b"", 404), admitted.headers)
        call = Call(
            method=request.method,
            path=path,
            query=query,
            raw_query=raw_query,
            body=await request.read(),
            parts=admitted.parts,
            estate=self.estate if admitted.route.lags else self._changed,
            now=self._clock(),
            url=self.url,
            pages=self._pages,
            gone=self._gone,
            changes=self._changes,
        )
        if admitted.route.slow:
            return _response(await self._loop.run_in_executor(None, admitted.route.answer, call), admitted.headers)
        return _response(admitted.route.answer(call), admitted.headers)


async def _hang_up(server: web.Server) -> None:
    """Close what clients keep open, without waiting for their part of TLS's farewell."""
    for connection in server.connections:
        if connection.transport is not None:
            connection.transport.abort()
    # The sockets are closed by callbacks of the next turns of the loop.
    for _ in range(3):
        await asyncio.sleep(0)


class RequestCounter:
    """How many requests came in, by the route's name; safe to read while they come."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._counts: Counter[str] = Counter()

    def count(self, name: str) -> None:
        with self._lock:
            self._counts[name] += 1

    def __getitem__(self, name: str) -> int:
        with self._lock:
            return self._counts[name]

    def snapshot(self) -> Mapping[str, int]:
        with self._lock:
            return dict(self._counts)

    def clear(self) -> None:
        with self._lock:
            self._counts.clear()


def _response(answer: Answer, headers: Mapping[str, str]) -> web.Response:
    body = answer.body if isinstance(answer.body, bytes) else orjson.dumps(answer.body)
    return web.Response(
        body=body,
        status=answer.status,
        headers={"Content-Type": answer.content_type} | dict(headers) | dict(answer.headers),
    )


def serve(
    *,
    estate: int,
    now: datetime,
    write_config: Path | str,
    seed: int = 1,
    port: int = 0,
    quotas: bool = False,
    latency_ms: float = 0,
    weather: str = "clear",
    role: Path | None = None,
    until: Event | None = None,
) -> None:
    """Serve a seeded estate of ``estate`` machines until interrupted, or until the event is set.

    ``role`` is the file of a custom role that whoever signs in has; None for the built-in role Reader. Once it answers,
    the configuration is written and one line printed. Raises KeyError for a weather without a preset, ValueError for a
    file that holds no role.
    """
    seeded = SeededEstate(estate, seed=seed, now=now, role=READER if role is None else read_role(role))
    faults = PRESETS[weather]
    with Simulator(seeded, weather=faults, quotas=quotas, latency_ms=latency_ms, port=port) as simulator:
        target = simulator.write_config(write_config)
        line = f"A simulated Azure of {estate} machines answers at {simulator.url}; {target} is a configuration for it."
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
        over = until or Event()
        try:
            # In short waits: a wait without an end cannot be interrupted everywhere.
            while not over.wait(1):
                pass
        except KeyboardInterrupt:
            return
