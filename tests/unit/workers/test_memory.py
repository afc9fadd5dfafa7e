"""How seldom garbage is looked for, and that it still is; what goes back to the system."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest

from auditor.workers import choose_allocator, collect_garbage_seldom, local_executor, release

POOL = "ARROW_DEFAULT_MEMORY_POOL"


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


def test_garbage_is_looked_for_after_many_more_objects_than_python_would_wait_for() -> None:
    _new, *older = gc.get_threshold()
    collect_garbage_seldom()
    assert gc.isenabled()
    assert gc.get_threshold()[0] >= 10_000
    assert list(gc.get_threshold()[1:]) == older


def test_what_parquet_files_are_written_from_is_taken_from_the_system_where_the_user_chose_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Arrow looks that up when it is loaded: asked in a process of its own."""
    monkeypatch.delenv(POOL, raising=False)
    choose_allocator()
    assert pool_of_arrow() == "system"
    monkeypatch.setenv(POOL, "mimalloc")
    choose_allocator()
    assert pool_of_arrow() == "mimalloc"


def pool_of_arrow() -> str:
    asked = "import pyarrow; print(pyarrow.default_memory_pool().backend_name)"
    return subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc can be asked to")
def test_threads_take_their_memory_from_one_arena(tmp_path: Path) -> None:
    """glibc tells what it has: asked in a process of its own."""
    code = f"""if True:
        import ctypes, threading
        from auditor.workers import choose_allocator

        choose_allocator()
        together = threading.Barrier(8)
        threads = [threading.Thread(target=lambda: (bytearray(10_000), together.wait())) for _each in range(8)]
        [each.start() for each in threads], [each.join() for each in threads]
        glibc = ctypes.CDLL(None)
        glibc.fopen.restype = ctypes.c_void_p
        file = ctypes.c_void_p(glibc.fopen({str(tmp_path / "told")!r}.encode(), b"w"))
        glibc.malloc_info(0, file), glibc.fclose(file)
    """
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
    assert (tmp_path / "told").read_text().count("<heap nr=") == 1


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc can be asked to")
def test_columns_that_are_freed_go_back_whatever_small_lies_beside_them() -> None:
    code = """if True:
        import os
        from auditor.workers import choose_allocator

        def resident():
            return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

        choose_allocator()
        bytearray(b"x") * 20_000_000  # from then on glibc would take all that is smaller from the heap
        before = resident()
        columns, small = zip(*((bytearray(b"x") * 1_000_000, bytearray(1_000)) for _each in range(100)))
        taken = resident()
        del columns
        print(taken - before, resident() - before)
    """
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    taken, kept = map(int, told.stdout.split())
    assert taken > 90_000_000
    assert kept < 10_000_000


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc can be asked to")
def test_what_was_freed_below_something_that_lives_goes_back_before_the_next_shard_begins() -> None:
    def shard() -> list[bytearray]:
        return [bytearray(100_000) for _each in range(1_000)][::50]

    before = resident()
    with local_executor() as executor:
        kept = executor.submit(shard).result()
        held = executor.submit(resident).result()
    assert len(kept) == 20
    assert held - before < 50_000_000


def resident() -> int:
    """Bytes of this process that are in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Read:
    """What a shard has read."""


def failing(read: Read) -> weakref.ref[Read]:
    try:
        raise ValueError
    except ValueError as error:
        fault = error  # which holds this frame, and the frame holds it
    assert fault.__traceback__ is not None
    return weakref.ref(read)


def test_what_an_error_was_raised_beside_lives_no_longer_than_its_shard() -> None:
    with local_executor() as executor:
        held = executor.submit(failing, Read()).result()
        executor.submit(int).result()  # the one before it is done with by then
    assert held() is None


def test_what_a_later_night_of_the_same_process_leaves_in_cycles_is_found() -> None:
    """Only what was there at the first look of all is looked through no more."""
    release()
    night = Read()
    night.__dict__["itself"], left = night, weakref.ref(night)
    release()
    del night
    release()
    assert left() is None
