"""What a refusal of the stock says to a person."""

from stem_logistics.web.i18n import N_

SENTENCES: dict[str, str] = {
    "serials-wrong-count": N_(
        "%(item)s: %(expected)d serial numbers are needed for %(kits)d kits, %(given)d were given."
    ),
    "list-unreadable": N_("The file is neither a text nor a spreadsheet that can be read."),
    "serials-faulty": N_("%(count)s rows of the list are wrong. Nothing was received."),
    "serials-look-odd": N_(
        "%(count)s serial numbers look mistyped. Compare them with the devices: correct the list, or say that they are so."
    ),
    "serial-divided": N_(
        "Row %(row)d: “%(serial)s” holds a sign that divides cells (; , or a tab). Of several columns the first row has "
        "to be kit;item;serial; otherwise give one serial number a line."
    ),
    "serial-repeated": N_("Row %(row)d: serial number “%(serial)s” of %(item)s is already in row %(first)d."),
    "serial-too-long": N_("Row %(row)d: the serial number has %(length)d characters; at most %(limit)d fit."),
    "serial-unprintable": N_("Row %(row)d: the serial number holds a character that cannot be printed."),
    "serial-item-unknown": N_(
        "Row %(row)d: “%(item)s” is not an item with serial numbers in this kit. Those that are: %(known)s."
    ),
    "serials-need-header": N_(
        "This kit has several items with serial numbers (%(known)s): give a table whose first row is kit;item;serial."
    ),
    "serials-row-too-short": N_("Row %(row)d: three cells are expected (kit;item;serial), %(cells)d were found."),
    "serials-wrong-count-in-kit": N_(
        "Row %(row)d: kit “%(kit)s” has %(given)d serial numbers of %(item)s; it takes %(expected)d."
    ),
    "serials-wrong-kits": N_("The table names %(given)d kits, the form says %(expected)d."),
    "serials-not-needed": N_("Nothing in this kit has a serial number, so leave the list empty."),
    "model-not-found": N_("There is no item with the short name “%(name)s”."),
    "usb-id-unreadable": N_("“%(given)s” is no USB identity. Write it as 0D28:0204, one a line."),
    "usb-id-unknown-to-kind": N_(
        "The checker would not take a device with the identity %(given)s for one of the kind “%(kind)s”. Correct the "
        "identity, or choose another kind."
    ),
    "warranty-unusable": N_("Give the warranty in whole months, from 0 to %(most)s, or leave it empty."),
    "baseline-unknown": N_("The baseline of “%(kind)s” knows no board “%(name)s”. Choose one of the list."),
    "baseline-without-kind": N_("An item that is not checked has no board in a baseline. Leave it empty."),
    "document-without-title": N_("Give the document a title of at most %(most)s characters."),
    "document-file-or-address": N_("Give either a PDF or an address, one of the two."),
    "document-address-unusable": N_("The address has to begin with https:// or http:// and have no blanks."),
    "document-not-pdf": N_("The file is no PDF, or it is larger than %(most)s MB."),
    "document-not-there": N_("This document is shown no longer."),
    "substitute-in-kit": N_(
        "Line %(line)s: “%(item)s” is in this kit already, so it cannot stand in another part's place."
    ),
    "substitute-of-other-sort": N_(
        "Line %(line)s: of a part and what stands in its place both have serial numbers, or neither has; “%(item)s” "
        "differs."
    ),
    "lesson-unusable": N_(
        "Lesson %(line)s: write a title, a blank, then an address that begins with https:// or http://."
    ),
    "lessons-too-many": N_("At most %(most)s lessons fit. Link to a page that lists the others."),
    "part-without-substitute": N_("Nothing may stand in the place of “%(item)s” in this kit."),
    "batch-decided": N_("Batch %(name)s was decided on already."),
    "batch-sampled": N_(
        "The sample of batch %(name)s is drawn: nothing more comes in with it. Open another batch on order %(order)s."
    ),
    "batch-without-sample": N_("Nothing of batch %(name)s has to be checked: it can be accepted as it is."),
    "batch-scans-left": N_("%(count)s serial numbers are scanned and not received. Receive or forget them first."),
    "batch-nothing-to-draw": N_("Batch %(name)s has no device that the device checker knows: nothing can be drawn."),
    "batch-sample-not-drawn": N_(
        "The sample of batch %(name)s is not drawn yet. Draw it and check its devices, or say why the batch is accepted "
        "without."
    ),
    "sample-device-not-found": N_("This device is not of the sample of batch %(name)s any more."),
    "sample-device-checked": N_("“%(serial)s” has been checked: it stays in the sample with its result."),
    "sample-exhausted": N_("Batch %(name)s has no other device to draw."),
    "batch-of-another-kind": N_(
        "Batch %(name)s is of an order for “%(ordered)s”, and this is “%(given)s”. Choose the batch of its own order."
    ),
    "order-surplus": N_(
        "Order %(order)s is for %(ordered)s kits, %(received)s have come, and these are %(coming)s more. If that is so, "
        "tick that they are taken in all the same."
    ),
    "order-ended": N_("Order %(order)s was cancelled or closed: nothing comes in for it. Open it again first."),
    "batch-without-kits": N_("Nothing of batch %(name)s has come in yet."),
    "batch-sample-short": N_(
        "%(checked)s of %(to_check)s devices are checked and %(faulty)s are not in order (at most %(most)s may be). "
        "Check more, reject the batch, or say why it is accepted all the same."
    ),
    "kit-of-unaccepted-batch": N_(
        "Kit %(kit)s is of batch %(batch)s, which has not been accepted yet. Check its sample and accept it first."
    ),
    "reversal-not-opposite": N_("A reversal moves exactly what one movement moved, back; nothing was written."),
    "movement-of-another-device": N_("A device moves as its own item and with its own kit; nothing was written."),
    "item-not-found": N_("There is no item “%(item)s”. Choose one of the list, or add it at the kit definitions."),
    "delivery-note-missing": N_("Give the number of the supplier's delivery note."),
    "document-missing": N_("Give the number of the paper by which it was decided."),
    "loose-serials-missing": N_("Give the serial numbers, one a line; at most %(most)s at once."),
    "loose-count-out-of-range": N_("Say how many pieces: a whole number from 1 to %(most)s."),
    "loose-device-not-there": N_("No %(item)s with serial number “%(serial)s” lies loose in the store. See the list."),
    "loose-not-so-many": N_("%(held)s of “%(item)s” lie loose in the store. Give a number from 1 to that."),
    "kit-has-not-so-many": N_("Kit %(kit)s has not so many of “%(item)s” in the store. See its page."),
    "serial-unusable": N_(
        "“%(serial)s” cannot be a serial number: at most %(most)s characters, none of them a separator or unprintable."
    ),
    "serial-given-twice": N_("Serial number “%(serial)s” stands here twice."),
    "movement-regroups-alone": N_("What leaves one kit enters another in the same step; nothing was written."),
    "balance-by-hand": N_("A balance follows from movements and is never written by hand. Post a movement instead."),
    "version-in-use": N_("Kits were made by this version of the definition. Save a new version instead."),
    "purpose-too-long": N_("This is too long: at most %(most)s characters."),
    "slug-unusable": N_(
        "“%(name)s” cannot be a short name: use small Latin letters, digits and single hyphens, at most 60."
    ),
    "device-kind-unknown": N_("“%(kind)s” is no kind of device that can be checked. Choose one of the list."),
    "name-missing": N_("Give a name in both languages."),
    "reason-missing": N_("Say why: the reason stays in the record."),
    "kit-definition-unusable": N_("The kit definition cannot be saved. See the places named."),
    "kit-level-unknown": N_("“%(level)s” is not an education level. Known: %(known)s."),
    "kit-without-parts": N_("A kit has at least one part."),
    "item-unknown": N_("Line %(line)s: there is no item “%(item)s”. Add the item first."),
    "item-repeated": N_("Line %(line)s: “%(item)s” stands in an earlier line. Put its pieces together."),
    "quantity-out-of-range": N_("Line %(line)s: %(quantity)s pieces. Give a number from %(least)s to %(most)s."),
    "kit-definition-not-found": N_("There is no kit definition “%(name)s”."),
    "kit-count-out-of-range": N_("%(count)s kits cannot be received at once: from 1 to %(most)s can."),
    "serial-number-taken": N_("Serial number “%(serial)s” (%(item)s) belongs to kit %(kit)s already."),
    "serial-number-in-stock": N_("Serial number “%(serial)s” (%(item)s) is in stock already, without a kit."),
    "device-in-another-kit": N_(
        "Device %(serial)s belongs to another kit by now (%(kit)s). Take back what was done there first."
    ),
    "serial-number-taken-meanwhile": N_(
        "One of these serial numbers was taken in by somebody else meanwhile. Send it again."
    ),
    "serial-number-left-later": N_("Serial number “%(serial)s” (%(item)s) left kit %(kit)s later than that day."),
    "serial-numbers-left-later": N_(
        "%(count)s of these devices went back to the supplier later than the day given. Give the day on which they came."
    ),
    "arrival-to-come": N_("That day is still to come. Give the day on which the goods came, or leave today's."),
    "serial-numbers-taken": N_("%(count)s of these serial numbers are known already. Nothing was received."),
    "kit-not-found": N_(
        "There is no kit with the code “%(code)s”. Check it: it has eight characters and begins with K."
    ),
    "kit-travels": N_(
        "Kit %(code)s is in consignment %(consignment)s. Cancel the consignment or wait for its receipt."
    ),
    "kit-is-there": N_("All parts of kit %(code)s are there already."),
    "place-not-found": N_("There is no place “%(code)s”."),
    "movement-not-found": N_("There is no such movement."),
    "movement-already-reversed": N_("Movement %(id)s was taken back already."),
    "movement-not-reversible": N_(
        "A movement of the kind “%(reason)s” is taken back where it was made: cancel the "
        "consignment, or close the discrepancy."
    ),
    "reversal-needs-reason": N_("Say why the movement is taken back."),
    "period-closed": N_(
        "The books of this period are closed: no movement can be dated in it. Give a later date, or reopen the period "
        "under Stock, Closed periods."
    ),
    "period-overlaps": N_("Part of this period is closed already."),
    "period-dates-unusable": N_("Give two dates, the first before the second, both in the past."),
    "period-not-found": N_("There is no such period, or it was reopened already."),
    "as-of-date-unusable": N_("Give a date of the past, for example 31/12/2026."),
    "as-of-date-to-come": N_(
        "“%(typed)s” is still to come: nobody knows what will be where. Give today or a past date."
    ),
    "posting-without-movements": N_("There is nothing to move."),
    "label-not-found": N_("No label has this code. Read it again: eight characters, below the name of the thing."),
    "label-thing-unknown": N_("Line %(line)s: “%(given)s” is no code, serial number or place of ours."),
    "label-things-unknown": N_("%(count)s lines are unknown. No label was made."),
    "label-batch-unknown": N_("No kit came in with the purchase “%(batch)s”."),
    "label-nothing-named": N_("Name what the labels are for: codes, serial numbers, or a purchase."),
    "labels-too-many": N_("%(count)s labels at once are too many: at most %(most)s. Print them in parts."),
    "label-cell-out-of-range": N_("The sheet has labels 1 to %(most)s; %(cell)s is none of them."),
    "label-sheet-unknown": N_("Choose what the labels are printed on. Known: %(known)s."),
    "serial-row-look-alike": N_(
        "Row %(row)d: “%(given)s” holds Greek or Cyrillic letters that look Latin. Meant is probably “%(suggestion)s”."
    ),
    "serial-look-alike": N_(
        "“%(given)s” looks mistyped: a letter that only looks like the right one. Meant is probably “%(suggestion)s”."
    ),
    "scan-unusable": N_("A serial number has 1 to %(limit)s characters that can be printed. Scan it again."),
    "scan-divided": N_(
        "“%(serial)s” holds several values (; , or a tab divides them). Scan the code of the serial number alone."
    ),
    "scan-twice": N_("“%(serial)s” was scanned for this batch already. Put it aside and scan the next."),
    "scan-in-kit": N_("“%(serial)s” is in kit %(kit)s already. Look at both: one of them is another device."),
    "scan-in-stock": N_(
        "“%(serial)s” is in stock already, without a kit. Look at both: one of them is another device."
    ),
    "scan-in-batch": N_("“%(serial)s” was scanned for the batch %(batch)s already."),
    "purchase-batch-not-found": N_("There is no batch with the code “%(code)s”."),
    "batch-without-serials": N_("Nothing in the kits of %(name)s has a serial number: receive them by their number."),
    "batch-nothing-complete": N_("No kit of this batch is scanned to its last part yet."),
    "batch-incomplete": N_("Give the batch a name, and the number of devices to be checked as a whole number."),
    "batch-name-taken": N_("There is a purchase called “%(name)s” already. Give the batch another name."),
    "order-not-found": N_("There is no order with the code “%(code)s”."),
    "order-incomplete": N_("Give the contract's number, the supplier, who pays with a reference, and the title."),
    "order-count-out-of-range": N_("Give the number of kits as a whole number from 1 to %(most)s."),
    "contract-of-another": N_("Contract %(number)s has another supplier. Check its number."),
    "order-wave-unknown": N_("There is no wave “%(wave)s”. Choose one of the list."),
    "order-without-price": N_("Give the price of one kit, more than nothing and less than a thousand million euros."),
    "order-day-unusable": N_("Give a day from today on, within ten years, or leave it out."),
    "order-unchanged": N_("Nothing differs from what stands in the order."),
    "order-below-received": N_("%(received)s kits have been received already: the order cannot be for fewer."),
    "order-open": N_("Order %(order)s is open."),
    "contract-not-found": N_("There is no such contract."),
    "funding-source-not-found": N_("There is no such source of money."),
    "share-out-of-range": N_("Give an amount that is more than nothing and less than a thousand million euros."),
    "share-in-use": N_("Orders of this contract are paid from “%(reference)s”: give an amount instead."),
    "price-unusable": N_("“%(given)s” is no price: write euros and cents as 1.234,50."),
    "holdings-file-unreadable": N_("The file cannot be used. Nothing was written."),
    "holdings-no-rows": N_("There is no row under the headings."),
    "holdings-column-missing": N_(
        "No column is understood as “%(column)s”. The file has: %(found)s. Say below which one it is."
    ),
    "holdings-column-twice": N_("Several columns are understood as “%(column)s”: keep one."),
    "holdings-row-ragged": N_(
        "The row has %(cells)s cells, the first row has %(columns)s. A separator inside a text must stand in quotation "
        "marks."
    ),
    "holdings-school-empty": N_("This row names no school: write its Ministry code."),
    "holdings-school-unknown": N_(
        "The registry has no school with the code %(code)s. Correct it, or import the registry."
    ),
    "holdings-kit-empty": N_("This row names no kit. There are: %(known)s."),
    "holdings-kit-unknown": N_(
        "There is no kit definition “%(given)s”. There are: %(known)s. Write one of them, or make it first."
    ),
    "holdings-kit-ambiguous": N_("“%(given)s” may be any of: %(known)s. Write the one that is meant."),
    "holdings-day-unreadable": N_("“%(given)s” is no day since when the kit is there: write it as 21/11/2019."),
    "holdings-day-to-come": N_("“%(given)s” is still to come: what is at a school is there since today at the latest."),
    "holdings-day-closed": N_("The books of %(day)s are closed. Reopen the period under Stock, Closed periods."),
    "holdings-count-wrong": N_("“%(given)s” is no number of kits: write a whole number from 1 to %(most)s."),
    "holdings-count-of-one": N_(
        "A row with serial numbers or an inventory number is one kit, not %(count)s. Write a row for each kit."
    ),
    "holdings-item-not-in-kit": N_("There is no “%(item)s” with a serial number in the kit “%(kit)s”."),
    "holdings-serials-of-which": N_(
        "It is not known which item these serial numbers are of. Those in the kit “%(kit)s”: %(known)s. Give each item a "
        "column with its name."
    ),
    "holdings-serials-too-many": N_("%(given)s serial numbers of “%(item)s”; the kit has %(most)s."),
    "holdings-serial-too-long": N_("A serial number has %(length)s characters; at most %(limit)s fit."),
    "holdings-serial-look-alike": N_(
        "“%(given)s” holds Greek or Cyrillic letters that look Latin. Meant is probably “%(suggestion)s”."
    ),
    "holdings-serial-twice": N_("Serial number “%(serial)s” is in row %(first)s already."),
    "holdings-number-twice": N_("The school's inventory number “%(number)s” is in row %(first)s already."),
    "holdings-serial-known": N_(
        "Serial number “%(serial)s” (%(item)s) is in kit %(kit)s already, and this row says something else of it. Look at "
        "the kit's page and correct what is wrong."
    ),
    "holdings-number-known": N_(
        "The school has kit %(kit)s with the inventory number “%(number)s” already, and this row says something else of "
        "it. Look at the kit's page and correct what is wrong."
    ),
    "kit-of-another-batch": N_("Kit %(kit)s did not come with %(batch)s."),
    "reject-not-in-store": N_("Nothing of kit %(kit)s lies in the store, so nothing of it can go back."),
}
