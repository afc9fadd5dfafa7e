"""The floor: the same pages fetched on 32 threads and parsed with orjson, and nothing else done with them."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import requests
import yaml

from auditor.collect.queries import HEARTBEATS, QUERIES

COMPUTE = "2024-07-01"
PUBLISHER = "Microsoft.Azure.Monitor"
PROVIDERS = ("Microsoft.Compute", "Microsoft.HybridCompute")
FIELDS = (
    "authorization,caller,claims,correlationId,eventDataId,eventName,eventTimestamp,operationId,operationName,"
    "properties,resourceId,status,subStatus"
)
TYPES = ("AzureMonitorLinuxAgent", "AzureMonitorWindowsAgent")
Page = dict[str, Any]


class Azure:
    """One pool of connections, one thread pool; ``rows`` counts what came."""

    def __init__(self, config: Path) -> None:
        settings = yaml.safe_load(config.read_text("utf-8"))
        self.base = settings["azure"]["endpoints"]["resource_manager"]
        self.logs = settings["azure"]["endpoints"]["log_analytics"]
        self.workspaces = settings["sources"]["heartbeats"]["workspaces"]
        self.web = requests.Session()
        self.web.mount("https://", requests.adapters.HTTPAdapter(pool_maxsize=64))
        self.web.trust_env = False
        self.web.verify = str(config.with_name(settings["azure"]["ca_bundle"]))
        self.web.headers["Authorization"] = "Bearer benchmark"
        self.sent = 0
        self.rows = 0

    def send(self, method: str, url: str, **more: Any) -> Page:
        self.sent += 1
        answer = self.web.request(method, url if url.startswith("https") else self.base + url, timeout=300, **more)
        answer.raise_for_status()
        page: Page = orjson.loads(answer.content)
        return page

    def list(self, url: str) -> Iterator[Page]:
        following: str | None = url
        while following:
            page = self.send("GET", following)
            yield from page["value"]
            following = page.get("nextLink")

    def graph(self, query: str, subscriptions: list[str]) -> Iterator[Page]:
        token: dict[str, str] = {}
        while True:
            body = {"subscriptions": subscriptions, "query": query, "options": {"$top": 1000, **token}}
            page = self.send("POST", "/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01", json=body)
            yield from page["data"]
            if "$skipToken" not in page:
                return
            token = {"$skipToken": page["$skipToken"]}


def main(config: str) -> None:
    azure = Azure(Path(config))
    now = datetime.now(UTC)
    with ThreadPoolExecutor(32) as pool:
        subscriptions = [each["subscriptionId"] for each in azure.list("/subscriptions?api-version=2022-12-01")]
        bulk = [
            pool.submit(list, azure.graph(query.text, subscriptions))
            for query in QUERIES.values()
            if query.service == "resource_graph"
        ]
        # The workspaces are asked while the machines are listed.
        beats = [pool.submit(heartbeats, azure, each, now) for each in azure.workspaces]
        logs = [pool.submit(count, azure.list(log(each, now, of))) for each in subscriptions for of in PROVIDERS]
        rows = [row for future in bulk for row in future.result()]
        wait([pool.submit(count, azure.list(each)) for each in instance_lists(rows)])
        wait([pool.submit(azure.send, "GET", each) for each in version_lists(rows, subscriptions[0])])
        wait([*beats, *logs])
    print(azure.sent)


def heartbeats(azure: Azure, workspace: str, now: datetime) -> Page:
    start, end = (moment.strftime("%Y-%m-%dT%H:%M:%SZ") for moment in (now - timedelta(days=30), now))
    text = HEARTBEATS.text.format(start=start, end=end)
    return azure.send("POST", f"{azure.logs}/v1/workspaces/{workspace}/query", json={"query": text})


def log(subscription: str, now: datetime, provider: str) -> str:
    since = (now - timedelta(days=14)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return (
        f"/subscriptions/{subscription}/providers/Microsoft.Insights/eventtypes/management/values"
        f"?api-version=2015-04-01&$filter=eventTimestamp ge '{since}' and resourceProvider eq '{provider}'"
        f"&$select={FIELDS}"
    )


def instance_lists(rows: Iterable[Page]) -> Iterator[str]:
    for row in rows:
        if "properties_orchestrationMode" in row and row["properties_orchestrationMode"] != "Flexible":
            yield f"{row['id']}/virtualMachines?$expand=instanceView&api-version={COMPUTE}"


def version_lists(rows: Iterable[Page], subscription: str) -> Iterator[str]:
    locations = sorted({str(row["location"]) for row in rows if row.get("location")})
    for location in locations:
        for kind in TYPES:
            yield (
                f"/subscriptions/{subscription}/providers/Microsoft.Compute/locations/{location}/publishers/{PUBLISHER}"
                f"/artifacttypes/vmextension/types/{kind}/versions?api-version={COMPUTE}"
            )
            yield (
                f"/subscriptions/{subscription}/providers/Microsoft.HybridCompute/locations/{location}/publishers"
                f"/{PUBLISHER}/extensionTypes/{kind}/versions?api-version=2024-07-10"
            )


def count(rows: Iterable[Page]) -> int:
    return sum(1 for _row in rows)


def wait(futures: Iterable[Future[Any]]) -> None:
    for future in futures:
        future.result()


if __name__ == "__main__":
    main(sys.argv[1])
