"""A whole box at once: devices come and go, are checked side by side, and each is filed as soon as it is done.

    engine.py    Station: what is on the table, what is being checked, how it stands to the kit's list
    table.py     the devices by number, matched to the list
    devices.py   one device on the table, and all of them at one moment
    asking.py    a check's questions, put to whoever sits at the table
    sources.py   ports that a person gave, or that a file names
    courier.py   sends what waits, in the background

`stem-check check` and `stem-check station` both use it; device_agents/screen/ shows it.
"""
