"""Reading what Linux says of a process, from its files' texts and from this very process."""

import os
import subprocess
import sys

from tests.bench import procfs


def test_schedstat_begins_with_the_time_on_a_cpu() -> None:
    assert procfs.run_nanoseconds("1133319 341668 2\n") == 1133319
    assert procfs.run_nanoseconds("") == 0


def test_the_parent_is_found_behind_a_name_with_spaces_and_brackets() -> None:
    assert procfs.parent_of("77 (odd ) (name) S 42 77 77 0") == 42
    assert procfs.parent_of("") == -1


def test_resident_memory_is_the_rss_line() -> None:
    assert procfs.rollup_bytes("00400000-7fff rollup\nRss:      1234 kB\nPss: 99 kB\n") == 1234 * 1024
    assert procfs.rollup_bytes("") == 0


def test_cpu_time_of_a_busy_process_counts_its_threads() -> None:
    code = "import threading, time\ndef f():\n    print(flush=True); input(); ends = time.process_time() + 0.3\n"
    code += "    while time.process_time() < ends: pass\n    print(flush=True); input()\n"  # a thread that has ended is not counted
    code += "t = threading.Thread(target=f); t.start(); t.join()"
    with subprocess.Popen([sys.executable, "-c", f"{code}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        assert child.stdin is not None
        before = procfs.cpu_seconds(child.pid)
        child.stdin.write(b"\n")
        child.stdin.flush()
        child.stdout.readline()
        assert procfs.cpu_seconds(child.pid) > before + 0.2
        assert procfs.family(os.getpid()).count(child.pid) == 1
        assert procfs.resident_bytes(child.pid) > 1_000_000
        child.communicate(b"\n")


def test_a_process_that_has_ended_costs_nothing() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        child.wait()
    assert procfs.cpu_seconds(child.pid) == 0
    assert procfs.resident_bytes(child.pid) == 0
