"""What keeps a laptop from working, and what to do about it: `stem-check doctor`.

look_*.py   ask the system: facts, as plain data; nothing is judged and no device's port is opened
facts.py    those facts
rules.py    pure: facts in, findings out
examine.py  all of it in order; what cannot be looked at is UNKNOWN and ends nothing
udev.py     the rules for Linux that give the devices to whoever sits at the laptop, made of the kinds' own rules
"""
