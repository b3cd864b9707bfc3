"""Who sends and who receives, as the documents print them."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Sender:
    """The organisation that hands over: its name, then address and contact, a line each."""

    name: str
    lines: tuple[str, ...] = ()

    def data(self) -> dict[str, Any]:
        """For the template."""
        return {"name": self.name, "lines": list(self.lines)}


@dataclass(frozen=True, slots=True)
class School:
    """The institution that receives. `code` is the Ministry's; a university department may have none."""

    name: str
    code: str
    address: str
    directorate: str = ""
    is_department: bool = False

    def data(self) -> dict[str, Any]:
        """For the template."""
        return {
            "name": self.name,
            "code": self.code,
            "code_label": "Κωδικός τμήματος" if self.is_department else "Κωδικός Σχολικής Μονάδας",
            "address": self.address,
            "directorate": self.directorate,
        }
