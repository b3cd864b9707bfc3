"""What this laptop judges by, and how it learns of newer: the bundle in its home, the service's, and their faults."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from device_agents.bundle_store import BundleStore, catalogue_of
from device_agents.errors import NotEnrolled, ServiceError, ServiceRefused
from device_agents.home import Enrolment, Home
from firmware_checks.bundles import Trusted
from firmware_checks.catalogue import Catalogue
from firmware_checks.errors import BundleRefused
from firmware_checks.expectations import Expectation, expecting
from firmware_checks.texts import text

if TYPE_CHECKING:
    from device_agents.client import Client  # takes longer to load than the rest of a check, which needs none


def store_of(home: Home) -> BundleStore:
    """The bundles of this laptop; without an enrolment there is no key to believe any by.

    Raises:
        HomeUnusable: the enrolment's file cannot be read.
    """
    try:
        pinned = home.enrolment().service_key
    except NotEnrolled:
        pinned = ""
    return BundleStore(home.folder, bytes.fromhex(pinned) if pinned else None)


Tell = Callable[[str], None]


def _on_standard_error(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def catalogue_here(home: Home, directory: Path | None, language: str, tell: Tell = _on_standard_error) -> Catalogue:
    """What to judge by now. What is wrong with a kept bundle is told, in a line each.

    Raises:
        BaselineInvalid: a file of the folder is wrong.
    """
    in_force = store_of(home).in_force()
    catalogue, unread = catalogue_of(directory, in_force.bundle)
    for fault in (*in_force.faults, *unread):
        tell(text(fault.slug, fault.params, language))
    return catalogue


@dataclass(frozen=True)
class Renewed:
    """What asking for a newer bundle gave: the version in force, whether it is new, why it was refused."""

    version: int
    new: bool = False
    refused: BundleRefused | None = None
    unasked: ServiceError | None = None


def renew(home: Home, enrolment: Enrolment, client: "Client") -> Renewed:
    """Ask the service for a newer bundle and keep it. Nothing that goes wrong here keeps a check from going on.

    Raises:
        HomeUnusable: it could not be written.
    """
    pinned = bytes.fromhex(enrolment.service_key) if enrolment.service_key else None
    store = BundleStore(home.folder, pinned)
    in_force = store.in_force()
    have = in_force.bundle.version if in_force.bundle is not None and not in_force.faults else None
    here = have or 0
    try:
        data = client.bundle(enrolment.agent, home.key(), have)
        if data is None:
            return Renewed(here)
        trusted = store.take(data, enrolment.server)
    except ServiceRefused as refusal:
        # a service that was not upgraded yet knows of no bundles
        return Renewed(here, unasked=None if refusal.status == 404 else refusal)
    except ServiceError as error:
        return Renewed(here, unasked=error)
    except BundleRefused as refusal:
        return Renewed(here, refused=refusal)
    _pin(home, enrolment, trusted)
    return Renewed(trusted.bundle.version, trusted.bundle.version != here)


@dataclass(frozen=True)
class ForKit:
    """Who asks on behalf of a kit, and how: `online` says that the service has just answered."""

    home: Home
    enrolment: Enrolment
    client: "Client"
    online: bool
    directory: Path | None
    language: str


def catalogue_for_kit(asking: ForKit, expected: Sequence[Expectation], tell: Tell = _on_standard_error) -> Catalogue:
    """What to judge a kit by: the newest that is known, and what its wave expects beyond that.

    Raises:
        BaselineInvalid: a file of the folder is wrong.
        HomeUnusable: a newer bundle could not be written.
    """
    if asking.online:
        refused = renew(asking.home, asking.enrolment, asking.client).refused
        if refused is not None:
            tell(text(refused.slug, refused.params, asking.language))
    return expecting(catalogue_here(asking.home, asking.directory, asking.language, tell), expected)


def _pin(home: Home, enrolment: Enrolment, trusted: Trusted) -> None:
    """Trust the key that signed from now on: the one that was trusted has named it, or there was none yet."""
    if trusted.key.hex() != enrolment.service_key:
        home.keep_enrolment(replace(enrolment, service_key=trusted.key.hex()))
