"""The demo's kit definitions and its stock."""

import random

from stem_logistics.inventory import definitions, models
from stem_logistics.inventory import service as inventory

# slug, Greek, English, kind of the device checker, has a serial number, is used up
ITEMS = (
    ("printer-marlin", "Εκτυπωτής 3D", "3D printer", "printer-marlin", True, False),
    ("filament-pla", "Νήμα PLA 1 kg", "PLA filament 1 kg", None, False, True),
    ("printer-tools", "Εργαλεία εκτυπωτή", "Printer tools", None, False, False),
    ("microbit-v2", "Πλακέτα micro:bit V2", "micro:bit V2 board", "microbit", True, False),
    ("usb-cable", "Καλώδιο USB", "USB cable", None, False, False),
    ("battery-holder", "Θήκη μπαταριών", "Battery holder", None, False, False),
    ("arduino-uno", "Arduino Uno", "Arduino Uno", "arduino-avr", True, False),
    ("breadboard", "Πλακέτα δοκιμών", "Breadboard", None, False, False),
    ("sensor-set", "Σετ αισθητήρων", "Sensor set", None, False, False),
    ("bee-bot", "Ρομπότ Bee-Bot", "Bee-Bot robot", "bee-bot", True, False),
    ("bee-bot-mat", "Πίστα εδάφους", "Floor mat", None, False, False),
    ("robotics-set", "Σετ ρομποτικής", "Robotics set", None, False, False),
    ("coding-mat", "Επιδαπέδιο κωδικοποίησης", "Coding mat", None, False, False),
    ("tablet", "Τάμπλετ", "Tablet", None, True, False),
)

# slug, Greek, English, levels, (item, quantity)
SECONDARY = ("lower_secondary", "upper_secondary", "vocational")
DEFINITIONS = (
    (
        "printer-3d",
        "Εκτυπωτής 3D",
        "3D printer",
        (*SECONDARY, "special", "second_chance"),
        (("printer-marlin", 1), ("filament-pla", 2), ("printer-tools", 1), ("usb-cable", 1)),
    ),
    (
        "microbit-kit",
        "Σετ micro:bit",
        "micro:bit kit",
        ("primary", "lower_secondary", "special", "second_chance"),
        (("microbit-v2", 5), ("usb-cable", 5), ("battery-holder", 5)),
    ),
    (
        "arduino-kit",
        "Σετ Arduino",
        "Arduino kit",
        (*SECONDARY, "special", "second_chance"),
        (("arduino-uno", 4), ("usb-cable", 4), ("breadboard", 4), ("sensor-set", 2)),
    ),
    (
        "bee-bot-kit",
        "Σετ Bee-Bot",
        "Bee-Bot kit",
        ("kindergarten", "primary", "special"),
        (("bee-bot", 3), ("bee-bot-mat", 1), ("usb-cable", 1)),
    ),
    (
        "robotics-kit",
        "Σετ ρομποτικής",
        "Robotics kit",
        ("primary", *SECONDARY, "post_secondary"),
        (("robotics-set", 1), ("usb-cable", 1)),
    ),
    (
        "kindergarten-coding-kit",
        "Σετ κωδικοποίησης νηπιαγωγείου",
        "Kindergarten coding kit",
        ("kindergarten",),
        (("bee-bot", 1), ("coding-mat", 1)),
    ),
    (
        "tablet",
        "Τάμπλετ",
        "Tablet",
        ("kindergarten", "primary", *SECONDARY, "special", "second_chance", "post_secondary"),
        (("tablet", 1),),
    ),
)

# what schools read when they choose
PURPOSES = {
    "printer-3d": (
        "Για να σχεδιάζουν οι μαθητές αντικείμενα στον υπολογιστή και να τα τυπώνουν σε πλαστικό.",
        "Pupils design objects on a computer and print them in plastic.",
    ),
    "microbit-kit": (
        "Για πρώτα βήματα στον προγραμματισμό: μικρές πλακέτες με αισθητήρες και φωτάκια.",
        "First steps in programming: small boards with sensors and lights.",
    ),
    "arduino-kit": (
        "Για κατασκευές με ηλεκτρονικά, αισθητήρες και προγραμματισμό.",
        "Building with electronics, sensors and programming.",
    ),
    "bee-bot-kit": (
        "Για μικρά παιδιά: ρομποτάκια που κινούνται στο πάτωμα με κουμπιά, χωρίς υπολογιστή.",
        "For young children: robots on the floor, moved by buttons, without a computer.",
    ),
    "robotics-kit": ("Για να χτίζουν και να προγραμματίζουν ρομπότ.", "Building and programming robots."),
    "kindergarten-coding-kit": (
        "Για παιχνίδια κωδικοποίησης στο πάτωμα, χωρίς οθόνη.",
        "Coding games on the floor, without a screen.",
    ),
    "tablet": ("Για εργασία με εφαρμογές, εικόνα και ήχο.", "Working with applications, pictures and sound."),
}

# item → manufacturer, model, USB identities, board in the checker's baseline, months of warranty, battery, spare parts
MODELS = {
    "printer-marlin": ("Creality", "Ender-3", "1A86:7523", "ender-3", "24", "", ("printer-tools", "filament-pla")),
    "microbit-v2": ("Micro:bit Educational Foundation", "V2", "0D28:0204", "microbit-v2", "24", "2 × AAA", ()),
    "arduino-uno": ("Arduino", "Uno R3", "2341:0043", "", "24", "", ("usb-cable",)),
    "bee-bot": ("TTS", "Bee-Bot", "", "", "12", "ενσωματωμένη, επαναφορτιζόμενη", ("usb-cable",)),
}
# lessons that anybody may open
LESSONS = {
    "microbit-kit": (("Πρώτα βήματα με το micro:bit", "https://microbit.org/get-started/"),),
    "arduino-kit": (("Arduino: οδηγοί για την τάξη", "https://www.arduino.cc/education/"),),
}

_SERIALS = {
    "printer-marlin": "PR{:07d}",
    "microbit-v2": "9904{:012X}",
    "arduino-uno": "95{:010X}",
    "bee-bot": "BB{:06d}",
    "tablet": "TB{:08d}",
}


async def make_definitions() -> None:
    """Items and kit definitions, each once."""
    for slug, el, en, kind, serialised, consumable in ITEMS:
        await definitions.save_item(
            slug, name_el=el, name_en=en, device_kind=kind, serialised=serialised, consumable=consumable
        )
    for slug, (maker, model, usb, board, months, battery, spares) in MODELS.items():
        _, el, en, *_ = next(item for item in ITEMS if item[0] == slug)
        await models.change_model(slug, models.Known(el, en, maker, model, usb, board, months, battery, spares))
    for slug, el, en, levels, lines in DEFINITIONS:
        entries = [definitions.BomEntry(item, quantity) for item, quantity in lines]
        purpose_el, purpose_en = PURPOSES[slug]
        await definitions.save_definition(
            slug,
            el,
            en,
            levels,
            entries,
            purpose_el=purpose_el,
            purpose_en=purpose_en,
            lessons=LESSONS.get(slug, ()),
        )


def serials_for(definition: str, kits: int, chance: random.Random) -> list[dict[str, list[str]]]:
    """Believable serial numbers for so many kits of a definition, item by item."""
    lines = next(lines for slug, _, _, _, lines in DEFINITIONS if slug == definition)
    return [
        {
            item: [_SERIALS[item].format(chance.randrange(10**6)) for _ in range(quantity)]
            for item, quantity in lines
            if item in _SERIALS
        }
        for _ in range(kits)
    ]


async def receive(definition: str, kits: int, *, batch: str, document: str, chance: random.Random) -> list[str]:
    """Take kits into the central store; returns their codes."""
    found = await definitions.get_definition(definition)
    serials = serials_for(definition, kits, chance)
    return await inventory.receive_kits(found, serials, key=f"demo:{batch}", batch=batch, document=document)
