"""The station: devices come and go, are checked side by side, and each is filed as soon as it is done.

    station = Station(expected, lambda target, watch: check_target(target, wishes, watch), Filer(…))
    for event in watcher.events(stop):
        station.take(event)                  # or station.plug(sighting) for what nobody watches
    station.view()                           # everything, at one moment; from any thread
    station.close()

- Every check has a thread and a transport of its own. All run at once, up to `at_once`; where the computer itself
  refuses one (`HostRefused`), that one waits until another is done, and no more are begun at once than ran then.
- What nothing certain is known of, or may be at work, waits in CONFIRM for the person's word.
- A report is filed when its check ends, also of a device that was unplugged; one that is plugged in again is checked
  again under its number, its new report takes the place of the old one on the list, and both are kept.
- A report that cannot be kept (disk full) stays here, is shown, and is tried again by `refile`.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from device_agents.auto import decide
from device_agents.candidates import Candidate
from device_agents.conversation import Answer, Question
from device_agents.desk import Checked, Target, Watch
from device_agents.discovery.presence import Added, Event, Moved, Presence, Sighting
from device_agents.errors import AgentError, CheckBroke, DeskError, HostRefused
from device_agents.kinds import AnyKind, kind_by_slug
from device_agents.kinds.base import Opening
from device_agents.kitlist import Found, KitList, Row
from device_agents.report import Report
from device_agents.station.asking import Asker
from device_agents.station.devices import Device, Phase, View
from device_agents.station.table import Table, labelled

AT_ONCE: Final = 32
CLOSE_S: Final = 5.0

Checker = Callable[[Target, Watch], Checked]
FileReport = Callable[[str, Row], str]


@dataclass
class _Run:
    """A check under way."""

    asker: Asker
    stop: threading.Event = field(default_factory=threading.Event)


class Station:
    """See the module.

    Args:
        expected: the kit's list.
        check: checks a target (`device_agents.desk.check_target`).
        file: keeps a row's report and gives its id (`device_agents.desk.Filer`).
        at_once: how many checks run at the same time.
        presence: told which instances are being checked.
        asks: whether a person is there to say what a device is; without one `check` decides, and leaves alone what it
            does not know.
        in_turn: checks without a port run one after the other: one terminal, one person.
    """

    def __init__(
        self,
        expected: KitList,
        check: Checker,
        file: FileReport,
        *,
        at_once: int = AT_ONCE,
        presence: Presence | None = None,
        asks: bool = True,
        in_turn: bool = False,
    ) -> None:
        self.expected = expected
        self.most_at_once = self.at_once = max(1, at_once)
        self._check = check
        self._file = file
        self._presence = presence or Presence()
        self._asks = asks
        self._in_turn = in_turn
        self._table = Table(expected)
        self._changed = self._table.changed
        self._filing = threading.Lock()
        self._runs: dict[int, _Run] = {}
        self._closing = False

    # --- what comes and goes

    def take(self, event: Event) -> None:
        """Something was plugged in, unplugged, or has another port."""
        if isinstance(event, Added):
            self.plug(event.sighting, event.instance)
        elif isinstance(event, Moved):
            self._move(event.instance, event.sighting)
        else:
            self.unplug(event.instance)

    def plug(self, sighting: Sighting, instance: str = "") -> int:
        """A device is there: check it, or wait for the person's word; its number."""
        with self._changed:
            old = self._table.by_instance(instance)
            named = kind_by_slug(sighting.kind) if sighting.kind else None
            if old is not None and named is None and old.target.kind is not None:
                # The person's word that something is idle was about then, what it is holds.
                named = old.target.kind if old.target.kind.opening is Opening.FREELY else None
            label = sighting.label or (old.target.label if old is not None else "")
            port = sighting.candidate.port
            # A board in its own updater has a disk and no port.
            target = Target(port, named, label, "" if port else sighting.candidate.properties.get("drive", ""))
            old = old or self._table.new(target, sighting, instance)
            there = replace(old, target=target, sighting=sighting, plugged=True)
            self._table.put(there if there.phase is Phase.CHECKING else self._begun(there))
            self._schedule()
            return old.number

    def add(self, target: Target) -> int:
        """Check a target that nobody watches; its number."""
        with self._changed:
            slug = target.kind.slug if target.kind is not None else ""
            device = self._table.new(target, Sighting(Candidate(port=target.port), slug, target.label))
            self._table.put(self._begun(device))
            self._schedule()
            return device.number

    def unplug(self, instance: str) -> None:
        """A device is gone. What was checked stays."""
        with self._changed:
            old = self._table.by_instance(instance)
            if old is None:
                return
            # What the computer could not take beside this one may go now.
            self.at_once = min(self.most_at_once, self.at_once + 1)
            if old.phase is Phase.CHECKING:
                self._table.put(replace(old, plugged=False))
            elif old.checked is not None:
                self._table.put(replace(old, plugged=False, phase=Phase.DONE, question=None, fault=None, not_opened=""))
            else:
                self._table.drop(old.number)
            self._schedule()

    def _move(self, instance: str, sighting: Sighting) -> None:
        with self._changed:
            old = self._table.by_instance(instance)
            if old is not None:
                self._table.put(
                    replace(old, sighting=sighting, target=replace(old.target, port=sighting.candidate.port))
                )

    # --- what the person says

    def confirm(self, number: int, slug: str) -> None:
        """The person's word: what a device is, and that its port may be opened.

        Raises:
            BadArguments: no such kind.
        """
        with self._changed:
            device = self._table.devices.get(number)
            if device is not None and device.phase in (Phase.CONFIRM, Phase.UNUSABLE):
                target = replace(device.target, kind=kind_by_slug(slug))
                self._table.put(replace(device, target=target, phase=Phase.WAITING, may_be=(), reason=""))
                self._schedule()

    def again(self, number: int) -> None:
        """Check a device that is there once more."""
        with self._changed:
            device = self._table.devices.get(number)
            if device is not None and device.plugged and device.phase in (Phase.DONE, Phase.UNUSABLE):
                kind = device.target.kind
                if kind is not None and kind.opening is Opening.WHEN_NAMED and self._asks:
                    device = replace(device, target=replace(device.target, kind=None))
                self._table.put(self._begun(device))
                self._schedule()

    def checklist(self, slug: str, label: str) -> int:
        """Go through the checklist of a device without a port; its number."""
        with self._changed:
            for device in self._table.devices.values():
                if not device.target.place and (device.target.label, device.sighting.kind) == (label, slug) and label:
                    self.again(device.number)
                    return device.number
            return self.plug(Sighting(Candidate(port=""), slug, label))

    def label(self, number: int, label: str) -> None:
        """A device's number, as its label has it. One that was filed without it is filed again with it."""
        with self._changed:
            device = self._table.devices.get(number)
            if device is None:
                return
            device = replace(device, target=replace(device.target, label=label))
            if device.checked is not None:
                device = replace(device, checked=labelled(device.checked, label))
            device = self._table.put(self._table.same_as_before(device))
        if device.report is not None and device.phase is not Phase.CHECKING:
            self._file_now(number)

    def answer(self, number: int, question: Question, answer: Answer | None) -> None:
        """The person's answer to the question of a device's check."""
        with self._changed:
            run = self._runs.get(number)
        if run is not None:
            run.asker.answer(question, answer)

    # --- what there is

    def view(self) -> View:
        """The table at this moment."""
        return self._table.view()

    @property
    def busy(self) -> int:
        """How many checks are under way or will be."""
        with self._changed:
            return sum(device.busy for device in self._table.devices.values())

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until every check that can go on alone has ended and is filed; whether they have."""
        end = None if timeout_s is None else time.monotonic() + timeout_s
        with self._changed:
            while any(device.busy for device in self._table.devices.values()) or self._runs:
                left = 0.2 if end is None else min(0.2, end - time.monotonic())
                if left <= 0:
                    return False
                self._changed.wait(left)  # in slices, so that Ctrl-C arrives on every system
        return True

    def refile(self) -> None:
        """Try again to keep the reports that could not be kept."""
        for device in self.view().devices:
            if device.unfiled is not None:
                self._file_now(device.number)

    def close(self, timeout_s: float = CLOSE_S) -> bool:
        """End every check: devices are left in order, ports closed, reports filed; whether all have ended in time."""
        with self._changed:
            self._closing = True
            for run in self._runs.values():
                run.stop.set()
            end = time.monotonic() + timeout_s
            while self._runs and time.monotonic() < end:
                self._changed.wait(0.1)
            ended = not self._runs
        self.refile()
        return ended

    # --- inside; the lock is held where not said otherwise

    def _begun(self, device: Device) -> Device:
        """The device as it waits for its check, or for the person's word."""
        fresh = replace(device, phase=Phase.WAITING, fault=None, not_opened="", step="", step_number=0, steps=0)
        if device.target.kind is not None or not self._asks:
            return fresh
        decision = decide(device.sighting.candidate)
        if decision.kind is not None:
            return fresh
        return replace(fresh, phase=Phase.CONFIRM, may_be=decision.may_be, reason=decision.reason)

    def _schedule(self) -> None:
        for device in sorted(self._table.devices.values(), key=lambda each: each.number):
            if device.phase is not Phase.WAITING or device.number in self._runs or self._closing:
                continue  # one that is asked for again while its report is being filed waits for that
            under_way = [self._table.devices[number] for number in self._runs if number in self._table.devices]
            alike = sum(bool(each.target.place) == bool(device.target.place) for each in under_way)
            if device.target.place:
                full = alike >= self.at_once
            else:
                full = self._in_turn and alike > 0
            if full:
                if not device.held_back:
                    self._table.put(replace(device, held_back=True))
                continue
            self._start(device)

    def _start(self, device: Device) -> None:
        number = device.number
        stop = threading.Event()
        run = _Run(Asker(lambda question: self._table.change(number, question=question), stop), stop)
        self._runs[number] = run
        self._table.put(replace(device, phase=Phase.CHECKING, held_back=False, step="", step_number=0))
        self._presence.hold(device.instance)
        threading.Thread(target=self._work, args=(number, device.target, run), name="station", daemon=True).start()

    def _work(self, number: int, target: Target, run: _Run) -> None:
        """In a thread of its own, without the lock."""
        names: list[str] = []

        def steps(kind: AnyKind, all_names: tuple[str, ...]) -> None:
            names[:] = all_names
            self._table.change(number, kind=kind.filed, steps=len(all_names))

        def step(name: str) -> None:
            self._table.change(number, step=name, step_number=names.index(name) + 1 if name in names else 0)

        try:
            checked = self._check(target, Watch(steps, step, run.asker, run.stop))
        except AgentError as fault:
            checked = Checked(Found(target.place, target.kind.filed if target.kind else None, (), None), fault)
        except Exception as fault:  # ours: the other devices' checks go on
            broke = CheckBroke(detail=f"{type(fault).__name__}: {fault}"[:300])
            checked = Checked(Found(target.place, target.kind.filed if target.kind else None, (), None), broke)
        self._finish(number, run, checked)

    def _finish(self, number: int, run: _Run, checked: Checked) -> None:
        run.stop.set()  # whoever still waits for an answer
        file = False
        with self._changed:
            device = self._table.devices[number]
            if isinstance(checked.fault, HostRefused) and len(self._runs) > 1:
                self.at_once = len(self._runs) - 1
                self._table.put(replace(device, phase=Phase.WAITING, held_back=True))
            elif checked.found.report is None:
                where = {"fault": checked.fault, "not_opened": checked.not_opened}
                kept = device.checked or checked
                self._table.put(replace(device, phase=Phase.UNUSABLE, checked=kept, question=None, **where))  # type: ignore[arg-type] # mixed values
            else:
                if device.target.label:
                    checked = labelled(checked, device.target.label)
                done = replace(device, phase=Phase.DONE, checked=checked, question=None, times=device.times + 1)
                self._table.put(self._table.same_as_before(done))
                file = True
        if file:
            self._file_now(number)
        with self._changed:
            del self._runs[number]
            self._presence.release(device.instance, anew=_vanished(checked.found.report))
            self._table.touch()
            self._schedule()

    def _file_now(self, number: int) -> None:
        """Keep the report of a device; without the lock, because a disk may be slow."""
        with self._filing:
            view = self.view()
            device = next((each for each in view.devices if each.number == number), None)
            row = view.row_of(device) if device is not None else None
            if device is None or row is None or device.report is None:
                return
            try:
                report_id = self._file(self.expected.kit, row)
            except DeskError as fault:
                self._table.change(number, unfiled=fault)
            else:
                self._table.change(number, report_id=report_id, filed=device.filed + 1, unfiled=None)


def _vanished(report: Report | None) -> bool:
    reasons = [step.reason.key for step in report.steps if step.reason is not None] if report is not None else []
    return "port-vanished" in reasons
