"""What can go wrong around a check, as facts with a slug and parameters, never as finished sentences.

    AgentError                      exit code 3 unless it says otherwise
    ├── BadArguments                the command line, an answers file
    ├── CheckBroke                  a fault of this program in one device's check
    ├── PortError                   the port cannot be used; `params["port"]` names it
    │   ├── PortMissing             no such device, nothing listens there
    │   │   └── BleMissing          no Bluetooth device of that address or name is heard
    │   ├── PortBusy                another program holds it
    │   ├── PortDenied              the operating system forbids it
    │   ├── HostRefused             the computer cannot power or address one more device now
    │   ├── PortAmbiguous           several devices go by that name; `params["detail"]` names them
    │   ├── PortNotForKind          a serial port for a Bluetooth kind, or the other way round
    │   ├── BluetoothMissing        this laptop has no Bluetooth, or the service for it does not run
    │   ├── BluetoothOff            it is switched off
    │   ├── BluetoothDenied         the operating system forbids it
    │   ├── PortUnusable            not a serial port, not a URL that we know, refuses its settings
    │   └── PortVanished            it was there and is gone (the runner makes INCONCLUSIVE of it, not exit 3)
    ├── ChecklistInvalid            a checklist's file is wrong; `params` name file, place and reason
    ├── DeskError                   what the laptop keeps, or the service that it files to
    │   ├── HomeUnusable            the folder or a file in it cannot be read or written
    │   ├── NotEnrolled             the laptop has no enrolment yet
    │   ├── AlreadyEnrolled         it has one
    │   ├── OutboxUnusable          the outbox's database is damaged, locked, or the disk is full
    │   ├── KitListMissing          no list of that kit, from the service or kept
    │   │   └── KitUnknown          the service has no such kit
    │   └── ServiceError
    │       ├── ServiceUnreachable  nothing answers at that address
    │       ├── ServiceBusy         429 or 5xx after all attempts: later
    │       ├── ServiceRefused      4xx: `params["detail"]` holds the service's reason
    │       └── NotTheService       something answers that is not our service
    │           ├── ServiceMoved    it sends on to another address; `params["location"]` names it
    │           └── ServiceUntrusted  its certificate does not hold
    └── ProtocolError
        ├── LocalProtocolError      our side asked for something that the protocol's state forbids: a fault of
        ours └── RemoteProtocolError     the device said something that its protocol does not allow

`slug` is also the message's key: the sentence stands under `error.<slug>` in messages/{el,en}.toml (for the
two protocol errors, as a reason of a step, under `reason.<slug>`).
"""

from collections.abc import Mapping
from typing import ClassVar

Scalar = str | int | float | bool | None


class AgentError(Exception):
    """The root: carries `slug`, `params` and the exit code of a command that ends with it."""

    slug: ClassVar[str] = "agent-error"
    exit_code: ClassVar[int] = 3

    def __init__(self, **params: Scalar) -> None:
        self.params: Mapping[str, Scalar] = params
        super().__init__(f"{self.slug} {params}" if params else self.slug)


class BadArguments(AgentError):
    """The command was called in a way that means nothing. `problem` is a message key of its own."""

    slug = "bad-arguments"

    def __init__(self, problem: str, **params: Scalar) -> None:
        super().__init__(problem=problem, **params)
        self.problem = problem


class CheckBroke(AgentError):
    """Our own fault, in the check of one device; those of the others go on."""

    slug = "check-broke"


class ChecklistInvalid(AgentError):
    """A checklist that is data cannot be used."""

    slug = "checklist-invalid"


class PortError(AgentError):
    """The port cannot be used."""

    slug = "port-error"

    def __init__(self, port: str, detail: str = "") -> None:
        super().__init__(port=port, detail=detail)
        self.port = port
        self.detail = detail


class PortMissing(PortError):
    slug = "port-missing"


class BleMissing(PortMissing):
    slug = "ble-missing"


class PortBusy(PortError):
    slug = "port-busy"


class PortDenied(PortError):
    slug = "port-denied"


class HostRefused(PortError):
    slug = "host-refused"


class PortUnusable(PortError):
    slug = "port-unusable"


class PortVanished(PortError):
    slug = "port-vanished"


class PortAmbiguous(PortError):
    slug = "port-ambiguous"


class PortNotForKind(PortError):
    slug = "port-not-for-kind"


class BluetoothMissing(PortError):
    slug = "bluetooth-missing"


class BluetoothOff(PortError):
    slug = "bluetooth-off"


class BluetoothDenied(PortError):
    slug = "bluetooth-denied"


class ProtocolError(AgentError):
    slug = "protocol-error"


class LocalProtocolError(ProtocolError):
    slug = "local-protocol-error"


class RemoteProtocolError(ProtocolError):
    slug = "remote-protocol-error"


class DeskError(AgentError):
    """What the laptop keeps, or the service that it files to."""

    slug = "desk-error"


class HomeUnusable(DeskError):
    slug = "home-unusable"


class NotEnrolled(DeskError):
    slug = "not-enrolled"


class AlreadyEnrolled(DeskError):
    slug = "already-enrolled"


class OutboxUnusable(DeskError):
    slug = "outbox-unusable"


class KitListMissing(DeskError):
    slug = "kit-list-missing"


class KitUnknown(KitListMissing):
    slug = "kit-unknown"


class ServiceError(DeskError):
    """The service did not do what was asked of it."""

    slug = "service-error"


class ServiceUnreachable(ServiceError):
    slug = "service-unreachable"


class ServiceBusy(ServiceError):
    slug = "service-busy"


class NotTheService(ServiceError):
    slug = "not-the-service"


class ServiceMoved(NotTheService):
    slug = "service-moved"


class ServiceUntrusted(NotTheService):
    slug = "service-untrusted"


class ServiceRefused(ServiceError):
    """The service said no. `status` and `problem` (the slug of its problem document) tell why."""

    slug = "service-refused"

    def __init__(self, status: int, problem: str, detail: str) -> None:
        super().__init__(status=status, problem=problem, detail=detail)
        self.status = status
        self.problem = problem
        self.detail = detail
