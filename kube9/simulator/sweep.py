"""Every job of a scenario, in this process or in several."""

from __future__ import annotations

import multiprocessing
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager

from attrs import define

from kube9.core import errors
from kube9.core.errors import Kube9Error, PluginError
from kube9.simulator.orphans import end_with_the_parent
from kube9.simulator.result import RunResult
from kube9.simulator.scenario import Job, Scenario
from kube9.simulator.simulation import simulate
from kube9.simulator.workshop import Workshop

__all__ = ["LoadWorkshop", "Progress", "sweep"]

#: Makes a workshop like the caller's in another process, so it must survive pickling.
LoadWorkshop = Callable[[], Workshop]
#: Told how many more pods have come, over all jobs.
Progress = Callable[[int], None]

#: How many pods may come before the progress is told.
_TELL_EVERY = 256


def sweep(
    scenario: Scenario, workshop: Workshop, *, processes: int, load: LoadWorkshop, progress: Progress
) -> tuple[RunResult, ...]:
    """Run every job; the results come in the order of :meth:`Scenario.jobs`, whatever ``processes`` is.

    :param processes: with more than 1, each loads a workshop of its own with ``load``.
    :raises Kube9Error: the first job that failed; none is begun after that.
    """
    # Whatever is wrong with a name or its options is told before anything runs.
    for step in scenario.schedulers:
        workshop.make_cluster(scheduler=step, queue=scenario.queue, devices=scenario.devices, seed=0, settings=None)
    for check in scenario.healths:
        workshop.make_health_check(check)
    processes = min(processes, len(scenario.jobs()))
    if processes > 1:
        return _in_processes(scenario, processes, load, progress)
    return tuple(_each(scenario, workshop, progress))


def _each(scenario: Scenario, workshop: Workshop, progress: Progress) -> Iterator[RunResult]:
    for job in scenario.jobs():
        untold = 0

        def came(pods: int) -> None:
            nonlocal untold
            untold += pods
            if untold >= _TELL_EVERY:
                progress(untold)
                untold = 0

        yield simulate(job, scenario, workshop, came)
        progress(untold)


def _in_processes(scenario: Scenario, processes: int, load: LoadWorkshop, progress: Progress) -> tuple[RunResult, ...]:
    with _workers(processes, scenario, load) as executor:
        jobs = scenario.jobs()
        futures: dict[Future[RunResult], int] = {}
        results: dict[int, RunResult] = {}
        try:
            with _interrupts_held():
                futures.update((executor.submit(_run, index), index) for index in range(len(jobs)))
            for future in as_completed(futures):
                index = futures[future]
                results[index] = future.result()
                progress(len(jobs[index].trace.arrivals))
        except BrokenProcessPool as exc:
            raise Kube9Error(
                "a worker process ended before its run did, perhaps for lack of memory; try fewer --jobs"
            ) from exc
        return tuple(results[index] for index in sorted(results))


@contextmanager
def _workers(processes: int, scenario: Scenario, load: LoadWorkshop) -> Iterator[ProcessPoolExecutor]:
    """A pool whose processes do not outlive this block, however it is left."""
    # Forking a process that has threads is asking for trouble, and plugins may have started some.
    spawn = multiprocessing.get_context("spawn")
    others = set(multiprocessing.active_children())
    executor = ProcessPoolExecutor(processes, mp_context=spawn, initializer=_start, initargs=(scenario, load))
    try:
        yield executor
    except BaseException:
        executor.shutdown(wait=False, cancel_futures=True)
        for worker in set(multiprocessing.active_children()) - others:
            worker.terminate()
        raise
    finally:
        executor.shutdown(wait=True)


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Put off Ctrl-C until the end of this block.

    A process that begins in it puts it off as well, until it knows what to do then: the mask is handed down. It does
    not suffice here, since a signal may reach any thread, and NumPy has threads that have not blocked it.
    """
    held: list[int] = []
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    in_main = threading.current_thread() is threading.main_thread()
    handler = signal.signal(signal.SIGINT, lambda number, _: held.append(number)) if in_main else None
    try:
        yield
    finally:
        if in_main:
            signal.signal(signal.SIGINT, handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        if held:
            raise KeyboardInterrupt


@define
class _Worker:
    """What one worker process knows."""

    scenario: Scenario
    load: LoadWorkshop
    jobs: Sequence[Job]
    #: Made for the first job: what goes wrong then can be told, unlike what goes wrong while a process starts.
    workshop: Workshop | None = None


#: The one of this process. An initializer has nothing but its module to leave something in for the jobs.
_worker: list[_Worker] = []


def _start(scenario: Scenario, load: LoadWorkshop) -> None:
    end_with_the_parent()
    # Ctrl-C reaches every process of the terminal; what there is to say and to end, the parent says and ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    _worker[:] = [_Worker(scenario, load, scenario.jobs())]


def _run(index: int) -> RunResult:
    """Run one job in a worker."""
    worker = _worker[0]
    try:
        if worker.workshop is None:
            worker.workshop = worker.load()
        return simulate(worker.jobs[index], worker.scenario, worker.workshop, lambda _: None)
    except Exception as exc:
        raise _portable(exc) from exc


def _portable(exc: Exception) -> Kube9Error:
    """The error in a form that every process can read: a class of a plugin's file is known only where it was loaded."""
    if isinstance(exc, Kube9Error) and type(exc).__module__ == errors.__name__:
        return exc
    return PluginError(f"{type(exc).__name__}: {exc}")
