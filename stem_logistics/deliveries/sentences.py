"""What a refusal of the deliveries says to a person."""

from stem_logistics.web.i18n import N_

SENTENCES: dict[str, str] = {
    "contacts-file-invalid": N_("The file was not taken: %(found)s rows are wrong. Correct them and send it again."),
    "contacts-column-missing": N_("A column is missing. Call it, for example: %(names)s."),
    "contacts-formula": N_("A cell holds a formula. Put its value in its place."),
    "contacts-twice": N_("“%(code)s” stands in row %(row)s too. Keep one of the two."),
    "case-deadline-has-passed": N_("%(day)s has passed. Give a day to come by which the case is settled."),
    "case-deadline-too-far": N_("A deadline is moved to %(day)s at most. Later it can be moved again."),
    "case-in-repair": N_("The case %(code)s ends with its repair %(repair)s. Take the repair's next step."),
    "case-cannot-be-repaired": N_(
        "The case %(code)s is not about one damaged piece, so no repair can be opened from it."
    ),
    "stop-incomplete": N_("Give what it is, a name and an e-mail; none may be longer than its field."),
    "stop-account-unknown": N_("Nobody has the account “%(email)s”. Make the account first, or leave it empty."),
    "stop-known": N_("The region has one with the address %(email)s already. Use that one, or retire it first."),
    "stop-not-found": N_("There is no regional store or ambassador with the code “%(code)s” in your region."),
    "stop-of-another-region": N_(
        "%(stop)s is of another region than the school, or is no longer offered. Choose another."
    ),
    "way-of-what-has-left": N_("Consignment %(code)s has left: its way cannot be planned any more."),
    "way-unusable": N_("Name each store or ambassador once, at most %(most)s."),
    "way-without-stops": N_(
        "Nobody on the way of consignment %(code)s is left to sign: the school has been written to."
    ),
    "hand-over-of-nothing": N_("Tick at least one consignment that you have."),
    "hand-over-unsigned": N_("Give your full name and your post: they stand under the hand-over."),
    "hand-over-not-possible": N_(
        "Consignment %(code)s is not on its way to you: it was cancelled, or has not been sent yet. Ask who sent it."
    ),
    "receipt-sum-is-wrong": N_(
        "%(label)s: %(received)d received, %(damaged)d damaged, %(missing)d missing and "
        "%(not_yet)d not yet arrived make %(total)d, but %(outstanding)d are expected. Change the "
        "numbers so that they add up to %(outstanding)d."
    ),
    "receipt-number-negative": N_("%(label)s: a number of pieces cannot be below zero (it says %(value)d)."),
    "receipt-number-too-large": N_(
        "%(label)s: %(value)d pieces is more than a consignment can hold. Check the number."
    ),
    "receipt-damage-needs-reason": N_("%(label)s: choose why %(count)d arrived damaged."),
    "receipt-missing-needs-reason": N_("%(label)s: choose why %(count)d are missing."),
    "receipt-reason-unknown": N_("%(label)s: “%(reason)s” is not one of the reasons. Choose one from the list."),
    "receipt-other-needs-note": N_("%(label)s: you chose “other reason”. Say in a few words what happened."),
    "receipt-note-too-long": N_("%(label)s: the note has %(length)d characters; at most %(limit)d fit."),
    "receipt-line-settled": N_(
        "%(label)s: all %(shipped)d were accounted for in an earlier receipt; nothing is left to confirm."
    ),
    "receipt-line-unknown": N_("Line “%(line)s” is not part of this consignment. Open the link from the mail again."),
    "receipt-nothing-arrived": N_(
        "Every line is marked as not yet arrived, so there is nothing to confirm. Confirm when a parcel has arrived."
    ),
    "receiver-name-missing": N_("Write the full name of the person who receives."),
    "receiver-name-too-long": N_("The name has %(length)d characters; at most %(limit)d fit."),
    "receiver-role-missing": N_("Write or choose the role of the person who receives."),
    "receiver-role-too-long": N_("The role has %(length)d characters; at most %(limit)d fit."),
    "receipt-refused": N_("The receipt cannot be confirmed yet. See the places named."),
    "receipt-not-found": N_("There is no such protocol. Check the address, or scan the code on the paper again."),
    "receipt-already-complete": N_(
        "The receipt of this consignment is complete (protocol %(number)s). Nothing is left to confirm."
    ),
    "received-meanwhile": N_(
        "Somebody else confirmed a part of this consignment meanwhile (protocol %(number)s). Look "
        "at what is left and confirm that."
    ),
    "consignment-was-cancelled": N_("Consignment %(code)s was cancelled, so nothing was confirmed."),
    "scan-not-in-return": N_("“%(what)s” is not among what is to come back here. Put it aside and ask."),
    "return-more-than-awaited": N_("More would come back of consignment %(code)s than is awaited. Check the numbers."),
    "return-short-without-reason": N_("%(count)s piece(s) would be lost. Say what became of them."),
    "return-of-nothing": N_("Nothing of consignment %(code)s was scanned or ticked."),
    "returned-meanwhile": N_("More of consignment %(code)s was counted meanwhile. Look at what is still awaited."),
    "consignment-not-dispatched": N_("Consignment %(code)s has not left yet, so it cannot be received."),
    "consignment-not-found": N_(
        "There is no consignment with the code “%(code)s”. Check it: it has eight characters and begins with C."
    ),
    "consignment-step-not-possible": N_(
        "This is not possible now: the consignment is in the state “%(state)s” (asked for: "
        "%(action)s). Reload the page to see what is."
    ),
    "consignment-empty": N_("Nothing is in consignment %(code)s. Put a kit in first."),
    "consignment-not-awaited": N_("Nothing is left to confirm of consignment %(code)s, so no link is needed."),
    "receiver-not-found": N_(
        "There is no school with the code “%(code)s”. The code has seven characters, leading zeros included."
    ),
    "institution-closed": N_("%(name)s has closed, so nothing can be sent there."),
    "school-without-mailbox": N_(
        "%(name)s has no e-mail in the registry, and the link of the receipt goes there. Add it to the registry first."
    ),
    "wave-not-published": N_(
        "The results of “%(name)s” are not published yet. Kits are sent for published results only."
    ),
    "kit-not-in-store": N_("Kit %(code)s is not in the store."),
    "kit-already-packed": N_("This kit is in another consignment already."),
    "kit-not-in-consignment": N_("Kit %(kit)s is not in consignment %(code)s."),
    "parcels-out-of-range": N_("A consignment has from 1 to %(most)s parcels."),
    "courier-missing": N_("Say who carries the consignment."),
    "expected-day-has-passed": N_("The day of arrival (%(day)s) has passed. Give a day from today on."),
    "receipt-exceeds-shipped": N_(
        "More would be confirmed than was sent. Reload the page: somebody else may have confirmed meanwhile."
    ),
    "shortfall-needs-reason": N_("What is damaged or missing needs a reason."),
    "photo-too-large": N_(
        "The photograph is over %(limit)s MB. Choose a smaller one, or take it at a lower resolution."
    ),
    "photo-has-too-many-pixels": N_(
        "The photograph has more than %(megapixels)s megapixels. Take it at a lower resolution."
    ),
    "photo-of-unknown-kind": N_("This file is not a photograph that can be read. Send it as JPEG, PNG or WebP."),
    "photo-heic": N_(
        "This is a photograph in HEIC, which only some phones open. In the camera's settings choose the most "
        "compatible format (JPEG), or send a screenshot of the picture."
    ),
    "papers-too-many": N_("At most %(most)s photographs or files of the paper can be sent at once."),
    "no-paper-waits": N_("No signed paper of consignment %(code)s waits to be entered."),
    "paper-too-large": N_(
        "The file is over %(limit)s MB. Choose a smaller one, or photograph the paper at a lower resolution."
    ),
    "paper-of-unknown-kind": N_(
        "This file is neither a PDF nor a photograph that can be read. Send it as PDF, JPEG, PNG or WebP."
    ),
    "paper-broken": N_(
        "The PDF cannot be opened: it is damaged, has no page or asks for a password. Choose it again, or photograph "
        "the paper."
    ),
    "file-missing": N_("No file was chosen."),
    "signed-paper-missing": N_(
        "Add the protocol as the school signed and stamped it: without it a receipt is not entered in a school's place."
    ),
    "quality-unknown": N_("Choose how far the quality was looked at."),
    "receipt-act-missing": N_(
        "Write number and date of the act that appointed the committee (at most %(most)s characters)."
    ),
    "member-name-missing": N_("Write the full name of member %(number)s of the committee."),
    "member-named-twice": N_("Member %(number)s is the same person as member %(first)s. A committee has three."),
    "member-post-missing": N_("Write the post of member %(number)s, as in the act."),
    "signature-unusable": N_("The signature of member %(number)s could not be read. Draw it again, or tick only."),
    "extra-was-sent": N_("“%(number)s” was sent with this consignment: it is among the lines above, not beside them."),
    "extra-named-twice": N_("“%(number)s” is named twice among what came unasked. Once is enough."),
    "extra-is-one": N_("“%(number)s” is one thing. Write 1 piece; give others a row of their own."),
    "thing-unknown": N_(
        "The ledger has no kit and no device, or several, with “%(number)s”. Check it on the thing; if it is new, enter it "
        "in the store first."
    ),
    "case-of-what-was-sent": N_("Case %(code)s is of something that was sent, which is known already."),
    "thing-travels": N_(
        "By the ledger %(what)s is in consignment %(consignment)s. Take it out there, or settle that receipt, first."
    ),
    "thing-in-repair": N_("By the ledger %(what)s is being repaired. End the repair first."),
    "thing-in-loan": N_("By the ledger the kit of %(what)s is lent to a school. End the loan first."),
    "thing-is-nowhere": N_(
        "By the ledger %(what)s went back to its supplier. Receive it again before you say where it stays."
    ),
    "quality-known": N_("The quality of what protocol %(number)s says was entered already. Nothing is left to do."),
    "quality-number-unusable": N_("%(label)s: write how many are damaged, from 1 to %(most)s."),
    "receiver-signature-unusable": N_("The signature could not be read. Draw it again, or leave it out."),
    "photos-too-many": N_("At most %(most)s photographs go with one thing. Choose the clearest."),
    "committee-without-confirmation": N_("At least one member of the committee has to confirm now."),
    "member-name-differs": N_("Type the name of member %(number)s as it stands in the committee."),
    "member-confirmed-before": N_("Member %(number)s has confirmed already."),
    "extra-unnamed": N_("Say what came without having been sent (at most %(most)s characters)."),
    "extra-quantity-unusable": N_("Write how many pieces came without having been sent, as a whole number."),
    "photo-broken": N_("The photograph did not arrive whole. Choose it again."),
    "discrepancy-not-found": N_("There is no discrepancy with the code “%(code)s”."),
    "case-is-sent-again": N_(
        "Case %(code)s is being sent again with consignment %(consignment)s. It ends when the school confirms; to "
        "settle it otherwise, cancel that consignment first."
    ),
    "case-is-in": N_("All that case %(case)s asks for is in consignment %(code)s already. Take one out first."),
    "case-is-not-in": N_("%(left)s device(s) have still to be scanned into consignment %(code)s before it is packed."),
    "consignment-of-a-case": N_("Consignment %(code)s sends again what case %(case)s says, and nothing else."),
    "consignment-of-pieces": N_(
        "Consignment %(code)s brings pieces for a kit that the school has, and nothing else. Make another consignment."
    ),
    "consignment-of-a-transfer": N_(
        "Consignment %(code)s brings kits of %(school)s to another school; nothing of the store goes into it."
    ),
    "device-not-in-consignment": N_("Device %(serial)s is not in consignment %(code)s."),
    "replacement-not-in-store": N_("The store has no free %(item)s (%(serial)s) to send. Receive one first."),
    "reminder-step-unknown": N_("“%(step)s” is not a step of the reminders."),
    "office-not-found": N_("There is no directorate or region with the code “%(code)s”."),
    "discrepancy-closed": N_("Discrepancy %(code)s was closed already."),
    "outcome-unknown": N_("“%(outcome)s” is not an outcome of this discrepancy. Possible: %(known)s."),
    "weight-out-of-range": N_("The parcels weigh from a few grams to %(most)s kg. Check the weight."),
    "weight-unreadable": N_("“%(weight)s” is not a weight. Write kilograms, for example 2,4."),
    "stop-has-signed": N_(
        "Somebody on the way has signed for consignment %(code)s, so its sending cannot be undone. Cancel it instead."
    ),
    "school-was-written-to": N_(
        "The school was already told of consignment %(code)s, so its sending cannot be undone. Cancel it instead."
    ),
    "bulk-action-unknown": N_("“%(action)s” is not something that can be done for many consignments. Choose one."),
    "bulk-nothing-chosen": N_("No consignment was chosen. Tick at least one."),
    "bulk-too-many": N_("%(chosen)s consignments were chosen; at most %(most)s can be done at once. Do them in turns."),
    "batch-not-found": N_("There is no group of consignments with the code “%(code)s”."),
    "batch-without-papers": N_("The papers of group %(code)s are not ready yet."),
    "batch-cannot-be-undone": N_("Group %(code)s cannot be taken back: it only made papers, is under way, or was."),
    "tracking-has-faults": N_("The courier's list has %(count)s rows that cannot be used. Correct them first."),
    "tracking-file-too-large": N_("The courier's list is larger than 1 MB. Send only code and tracking number."),
    "tracking-too-many-rows": N_("The courier's list has %(rows)s rows; at most %(most)s are read."),
    "tracking-code-mistyped": N_("Row %(row)s: “%(code)s” is not a consignment's code."),
    "tracking-number-missing": N_("Row %(row)s: consignment %(code)s has no tracking number beside it."),
    "tracking-number-unusable": N_(
        "Row %(row)s: the tracking number of %(code)s is longer than %(most)s characters or cannot be read."
    ),
    "tracking-code-repeated": N_("Row %(row)s: consignment %(code)s has another number in row %(first)s."),
    "tracking-code-not-chosen": N_("Consignment %(code)s is in the courier's list but was not chosen here."),
    "consignment-not-packing": N_("Consignment %(code)s is not being packed. Open it again first."),
    "scan-empty": N_("Nothing could be read. Scan again."),
    "packing-not-all-scanned": N_(
        "Not everything of consignment %(code)s was scanned or ticked (kits: %(kits)s, loose parts: %(lines)s). Scan and "
        "tick it, or say why you close it without."
    ),
    "scan-unknown": N_("Nobody knows “%(what)s”: it is no kit's code and no device's serial number. Put it aside."),
    "scan-of-another-consignment": N_("Kit %(kit)s belongs to consignment %(consignment)s for %(school)s."),
    "scan-not-in-store": N_("Kit %(kit)s is not in the store, it is at: %(place)s. Put it aside and ask."),
    "scan-not-of-this-consignment": N_("Kit %(kit)s is free in the store, but not meant for %(consignment)s."),
    "kits-of-different-kinds": N_("Kits %(kit)s and %(other)s are of different kinds; one cannot replace the other."),
    "day-unreadable": N_("“%(day)s” is not a day. Write it as 21/11/2026."),
}
