"""What the registry's refusals say."""

from stem_logistics.registry.importing.faults import MESSAGES
from stem_logistics.web.i18n import N_

# A fault of a file keeps its place; its slug here carries the noun's name, so that no other noun's can be meant.
SENTENCES: dict[str, str] = {f"registry-{slug}": text for slug, text in MESSAGES.items()} | {
    "registry-file-refused": N_("The file cannot be imported. Nothing was written; see what is wrong below."),
    "registry-no-file": N_("Choose the file of the registry first."),
    "institution-not-found": N_("There is no school or department with the code %(code)s in what you may see."),
    "merge-with-itself": N_("The code %(code)s was given twice. Give the codes of two different registrations."),
    "merge-choose-one": N_("Choose which of the two codes is kept."),
    "merge-of-two-kinds": N_("%(code)s and %(other)s are a school and a university department: they cannot be merged."),
    "already-merged": N_(
        "The code %(code)s stands for %(other)s already. Separate it there first, or merge %(other)s."
    ),
    "not-merged": N_("The code %(code)s stands for no other school; there is nothing to separate."),
    "registry-source-unreadable": N_(
        "The registry's source %(source)s could not be read: %(cause)s. Correct STEM_REGISTRY_SOURCE, or look whether it "
        "can be reached."
    ),
    "registry-source-inside": N_(
        "The registry's source leads to %(host)s, whose address %(address)s is not of the public internet. If that is "
        "meant, name the host in STEM_REGISTRY_SOURCE_HOSTS."
    ),
    "import-not-found": N_("There is no import with the number %(id)s."),
    "import-not-waiting": N_("This import does not wait for a confirmation: it is %(state)s."),
}
