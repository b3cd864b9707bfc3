"""Puts a bench together: the kit's list, what is watched, who files and who sends."""

import argparse
from pathlib import Path

from device_agents import desk
from device_agents.client import Client, Patience
from device_agents.commands.sync import clock_words
from device_agents.discovery.watching import Source, UsbPorts, Watcher
from device_agents.home import Home
from device_agents.judging_by import ForKit, catalogue_for_kit
from device_agents.kinds import all_kinds, check_extras
from device_agents.kinds.base import CheckOptions
from device_agents.outbox import Outbox
from device_agents.screen.bench import Bench, OpenKit
from device_agents.station.courier import Courier
from device_agents.station.engine import Station
from device_agents.station.sources import GivenPorts, PortsFile
from firmware_checks.catalogue import load


def open_bench(arguments: argparse.Namespace, ports_file: Path | None) -> Bench:
    """The bench for a kit, as the command line asks for it.

    Raises:
        AgentError: an argument that means nothing; not enrolled; no list of the kit.
    """
    load(arguments.baselines)  # a wrong folder is told before anything else
    code = desk.kit_code(arguments.kit)
    targets = [desk.read_target(given) for given in arguments.port]
    options = CheckOptions(not arguments.no_flash, check_extras(None, frozenset(arguments.extras)))
    home = Home()
    enrolment = home.enrolment()
    outbox = Outbox(home.outbox)
    filer = desk.Filer(outbox, home, enrolment, arguments.operator)
    all_kinds()  # loaded here, not by whichever check is first
    listed_ports = PortsFile(ports_file) if ports_file is not None else None
    sources: list[Source] = [GivenPorts(targets), UsbPorts()]
    if listed_ports is not None:
        sources.insert(1, listed_ports)
    watcher = Watcher(sources)

    def open_kit(kit: str) -> OpenKit:
        client = Client(enrolment.server, Patience(attempts=2, timeout_s=5.0))
        listed = desk.expected_list(desk.kit_code(kit), home, enrolment, outbox, client)
        asking = ForKit(home, enrolment, client, not listed.fetched_at, arguments.baselines, arguments.lang)
        told: list[str] = []  # on the screen: it covers standard error
        catalogue = catalogue_for_kit(asking, listed.content.firmware, told.append)
        wishes = desk.CheckWishes(options, catalogue, arguments.lang)
        station = Station(
            listed.content,
            lambda target, watch: desk.check_target(target, wishes, watch),
            filer,
            at_once=arguments.at_once,
            presence=watcher.presence,
        )
        return OpenKit(station, listed.fetched_at, lambda language: _notes(client, told, language))

    courier = Courier(home, enrolment, outbox, send=not arguments.no_sync)
    return Bench(open_kit(code), watcher, courier, open_kit, listed_ports)


def _notes(client: Client, told: list[str], language: str) -> list[str]:
    return [words for words in (clock_words(client.skew_s, language), *told) if words]
