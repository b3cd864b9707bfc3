"""A signature drawn with a finger: points as a page sends them, judged, and made a drawing. Pure.

Points rather than a picture: they weigh a kilobyte, stay sharp on paper, and can hold nothing else.
"""

import re

WIDTH, HEIGHT = 600, 200
MOST_CHARACTERS = 20_000
_STROKES = re.compile(r"\d{1,3},\d{1,3}(?:[ ;]\d{1,3},\d{1,3})*")


def is_drawn(strokes: str) -> bool:
    """Whether the points are a signature: well-formed, inside the field, and more than a slip of the finger."""
    if len(strokes) > MOST_CHARACTERS or not _STROKES.fullmatch(strokes):
        return False
    points = [tuple(map(int, point.split(","))) for point in re.split("[ ;]", strokes)]
    xs, ys = [x for x, _ in points], [y for _, y in points]
    inside = max(xs) <= WIDTH and max(ys) <= HEIGHT
    return inside and len(points) >= 8 and (max(xs) - min(xs)) + (max(ys) - min(ys)) >= 40


def signature_svg(strokes: str) -> str:
    """The drawing of points that `is_drawn` let through."""
    lines = "".join(
        f'<polyline points="{stroke}" fill="none" stroke="#1a1a1a" stroke-width="4" stroke-linecap="round" '
        'stroke-linejoin="round"/>'
        for stroke in strokes.split(";")
    )
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}">{lines}</svg>'
