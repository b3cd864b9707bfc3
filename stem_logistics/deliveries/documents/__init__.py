"""The documents of a delivery as PDF: hand-over protocol, packing list, parcel label."""
