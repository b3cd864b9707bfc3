"""Who uses the service while it is killed: schools with a receipt's form, and a person who imports the registry."""

import contextlib
import csv
import io
import queue
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.registry.test_import import generated

EACH_IN_PARTS, EACH_CONTESTED = 3, 4
WHO = {"receiver_name": "Μαρία Ανδρέου", "receiver_role": "Εκπαιδευτικός"}


@dataclass
class Form:
    """A receipt's form as it was sent: `answered` is where the service led to, once it said so; `refused` whether it
    said that somebody else had been faster."""

    consignment: int
    token: str
    fields: dict[str, object]
    answered: str = ""
    refused: bool = False

    @property
    def key(self) -> str:
        """The idempotency key under which the service keeps it."""
        return f"{self.consignment}:{self.fields['key']}"


@dataclass
class Upload:
    """An import: what the service was asked and what it said."""

    version: int
    number: int | None = None
    confirmed: bool = False


@dataclass
class Crowd:
    """The clients, and all that they were told."""

    url: str
    world: dict[str, Any]
    schools: int
    clients: int
    forms: list[Form] = field(default_factory=list)
    uploads: list[Upload] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    broken: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._parcels: queue.Queue[dict[str, Any]] = queue.Queue()
        for number, parcel in enumerate(self.world["parcels"]):
            # a contested one is confirmed by two people at the same moment, each with a form of their own
            for _ in range(2 if number % EACH_CONTESTED == 0 else 1):
                self._parcels.put({**parcel, "in_parts": number % EACH_IN_PARTS == 0})
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._rows = list(csv.DictReader(io.StringIO(generated(self.schools).decode())))
        self.sent_again = self.told_500 = 0

    @property
    def codes(self) -> list[str]:
        """The schools that are imported over and over."""
        return [row["registry_no"] for row in self._rows]

    def figures(self) -> dict[str, object]:
        """What they did."""
        return {
            "clients at once": self.clients,
            "receipts acknowledged": sum(1 for form in self.forms if form.answered),
            "forms refused, because somebody else was faster": sum(1 for form in self.forms if form.refused),
            "forms whose answer was lost, sent again": self.sent_again,
            "imports uploaded / confirmed": f"{sum(1 for u in self.uploads if u.number is not None)}"
            f" / {sum(1 for u in self.uploads if u.confirmed)}",
            "answers by status": {str(status): count for status, count in sorted(self.statuses.items())},
            "broken connections": sum(self.broken.values()),
        }

    @contextlib.contextmanager
    def busy(self) -> Iterator[None]:
        """All clients at work while the block runs, which begins once they have got going."""
        self._stop.clear()
        threads = [threading.Thread(target=self._confirm_parcels) for _ in range(self.clients)]
        threads.append(threading.Thread(target=self._import))
        answered = self.statuses[303]
        for thread in threads:
            thread.start()
        try:
            until = time.monotonic() + 10
            while self.statuses[303] < answered + 4 and time.monotonic() < until:
                time.sleep(0.02)
            yield
        finally:
            self._stop.set()
            for thread in threads:
                thread.join(240)
                assert not thread.is_alive(), "a client hangs"

    def send_again(self) -> None:
        """Each form without an answer, as a person would: until it is answered."""
        for form in self.forms:
            if not form.answered and not form.refused:
                self.sent_again += 1
                with self._client() as client:
                    for _ in range(20):
                        if self._send(client, form) or form.refused:
                            break
                        time.sleep(0.5)

    def _client(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, headers={"accept": "text/html"}, timeout=60)

    def _ask(self, client: httpx.Client, method: str, path: str, **more: Any) -> httpx.Response | None:
        """One request; None where the connection broke."""
        try:
            answer = client.request(method, path, **more)
        except httpx.TransportError as error:
            with self._lock:
                self.broken[type(error).__name__] += 1
            return None
        with self._lock:
            self.statuses[answer.status_code] += 1
        return answer

    def _confirm_parcels(self) -> None:
        with self._client() as client:
            while not self._stop.is_set():
                try:
                    parcel = self._parcels.get_nowait()
                except queue.Empty:
                    return
                later = self._one_parcel(client, parcel)
                if later is not None:
                    self._parcels.put(later)

    def _one_parcel(self, client: httpx.Client, parcel: dict[str, Any]) -> dict[str, Any] | None:
        """Confirm a parcel or its next part; what is left of it, if anything."""
        page = self._ask(client, "GET", f"/r/{parcel['token']}/confirm")
        if page is not None and page.status_code == 303:
            return None  # somebody else confirmed all of it
        if page is None or page.status_code != 200:
            self._stop.wait(0.1)
            return parcel
        fields: dict[str, object] = dict(re.findall(r'type="hidden" name="(key|seen)" value="([^"]*)"', page.text))
        fields |= WHO
        if parcel["in_parts"]:
            line = parcel["cables"]
            fields |= {"line": [line], f"received-{line}": "1", f"not_yet-{line}": "2"}
        form = Form(parcel["consignment"], parcel["token"], fields)
        with self._lock:
            self.forms.append(form)
        if not self._send(client, form):
            # refused: whoever was faster sees to the rest. Otherwise whether it arrived is not known: it is sent again
            # at the end, not filled in anew
            return None
        return {**parcel, "in_parts": False} if parcel["in_parts"] else None

    def _send(self, client: httpx.Client, form: Form) -> bool:
        if "stem_csrf" not in client.cookies and self._ask(client, "GET", "/sign-in") is None:
            return False
        data = {**form.fields, "_csrf_token": client.cookies.get("stem_csrf", "")}
        answer = self._ask(client, "POST", f"/r/{form.token}/confirm", data=data)
        if answer is not None and answer.status_code == 409:
            form.refused = True
        if answer is None or answer.status_code != 303:
            return False
        form.answered = answer.headers["location"]
        return True

    def _import(self) -> None:
        with self._client() as client:
            if not self._sign_in(client):
                return
            while not self._stop.is_set():
                upload = Upload(100 + len(self.uploads))
                self.uploads.append(upload)
                self._one_import(client, upload)

    def _sign_in(self, client: httpx.Client) -> bool:
        self._ask(client, "GET", "/sign-in")
        token = client.cookies.get("stem_csrf", "")
        who = {"email": self.world["staff"], "password": self.world["password"], "_csrf_token": token}
        answer = self._ask(client, "POST", "/sign-in", data=who)
        return answer is not None and answer.status_code == 303

    def _one_import(self, client: httpx.Client, upload: Upload) -> None:
        headers = {"accept": "application/json", "x-csrftoken": client.cookies.get("stem_csrf", "")}
        file = {"file": (f"v{upload.version}.csv", self._file(upload.version), "text/csv")}
        answer = self._ask(client, "POST", "/api/v1/registry-imports", headers=headers, files=file)
        if answer is None or answer.status_code != 201:
            self._stop.wait(0.2)
            return
        upload.number = answer.json()["id"]
        address = f"/api/v1/registry-imports/{upload.number}"
        while not self._stop.is_set():
            found = self._ask(client, "GET", address, headers=headers)
            state = found.json()["state"] if found is not None and found.status_code == 200 else ""
            if state == "previewed":
                told = self._ask(client, "POST", f"{address}/confirm", headers=headers)
                upload.confirmed = told is not None and told.status_code == 202
            elif state in ("imported", "refused"):
                return
            self._stop.wait(0.1)

    def _file(self, version: int) -> bytes:
        """The registry with the version as every school's number of pupils: a mixture would show."""
        out = io.StringIO()
        writer = csv.DictWriter(out, self._rows[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows({**row, "students_count": str(version)} for row in self._rows)
        return out.getvalue().encode()
