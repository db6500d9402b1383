"""Pod lists of the openb family: the GPU cluster trace of 2023 that Alibaba published.

Source: https://github.com/alibaba/clusterdata/tree/master/cluster-trace-gpu-v2023
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from attrs import define, field

from kube9.core.errors import FileError, InvalidInput
from kube9.core.frozen import FrozenMap
from kube9.core.limits import DEVICES_MAX
from kube9.core.pods import DeviceRequest, PodSpec
from kube9.core.ports import Arrival, Trace
from kube9.core.quantities import QUANTITY_MAX
from kube9.files.fields import models, seconds_ms, text, whole
from kube9.files.records import NameBook
from kube9.files.rows import Columns, Table, header_of, open_table
from kube9.files.text import stem

_MIB = 2**20

_COLUMNS = Columns(
    required=("name", "cpu_milli", "num_gpu", "gpu_milli"),
    # Some lists of the family have no memory, some have no times.
    optional=("memory_mib", "gpu_spec", "qos", "pod_phase", "creation_time", "deletion_time", "scheduled_time"),
)
_SHAPE = ("cpu_milli", "memory_mib", "num_gpu", "gpu_milli", "gpu_spec", "qos")

_memory_mib = partial(whole, most=QUANTITY_MAX // _MIB)
_at_least_one = partial(whole, least=1)
_count = partial(whole, most=DEVICES_MAX)


class OpenbReader:
    """Reads pods with GPU shares; times are in seconds."""

    describes = "CSV with name, cpu_milli, memory_mib, num_gpu, gpu_milli, gpu_spec, creation_time, ..."

    def recognises(self, path: str, head: str) -> bool:  # noqa: ARG002  # the header says it all
        header = header_of(head)
        return "cpu_milli" in header and "sn" not in header and _COLUMNS.share(header) >= 0.5

    def read(self, path: str) -> tuple[Trace, ...]:
        with open_table(path, _COLUMNS) as table:
            pods = _PodList(table)
            arrivals = tuple(pods.arrivals())
            if not arrivals:
                raise table.fault("expected at least one pod after the header")
        return (Trace(instance=stem(path), arrivals=arrivals, timed=pods.timed, notes=tuple(pods.notes())),)


@define
class _PodList:
    """The rows of one list, and what was noticed on the way."""

    table: Table
    _names: NameBook = field(factory=lambda: NameBook("pod"))
    _shapes: dict[Any, Mapping[str, Any]] = field(factory=dict)
    never_ran: int = 0
    still_there: int = 0
    backwards: int = 0

    @property
    def timed(self) -> bool:
        return "creation_time" in self.table.header

    def arrivals(self) -> Iterator[Arrival]:
        table = self.table
        written_shape = table.picker(column for column in _SHAPE if column in table.header)
        name_of = table.required("name", text)
        times = self._times() if self.timed else _no_times
        for cells in table:
            written = written_shape(cells)
            if (shape := self._shapes.get(written)) is None:
                shape = self._shapes[written] = self._shape(cells)
            name = name_of(cells)
            self._names.claim(name, table.path, table.line)
            try:
                pod = PodSpec(name=name, **shape)
            except InvalidInput as exc:
                raise table.fault(str(exc), "name") from exc
            at_ms, duration_ms = times(cells)
            yield Arrival(pod=pod, at_ms=at_ms, duration_ms=duration_ms)

    def _shape(self, cells: list[str]) -> Mapping[str, Any]:
        """Everything of a pod but its name; the few shapes of a list are read once each."""
        table = self.table
        requests = {"cpu": table.required("cpu_milli", whole)(cells)}
        if "memory_mib" in table.header:
            requests["memory"] = table.required("memory_mib", _memory_mib)(cells) * _MIB
        qos = table.optional("qos", text, "")(cells)
        shape: dict[str, Any] = {"requests": FrozenMap(requests), "labels": FrozenMap({"qos": qos} if qos else {})}
        try:
            shape["devices"] = self._devices(cells)
            PodSpec(name="trial", **shape)  # whatever fails with the real name is then the name's fault
        except FileError:
            raise
        except InvalidInput as exc:
            raise table.fault(str(exc)) from exc
        return shape

    def _devices(self, cells: list[str]) -> tuple[DeviceRequest, ...]:
        table = self.table
        wanted = table.optional("gpu_spec", models, ())(cells)
        count = table.required("num_gpu", _count)(cells)
        milli = table.required("gpu_milli", _at_least_one if count else whole)(cells)
        return (DeviceRequest(kind="gpu", count=count, milli=milli, models=wanted),) if count else ()

    def _times(self) -> Callable[[list[str]], tuple[int, int | None]]:
        """A function that tells of a row when its pod came and how long it ran."""
        created_ms = self.table.required("creation_time", seconds_ms)
        deleted_ms = self.table.optional("deletion_time", seconds_ms, None)
        scheduled_ms = self.table.optional("scheduled_time", seconds_ms, None)

        def times(cells: list[str]) -> tuple[int, int | None]:
            came_ms, gone_ms, began_ms = created_ms(cells), deleted_ms(cells), scheduled_ms(cells)
            if began_ms is None:
                # It would have run, had there been room; the original cluster gave it up at its deletion.
                self.never_ran += 1
                began_ms = came_ms
            if gone_ms is None:
                self.still_there += 1
                return came_ms, None
            self.backwards += gone_ms < began_ms
            return came_ms, max(0, gone_ms - began_ms)

        return times

    def notes(self) -> Iterator[str]:
        if "memory_mib" not in self.table.header:
            yield "The list has no memory_mib; its pods ask for no memory."
        if self.never_ran:
            yield (
                f"Pods that were never placed where the list comes from (no scheduled_time): {self.never_ran}; "
                "they are taken to run from creation_time to deletion_time."
            )
        if self.still_there:
            yield f"Pods without a deletion_time: {self.still_there}; they run to the end."
        if self.backwards:
            yield f"Pods deleted before they began: {self.backwards}; they end as soon as they start."


def _no_times(_: list[str]) -> tuple[int, None]:
    return 0, None
