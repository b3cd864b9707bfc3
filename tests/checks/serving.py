"""The whole service on a real port, a network that drops or alters things before it, and `stem-check` as a program."""

import asyncio
import contextlib
import json
import os
import socket
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from litestar import Litestar

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
ANSWERS = dict.fromkeys(("body", "charging", "power", "buttons", "drive", "turns", "speaker"), "yes")


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
    return port


@contextlib.asynccontextmanager
async def served(app: Litestar, port: int) -> AsyncIterator[str]:
    """The app behind uvicorn in the test's own event loop, so that the test may look into the database."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error", lifespan="on"))
    task = asyncio.create_task(server.serve())
    while not server.started:
        assert not task.done(), "the server did not start"
        await asyncio.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await task


@dataclass
class Ran:
    """What came of a command."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        assert self.out.startswith("{"), self.err
        document: dict[str, Any] = json.loads(self.out)
        return document


@dataclass
class Laptop:
    """A technician's laptop: a home folder of its own, and the program."""

    home: Path
    answers: Path = field(init=False)

    def __post_init__(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        self.answers = self.home / "answers.json"
        self.say()

    def say(self, **changes: str) -> None:
        """What the person at the table answers about a Bee-Bot."""
        (self.home / "photo.png").write_bytes(PNG)
        answers = {**ANSWERS, "photo": "photo.png", "signature": "Μαρία Τεχνικού", **changes}
        self.answers.write_text(json.dumps(answers, ensure_ascii=False), encoding="utf-8")

    async def run(self, *arguments: str, language: str = "en") -> Ran:
        """Run `stem-check ARGUMENTS` to its end."""
        environment = {**os.environ, "STEM_CHECK_HOME": str(self.home / "data"), "STEM_CHECK_LANG": language}
        process = await asyncio.create_subprocess_exec(
            str(Path(sys.executable).parent / "stem-check"),
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=environment,
        )
        out, err = await asyncio.wait_for(process.communicate(), 120)
        assert "Traceback" not in err.decode()
        assert process.returncode is not None
        return Ran(process.returncode, out.decode(), err.decode())

    async def check(self, kit: str, *targets: str, more: tuple[str, ...] = ()) -> Ran:
        """Check a kit's devices, as JSON."""
        ports = [part for target in targets for part in ("--port", target)]
        return await self.run("check", kit, *ports, "--answers", str(self.answers), "--json", *more)


@contextlib.asynccontextmanager
async def bad_network(
    to_port: int, *, request: Callable[[bytes], bytes] = bytes, answer: Callable[[bytes], bytes] = bytes
) -> AsyncIterator[str]:
    """A proxy that may alter what passes; an answer of no bytes is a connection that breaks before it."""

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                (int(x.split(b":")[1]) for x in head.lower().split(b"\r\n") if x.startswith(b"content-length")), 0
            )
            body = await reader.readexactly(length)
            up_reader, up_writer = await asyncio.open_connection("127.0.0.1", to_port)
            head = head.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1)
            up_writer.write(head + request(body))
            await up_writer.drain()
            writer.write(answer(await up_reader.read()))
            await writer.drain()
            up_writer.close()
        writer.close()

    server = await asyncio.start_server(carry, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
