"""Run as a process of its own: a kit, and as many enrolled laptops as are asked for, told as JSON with their keys."""

import json
import sys

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from device_agents.envelope import enrolment_text
from device_agents.home import public_bytes
from stem_logistics import runtime
from stem_logistics.accounts.policy import ANONYMOUS
from stem_logistics.checks import agents
from stem_logistics.commanding import with_service
from tests.checks.seeding import make_kit


async def stock() -> dict[str, object]:
    """The kit's code; each laptop's code and key."""
    laptops = []
    for number in range(int(sys.argv[1])):
        key = Ed25519PrivateKey.generate()
        code = (await agents.issue_code(f"laptop {number}")).shown
        public = public_bytes(key)
        wish = agents.Application(code, f"laptop {number}", "0", public, key.sign(enrolment_text(code, public)))
        # each from an address of its own, and nobody yet: enrolling is limited for an address, and makes the actor
        with runtime.acting(runtime.Actor(ANONYMOUS, "api", origin_digest=number.to_bytes(4, "big"))):
            agent, _ = await agents.enrol(wish)
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii")
        laptops.append({"agent": agent, "key": pem})
    return {"kit": await make_kit({"bee-bot": ("bee-bot", ["BEE-0001"])}), "laptops": laptops}


if __name__ == "__main__":
    print(json.dumps(with_service(stock)))
