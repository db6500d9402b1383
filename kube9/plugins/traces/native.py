"""kube9's own pod lists: CSV with a header, or JSON lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from attrs import define, field

from kube9.core.errors import FileError, InvalidInput
from kube9.core.limits import PRIORITY_MAX, PRIORITY_MIN
from kube9.core.pods import DeviceRequest, PodSpec
from kube9.core.ports import Arrival, Trace
from kube9.files.fields import duration_ms, labels, models, text, tolerations, whole
from kube9.files.records import NameBook, Record, is_json_lines, read_objects, record_of
from kube9.files.resources import PREFIX, amounts, devices
from kube9.files.rows import Columns, header_of, open_table
from kube9.files.text import read_head, stem

__all__ = ["NativeReader"]

_COLUMNS = Columns(
    required=("name",),
    optional=(
        "namespace",
        "arrival",
        "duration",
        "cpu",
        "memory",
        "gpu",
        "gpu_milli",
        "gpu_models",
        "priority",
        "labels",
        "node_selector",
        "tolerations",
        "scheduler",
    ),
    prefix=PREFIX,
)
_OF_THE_POD_ALONE = ("name", "arrival", "duration")

_priority = partial(whole, least=PRIORITY_MIN, most=PRIORITY_MAX)


class NativeReader:
    """Reads kube9's own format; plain times are in seconds."""

    describes = "CSV or JSON lines with name, arrival, duration, cpu, memory, gpu, labels, ..."

    def recognises(self, path: str, head: str) -> bool:  # noqa: ARG002  # the header says it all
        return is_json_lines(head) or _COLUMNS.share(header_of(head)) > 0.5

    def read(self, path: str) -> tuple[Trace, ...]:
        pods = _PodList(path)
        arrivals = tuple(pods.from_json() if is_json_lines(read_head(path)) else pods.from_csv())
        if not arrivals:
            raise FileError(path, "expected at least one pod after the header")
        return (Trace(instance=stem(path), arrivals=arrivals, timed=bool(pods.timed)),)


@define
class _PodList:
    path: str
    #: Whether the pods have arrival times; ``None`` until the first pod tells.
    timed: bool | None = None
    _names: NameBook = field(factory=lambda: NameBook("pod"))

    def from_csv(self) -> Iterator[Arrival]:
        shapes: dict[Any, Mapping[str, Any]] = {}
        with open_table(self.path, _COLUMNS) as table:
            self.timed = "arrival" in table.header
            written_shape = table.picker(column for column in table.header if column not in _OF_THE_POD_ALONE)
            name_of = table.required("name", text)
            arrival_ms = table.required("arrival", duration_ms) if self.timed else _at_once
            runs_ms = table.optional("duration", duration_ms, None)
            for cells in table:
                written = written_shape(cells)
                if (shape := shapes.get(written)) is None:
                    shape = shapes[written] = _shape(record_of(table, cells))
                name = name_of(cells)
                self._names.claim(name, self.path, table.line, shape["namespace"])
                try:
                    pod = PodSpec(name=name, **shape)
                except InvalidInput as exc:
                    raise table.fault(str(exc), "name") from exc
                yield Arrival(pod=pod, at_ms=arrival_ms(cells), duration_ms=runs_ms(cells))

    def from_json(self) -> Iterator[Arrival]:
        for record in read_objects(self.path, _COLUMNS, json_only=("devices",)):
            shape = _shape(record)
            name = record.need("name", text)
            self._names.claim(name, self.path, record.line, shape["namespace"])
            try:
                pod = PodSpec(name=name, **shape)
            except InvalidInput as exc:
                raise record.fault(str(exc), "name") from exc
            yield Arrival(
                pod=pod, at_ms=self._arrival_ms(record), duration_ms=record.read("duration", duration_ms, None)
            )

    def _arrival_ms(self, record: Record) -> int:
        if self.timed is None:
            self.timed = "arrival" in record.values
        if self.timed:
            return record.need("arrival", duration_ms)
        if "arrival" in record.values:
            raise record.fault("expected none, as the pods before have none; give it to all pods or to none", "arrival")
        return 0


def _at_once(_: list[str]) -> int:
    return 0


def _shape(record: Record) -> Mapping[str, Any]:
    """Everything of a pod but its name."""
    shape: dict[str, Any] = {
        "namespace": record.read("namespace", text, "default"),
        "requests": amounts(record, ("cpu", "memory")),
        "labels": record.read("labels", labels, {}),
        "node_selector": record.read("node_selector", labels, {}),
        "tolerations": record.read("tolerations", tolerations, ()),
        "priority": record.read("priority", _priority, 0),
        "scheduler_name": record.read("scheduler", text, ""),
    }
    try:
        shape["devices"] = devices(record, DeviceRequest, {"models": models})
        PodSpec(name="trial", **shape)  # whatever fails with the real name is then the name's fault
    except FileError:
        raise
    except InvalidInput as exc:
        raise record.fault(str(exc)) from exc
    return shape
