"""Ports as the system shows them. None is opened: opening resets many devices."""

import os
import stat
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

from device_agents.discovery.serial_ports import is_url, serial_candidates
from device_agents.doctor.facts import Holder, PortFacts

_GROUP_MAY = stat.S_IRGRP | stat.S_IWGRP


def look_at_ports(named: Sequence[str]) -> list[PortFacts]:
    """The ports that were named, or all those of USB devices where none was."""
    ports = [port for port in named if not is_url(port)]
    if not named:
        ports = [found.port for found in serial_candidates() if found.vid is not None]
    return [look_at_port(port) for port in ports]


def look_at_port(port: str) -> PortFacts:
    """One port by its device name."""
    if sys.platform == "win32":
        listed = {found.port.upper() for found in serial_candidates()}
        return PortFacts(port, exists=port.upper().removeprefix("\\\\.\\") in listed, allowed=None)
    try:
        node = Path(port).stat()
    except (OSError, ValueError):
        return PortFacts(port, exists=False)
    group, membership = _group(node)
    return PortFacts(
        port,
        allowed=os.access(port, os.R_OK | os.W_OK),
        group=group,
        membership=membership,
        holders=holders_of(node),
        twin=_twin(port),
    )


def _twin(port: str) -> str:
    """macOS: /dev/tty.X waits for a carrier that a USB device never raises; /dev/cu.X does not."""
    twin = port.replace("/dev/tty.", "/dev/cu.", 1)
    return twin if twin != port and Path(twin).exists() else ""


def _group(node: os.stat_result) -> tuple[str, Literal["session", "later", "no"]]:
    if sys.platform == "win32":
        return "", "no"
    import grp
    import pwd

    if node.st_mode & _GROUP_MAY != _GROUP_MAY or node.st_gid == 0:
        return "", "no"  # its group may not either, or it is root's: nobody should be told to join that
    try:
        group = grp.getgrgid(node.st_gid)
        user = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return "", "no"
    if node.st_gid in (os.getegid(), *os.getgroups()):
        return group.gr_name, "session"
    return group.gr_name, "later" if user in group.gr_mem else "no"


def holders_of(node: os.stat_result, proc: Path = Path("/proc")) -> tuple[Holder, ...]:
    """The other programs that have this node open, as far as this user may look (Linux; elsewhere none is seen)."""
    return tuple(
        Holder(int(process.name), _name(process))
        for process in _processes(proc)
        if int(process.name) != os.getpid() and any(_same(handle, node) for handle in _handles(process))
    )


def running_programs(proc: Path = Path("/proc")) -> frozenset[str] | None:
    """The names of all running programs; None where the system has no /proc."""
    processes = list(_processes(proc))
    return frozenset(_name(process) for process in processes) if processes else None


def _processes(proc: Path) -> Iterable[Path]:
    try:
        return [entry for entry in proc.iterdir() if entry.name.isdigit()]
    except OSError:
        return []


def _handles(process: Path) -> Iterable[Path]:
    try:
        return list((process / "fd").iterdir())
    except OSError:  # another user's, or gone
        return []


def _same(handle: Path, node: os.stat_result) -> bool:
    try:
        return os.path.samestat(handle.stat(), node)
    except OSError:
        return False


def _name(process: Path) -> str:
    try:
        return (process / "comm").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return "?"
