"""An archive in a container, on a real Azurite: with the account's key and with a token, one run at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from itertools import chain, repeat
from pathlib import Path

import pytest
import yaml
from azure.storage.blob import BlobLeaseClient, ContainerClient

from auditor.errors import ArchiveBusy, ArchiveRefused, ExitCode, OutOfTime
from auditor.history import Archive, Checkpoints, locked
from auditor.model.places import BEGUN
from auditor.model.settings import Settings
from auditor.model.underway import Begun
from auditor.settle import settle
from auditor.simulator import Simulator
from auditor.stores.blobs import BlobStore
from tests.night.happenings import Happenings
from tests.night.parts import FIRST, LATEST, SECOND, agent, estate, machine, open_bench, subscription
from tests.night.parts import NOW as TONIGHT
from tests.peers.azurite import Azurite, azurite, token
from tests.unit.history.parts import DAY, NOW, Nights, became, fails, run_at


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azurite]:
    with azurite(tmp_path_factory.mktemp("azurite")) as running:
        yield running


def settings_of(
    served: Azurite, folder: Path, path: str, *, key: bool, changes: Mapping[str, object] | None = None
) -> Settings:
    """Settled as an operator writes it: secrets out of the environment alone."""
    azure = {"credential": "token", "token": "${AUDITOR_ACCESS_TOKEN}", "ca_bundle": str(served.ca)}
    config = {"azure": azure, "archive": {**served.config(path, key=key), **(changes or {})}}
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    environ = {"AUDITOR_ACCESS_TOKEN": token(), "STORAGE_KEY": served.key}
    return settle(folder / "config.yaml", environ=environ).settings


class Blobs(Nights):
    """Nights in a container."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive

    def archive(self) -> Archive:
        return Archive(self._archive.store, self._archive.retention, "UTC")


@pytest.mark.parametrize("key", [True, False], ids=["account key", "token"])
def test_nights_are_kept_recalled_listed_and_let_go(served: Azurite, tmp_path: Path, key: bool) -> None:
    settings = settings_of(served, tmp_path, f"with/{key}", key=key, changes={"retention": "2d"})
    report = tmp_path / "report.html"
    report.write_text("the page")

    with locked(settings) as archive:
        assert archive
        nights = Blobs(archive)
        nights.keep(NOW, [fails("a"), fails("b")], reports={"report.html": report})
        past = nights.keep(NOW + DAY, [fails("a")])
        nights.keep(NOW + 3 * DAY, [fails("a")])

        assert became(past) == {"a": "still", "b": "gone"}
        memory = nights.recall(NOW + 4 * DAY)
        assert [each.as_of for each in memory.nights] == [NOW + DAY, NOW + 3 * DAY], (
            "two days, and what it was compared to"
        )
        assert memory.failures[0].first_seen == NOW
        assert archive.store.read("index.html") == f"{run_at(NOW + DAY)},{run_at(NOW + 3 * DAY)}".encode()
        assert archive.store.read(f"nights/{run_at(NOW)}/report.html") is None


def test_a_second_run_says_so_and_a_finished_one_lets_go(served: Azurite, tmp_path: Path) -> None:
    settings = settings_of(served, tmp_path, "lock", key=True)

    with locked(settings) as archive:
        assert archive
        archive.store.check_locked()
        with pytest.raises(ArchiveRefused, match="another run is at work"), locked(settings):
            pass
    with locked(settings):
        pass


def test_a_lease_that_was_lost_keeps_a_run_from_writing(served: Azurite, tmp_path: Path) -> None:
    """Whoever slept through the end of its lease must not write between another run's files."""
    with locked(settings_of(served, tmp_path, "lost", key=True)) as archive:
        assert archive and isinstance(archive.store, BlobStore) and archive.store._lease
        archive.store._lease.break_lease(0)

        with pytest.raises(ArchiveRefused, match="Another run has taken the archive over"):
            Blobs(archive).keep(NOW, [fails("a")])

        assert archive.store.nights() == []


def test_whoever_sleeps_amid_keeping_a_piece_leaves_the_record_to_the_run_that_took_over(
    served: Azurite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one has ended the night by then, perhaps: a record would make the next start run it once more."""
    with locked(settings_of(served, tmp_path, "asleep", key=True)) as archive:
        assert archive and isinstance(archive.store, BlobStore)
        store, upload = archive.store, archive.store._upload

        def slow(name: str, content: object) -> None:
            upload(name, content)
            if name.endswith("one.zip") and store._lease:
                store._lease.break_lease(0)

        monkeypatch.setattr(store, "_upload", slow)
        with pytest.raises(ArchiveBusy, match="Another run has taken the archive over"):
            Checkpoints(store, tmp_path).put(Begun(run_at(NOW), NOW, (NOW,), {}), "one", "shard", 0.0, {"a": b"a"})

        assert store.read(BEGUN) is None


def test_a_container_that_is_not_there_is_told_with_what_to_do(served: Azurite, tmp_path: Path) -> None:
    url = "abfs://elsewhere@auditortest.dfs.core.windows.net"
    settings = settings_of(served, tmp_path, "", key=True, changes={"url": url})

    with (
        pytest.raises(ArchiveRefused, match=r"404 ContainerNotFound\. Create the container"),
        locked(settings),
    ):
        pass


def test_a_wrong_key_is_told_with_the_role_that_would_do(served: Azurite, tmp_path: Path) -> None:
    wrong = Azurite(served.endpoint, served.key[::-1].replace("=", "") + "==", served.ca)

    with (
        pytest.raises(
            ArchiveRefused,
            match=r"answered 40[03] \w*Auth\w*\. Give the identity the role Storage Blob Data Contributor",
        ),
        locked(settings_of(wrong, tmp_path, "key", key=True)),
    ):
        pass


def test_an_account_that_does_not_answer_is_told(
    served: Azurite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "auditor.stores.blobs._PATIENCE", {"retry_total": 0, "connection_timeout": 5, "read_timeout": 5}
    )
    nobody = Azurite("https://127.0.0.1:1/auditortest", served.key, served.ca)

    with (
        pytest.raises(ArchiveRefused, match=r"could not be written: .*\. Check archive\.url, the network"),
        locked(settings_of(nobody, tmp_path, "key", key=True)),
    ):
        pass


def test_a_night_that_ran_out_of_time_goes_on_in_a_container(served: Azurite, tmp_path: Path) -> None:
    """The first start reads the survey and one subscription; nothing of it is left at the end."""
    subscriptions = (subscription(each, machine(f"a{each[0]}")) for each in (FIRST, SECOND))
    with ExitStack() as opened:
        bench = open_bench(tmp_path, opened)
        azure = bench.simulate(estate(*subscriptions))
        config = bench.config(azure, {"archive": served.config("resumed", key=False), "time_budget": "1m"})
        bundle = config.parent / yaml.safe_load(config.read_text("utf-8"))["azure"]["ca_bundle"]
        bundle.write_bytes(bundle.read_bytes() + served.ca.read_bytes())
        ticks = chain([0.0] * 8, repeat(100.0))
        with pytest.raises(OutOfTime, match=r"Kept in the archive abfs://.*: the survey, 1 of 2 shards"):
            bench.night(config, azure, token=token(), machines_per_shard=1, stopwatch=lambda: next(ticks))
        before = azure.requests.snapshot()
        audited = bench.night(config, azure, token=token(), machines_per_shard=1)
        with locked(settle(config, environ={"AUDITOR_ACCESS_TOKEN": token()}).settings) as archive:
            assert archive and archive.store.files("under-way") == []

    assert audited.run["machines"] == {"vm": 2} and len(audited.run["starts"]) == 2
    again = Counter(audited.requests) - Counter(before)
    assert set(again.values()) == {1} and "subscriptions" not in again, "one subscription's own questions, once each"


def test_whole_nights_remember_each_other_in_a_container(served: Azurite, tmp_path: Path) -> None:
    """One token for Resource Manager and for the container, and one file with both authorities."""
    off = agent("Linux", LATEST, auto_upgrade=False)
    seen = []
    with ExitStack() as opened:
        bench = open_bench(tmp_path, opened)
        for at, names in ((TONIGHT - DAY, ("a", "b")), (TONIGHT, ("a", "c"))):
            azure = bench.simulate(estate(subscription(FIRST, *(machine(name, off) for name in names))))
            config = bench.config(azure, {"archive": served.config("whole", key=False)})
            bundle = config.parent / yaml.safe_load(config.read_text("utf-8"))["azure"]["ca_bundle"]
            bundle.write_bytes(bundle.read_bytes() + served.ca.read_bytes())
            seen.append(bench.night(config, azure, as_of=at, token=token()))

    first, second = seen
    assert first.run["changes"]["since"] is None
    changes = {(each["machine_name"], each["change"]) for each in second.findings if each["change"]}
    assert changes == {("a", "still"), ("c", "new")}
    assert [(row[0], row[3]) for row in second.table("departed")] == [("gone", "b")]


def test_a_service_that_is_lost_in_the_night_costs_the_keeping_and_not_the_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next night finds it again, and is compared with the last one that it kept."""
    monkeypatch.setattr(
        "auditor.stores.blobs._PATIENCE", {"retry_total": 0, "connection_timeout": 5, "read_timeout": 5}
    )
    off = agent("Linux", LATEST, auto_upgrade=False)
    sky, nights = Happenings(), []
    with ExitStack() as opened:
        bench, blobs = open_bench(tmp_path, opened), tmp_path / "azurite"
        blobs.mkdir()
        azure = bench.opened(Simulator(estate(subscription(FIRST, machine("a", off))), weather=sky))
        lost = opened.enter_context(azurite(blobs))
        config = bench.config(azure, {"archive": lost.config("whole", key=False)})
        bundle = config.parent / "ca.pem"
        trusted = bundle.read_bytes()
        bundle.write_bytes(trusted + lost.ca.read_bytes())

        nights.append(bench.night(config, azure, as_of=TONIGHT - 2 * DAY, token=token()))
        sky.at("/eventtypes/management/values", lost.stop)
        nights.append(bench.night(config, azure, as_of=TONIGHT - DAY, token=token()))
        again = opened.enter_context(azurite(blobs, lost))
        bundle.write_bytes(trusted + again.ca.read_bytes())
        _let_go(again)
        nights.append(bench.night(config, azure, as_of=TONIGHT, token=token()))

    assert [each.code for each in nights] == [ExitCode.DELIVERED, ExitCode.NOT_DELIVERED, ExitCode.DELIVERED]
    told = " ".join(sentence for name, sentence in nights[1].told.stages if name == "remember")
    assert "could not be written" in told and "Check archive.url, the network and the account's firewall" in told
    assert (nights[1].folder / "findings.json").is_file()
    assert nights[2].run["changes"]["since"] == nights[0].run["as_of"]
    assert [each.run_id for each in nights[2].report.nights] == [
        nights[0].run["run_id"], nights[2].run["run_id"]
    ]  # fmt: skip


def _let_go(served: Azurite) -> None:
    """What a minute does: the lease of the run that could not give it back ends."""
    credential = {"account_name": "auditortest", "account_key": served.key}
    client = ContainerClient(served.endpoint, "nights", credential=credential, connection_verify=str(served.ca))  # type: ignore[arg-type]
    BlobLeaseClient(client.get_blob_client("whole/.lock")).break_lease(0)
