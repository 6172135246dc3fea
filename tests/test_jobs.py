"""Children that work: they answer, they can be ended, and nothing of them stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import MappingProxyType

import job_tasks
import pytest
from hypothesis import given
from hypothesis import strategies as some
from scenarios import table

from liancun_geo.errors import DataError
from liancun_geo.scenario import County
from liancun_geo.settings import Settings
from liancun_geo.studio.jobs import Job, JobError, Jobs, server_jobs, start
from liancun_geo.studio.wire import JobProgress, landmarks, packed, unpacked

ROOT = Path(__file__).resolve().parents[1]
POSIX = pytest.mark.skipif(os.name != "posix", reason="looks at processes as POSIX has them")


@pytest.fixture(scope="module")
def jobs() -> Iterator[Jobs]:
    """Return one child for all tests: starting one costs seconds."""
    pool = Jobs(limit=1)
    yield pool
    pool.close()


def eventually(true: Callable[[], bool], seconds: float = 30.0) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if true():
            return True
        time.sleep(0.02)
    return False


def lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_job_answers_and_tells_how_far_it_is(jobs: Jobs) -> None:
    job = jobs.start(job_tasks.add, 2, other=3)
    assert job.result() == 5
    assert job.state == "done"
    assert job.position == 0
    told = job.progress()
    assert (told.done, told.total, told.objective, told.bound) == (1, 2, 3.0, 2.0)
    assert told.share == 0.5
    assert told.seconds > 0.0
    assert job.faults() == ()


def test_a_child_serves_one_job_after_the_other_and_lets_others_go_first(jobs: Jobs) -> None:
    first, niceness = jobs.start(job_tasks.process).result()
    second, _ = jobs.start(job_tasks.process).result()
    assert first == second != os.getpid()
    if hasattr(os, "nice"):
        assert niceness == min(19, os.nice(0) + 10)


def test_what_was_given_is_not_sent_back(jobs: Jobs) -> None:
    county, settings = County(table()), Settings()
    job = jobs.start(job_tasks.give_back, county, settings)
    given, villages, back, count = job.result()
    assert given is county
    assert villages is county.villages
    assert back == settings
    assert count == len(county.villages)


def test_faults_of_a_task_come_back_as_they_were_raised(jobs: Jobs) -> None:
    job = jobs.start(job_tasks.refuse)
    with pytest.raises(DataError) as caught:
        job.result()
    assert job.state == "failed"
    assert caught.value.faults == job.faults()
    assert "西泉村" in job.faults()[0].text("zh")
    assert "3" in job.faults()[0].text("en")


@pytest.mark.parametrize(
    ("task", "cause"),
    [
        (job_tasks.break_down, "ZeroDivisionError"),
        (job_tasks.vanish, "exit code 7"),
        (job_tasks.unsendable, "Error"),
    ],
)
def test_a_crash_is_a_clear_fault_and_the_next_job_works(
    jobs: Jobs, task: Callable[..., None], cause: str
) -> None:
    job = jobs.start(task)
    with pytest.raises(JobError):
        job.result()
    assert job.state == "failed"
    [fault] = job.faults()
    assert cause in fault.text("zh")
    assert "Traceback" not in fault.text("en")
    assert jobs.start(job_tasks.add, 1, 1).result() == 2


@POSIX
def test_cancelling_ends_a_busy_child_at_once_and_others_wait_their_turn(jobs: Jobs) -> None:
    job = jobs.start(job_tasks.hang)
    waiting = [jobs.start(job_tasks.add, n, n) for n in (1, 2, 3)]
    assert eventually(lambda: job.progress().done == 1)
    assert [one.position for one in (job, *waiting)] == [0, 1, 2, 3]
    [pid] = jobs.pids()
    waiting[1].cancel()
    assert [one.position for one in waiting] == [1, 0, 2]
    job.cancel()
    assert job.finished
    # How fast: benchmarks.app. By itself the child would never end.
    assert eventually(lambda: not lives(pid))
    assert job.state == waiting[1].state == "cancelled"
    with pytest.raises(JobError):
        job.result()
    assert [waiting[0].result(), waiting[2].result()] == [2, 6]
    assert jobs.pids() != (pid,)
    job.cancel()
    assert waiting[0].state == "done"


@POSIX
def test_what_nobody_asks_about_is_ended_and_an_idle_child_goes() -> None:
    pool = Jobs(limit=1, idle_s=0.4)
    job = pool.start(job_tasks.hang)
    assert job.wait(10.0)
    assert job.state == "cancelled"
    assert "0" in job.faults()[0].text("zh")
    assert job.faults()[0].key == "jobs.abandoned"
    assert eventually(lambda: pool.pids() == ())
    pool.close()


def test_asking_keeps_a_job_alive() -> None:
    now = [0.0]
    pool = Jobs(limit=1, idle_s=0.2, clock=lambda: now[0])
    job = pool.start(job_tasks.nap, 0.3)
    for _ in range(10):
        now[0] += 0.15
        job.progress()
        time.sleep(0.05)
    assert job.state in ("queued", "running", "done")
    now[0] += 10.0
    if not job.finished:
        assert job.wait(5.0)
    pool.close()


@POSIX
def test_children_end_with_their_server_however_it_ends() -> None:
    server = textwrap.dedent(
        """
        import sys, time, job_tasks
        from liancun_geo.studio.jobs import start, server_jobs
        job = start(job_tasks.hang)
        while job.progress().done == 0:
            time.sleep(0.02)
        print(server_jobs().pids()[0], flush=True)
        time.sleep(60)
        """
    )
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    with subprocess.Popen(
        [sys.executable, "-c", server],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": path},
    ) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        assert lives(child)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert eventually(lambda: not lives(child) or _is_zombie(child), 5.0)


def _is_zombie(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rsplit(")", 1)[1].split()[0] == "Z"


def test_closing_ends_everything() -> None:
    pool = Jobs(limit=1)
    running, waiting = pool.start(job_tasks.hang), pool.start(job_tasks.add, 1, 1)
    pool.close()
    assert running.state == waiting.state == "cancelled"
    assert pool.pids() == ()
    with pytest.raises(RuntimeError):
        pool.start(job_tasks.add, 1, 1)


def test_the_server_has_one_set_of_children() -> None:
    job: Job[int] = start(job_tasks.add, 4, 4)
    assert server_jobs() is server_jobs()
    assert job.result() == 8


values = some.recursive(
    some.none() | some.booleans() | some.integers() | some.text(),
    lambda inner: some.dictionaries(some.text(), inner) | some.lists(inner),
    max_leaves=6,
)


@given(some.dictionaries(some.text(), values, max_size=4))
def test_read_only_mappings_travel(content: dict[str, object]) -> None:
    back = unpacked(packed((MappingProxyType(content), JobProgress(detail=content))))
    assert back[0] == content
    assert isinstance(back[0], MappingProxyType)
    assert back[1].detail == content


def test_landmarks_are_named_and_not_copied() -> None:
    county = County(table())
    names = landmarks((county, 3, "text"))
    assert set(names) == {(0, ""), (0, "villages")}
    assert len(packed((county, county.villages), names)) < 200
    assert unpacked(packed(county.villages, names), names) is county.villages
