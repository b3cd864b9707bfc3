"""What a refusal of a stocktake says to a person."""

from stem_logistics.web.i18n import N_

SENTENCES: dict[str, str] = {
    "stocktake-not-found": N_("There is no stocktake “%(code)s”."),
    "stocktake-open-already": N_("This school has a stocktake of this year already."),
    "stocktake-day-unusable": N_("Give this year, and a day after today by which schools are to count."),
    "stocktake-line-not-found": N_("This is not in the school's stocktake."),
    "stocktake-signed": N_("The stocktake %(code)s is signed; it does not change any more."),
    "stocktake-not-signed": N_("The school has not signed the stocktake %(code)s yet."),
    "stocktake-not-counted": N_("%(left)s pieces have no answer yet. Tick each of them, then sign."),
    "stocktake-line-decided": N_("Somebody has decided about this already."),
    "stocktake-decision-unknown": N_("Choose one of the decisions that fit what the school said."),
    "stranger-cannot-move": N_("%(serial)s is in a consignment or withdrawn by the ledger: look at its kit first."),
    "stranger-not-ours": N_("%(serial)s is nothing of ours: there is nothing to move."),
    "stocktake-signer-missing": N_("Give the name of whoever signs the stocktake."),
    "stocktake-post-missing": N_("Give the post of whoever signs the stocktake."),
    "counter-missing": N_("Say first who is counting."),
    "stocktake-scan-empty": N_("Scan or type a serial number or a kit's code."),
    "count-does-not-add-up": N_("%(expected)s pieces are expected: broken and missing cannot be more than that."),
}
