"""The registry's slugs in words, for pages and exports."""

from stem_logistics.registry.duplicates import Ground
from stem_logistics.registry.model import Institution
from stem_logistics.registry.rules import State
from stem_logistics.web.i18n import LazyText, Text, _, current_locale

LEVELS: dict[str, LazyText] = {
    "kindergarten": _("Kindergarten"),
    "primary": _("Primary school"),
    "lower_secondary": _("Lower secondary school"),
    "upper_secondary": _("Upper secondary school"),
    "vocational": _("Vocational upper secondary school"),
    "special": _("Special vocational education"),
    "second_chance": _("Second-chance school"),
    "post_secondary": _("Post-secondary vocational training"),
    "lab_centre": _("Laboratory centre"),
    "university": _("University department"),
    "support": _("Support structure"),
}
CATEGORIES: dict[str, Text] = {
    "special": _("Special"),
    "minority": _("Minority"),
    "second-chance": _("Second-chance school"),
    "remote": _("Remote"),
}
# state → word and tone, as in components/status.html
STATES: dict[str, tuple[Text, str]] = {
    State.ACTIVE: (_("Active"), "good"),
    State.SUSPENDED: (_("Suspended"), "warn"),
    State.CLOSED: (_("Abolished"), "off"),
}
# What two rows share, in words; see `duplicates.Ground`.
GROUNDS: dict[str, Text] = {
    Ground.SAME_NAME: _("the same name in the same place"),
    Ground.NEAR_NAME: _("nearly the same name"),
    Ground.SAME_PHONE: _("the same telephone"),
    Ground.SAME_EMAIL: _("the same e-mail"),
    Ground.SAME_ADDRESS: _("the same address"),
    Ground.CODE_SLIP: _("codes that differ by one slip"),
}
IMPORT_STATES: dict[str, tuple[Text, str]] = {
    "uploaded": (_("Being read"), "busy"),
    "previewed": (_("Waits for confirmation"), "warn"),
    "importing": (_("Being imported"), "busy"),
    "imported": (_("Imported"), "good"),
    "refused": (_("Refused"), "bad"),
}
# What a file says of schools that the registry knows; see `import_queries.turns`.
TURNS: dict[str, Text] = {
    "closed": _("schools close"),
    "suspended": _("schools are suspended"),
    "reopened": _("schools work again"),
    "moved": _("schools move to another directorate"),
    "level": _("schools change their level"),
    "merged": _("rows are codes that were merged into another school"),
    "absent": _("active schools are not in the file; nothing is done to them"),
}
COLUMN_SETS: dict[str, Text] = {
    "school-network": _("School Network"),
    "open-data": _("open data of the Ministry"),
}
FIELDS: dict[str, Text] = {
    "name": _("Name"),
    "kind": _("School or department"),
    "level": _("Level"),
    "state": _("State"),
    "unit_type": _("Type"),
    "special_type": _("Special type"),
    "orientation_type": _("Orientation"),
    "operation_shift": _("Shift"),
    "legal_character": _("Legal character"),
    "categories": _("Categories"),
    "region": _("Regional directorate"),
    "directorate": _("Directorate"),
    "municipality": _("Municipality"),
    "address": _("Address"),
    "postcode": _("Postcode"),
    "phone": _("Telephone"),
    "email": _("E-mail"),
    "latitude": _("Latitude"),
    "longitude": _("Longitude"),
    "pupils": _("Pupils"),
    "updated_on": _("Updated at the source"),
}


def region_name(each: Institution) -> str:
    """The regional directorate's name in the reader's language."""
    return each.region_en if current_locale.get() == "en" else each.region_el


def shown_value(field: str, value: object) -> str:
    """A value of a change, as a person reads it."""
    if value is None or value in ("", []):
        return "–"
    if isinstance(value, list):
        return ", ".join(str(CATEGORIES.get(str(each), each)) for each in value)
    if field == "level":
        return str(LEVELS.get(str(value), value))
    if field == "state" and str(value) in STATES:
        return str(STATES[str(value)][0])
    return str(value)
