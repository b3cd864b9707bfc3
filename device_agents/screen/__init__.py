"""The station's full-screen face (Textual). Imported by `stem-check station` only.

opening.py   puts a bench together: the list, what is watched, who files and who sends
app.py       the application: keys, drawing; talking.py: what the person says, by scans and dialogs
words.py     what is said of a device: a word, a shape, a sentence, what to do next; no screen in it
scanning.py  what a scanned or typed line means; no screen in it
parts.py     the header's figures, a device's tile, the kit's list
dialogs.py   a question to the person, over everything else
face.py      what the parts know of the whole
station.tcss how it looks
"""
