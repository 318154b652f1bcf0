"""Draws what was measured, as SVG: bars for the ratios, lines for the curves. Axes are logarithmic."""

import html
import math

WIDTH, ROW, LEFT, RIGHT, TOP = 860, 22, 330, 90, 60
COLOURS = ("#1f6fb2", "#d1662b", "#4b9b4b", "#8a5fb0", "#777777")
STYLE = ('<style>text{font:12px sans-serif;fill:#222}.title{font-size:15px;font-weight:bold}'
         '.small{font-size:11px;fill:#666}.grid{stroke:#ddd}.one{stroke:#555}</style>')


def text(x, y, words, anchor="start", name=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" class="{name}">{html.escape(words)}</text>'


def line(x1, y1, x2, y2, name):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{name}"/>'


def page(width, height, parts):
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="0 0 {width} {height}">{STYLE}<rect width="100%" height="100%" fill="#fff"/>\n'
            + "\n".join(parts) + "\n</svg>\n")


def scale(least, most, begin, end):
    """From values to places, by their logarithms."""
    low, high = math.log10(least), math.log10(most)
    width = (high - low) or 1
    return lambda value: begin + (math.log10(value) - low) / width * (end - begin)


def bars(title, note, rows):
    """A bar a case: `ratio` with `least` and `most`, and a mark where the target is."""
    rows = [row for row in rows if "ratio" in row]
    values = [value for row in rows for value in row["ratio"].values()]
    values += [row["target"] for row in rows if row["judged"] == "ratio"]
    x = scale(min([0.5, *values]), max([2, *values]), LEFT, WIDTH - RIGHT)
    bottom = TOP + ROW * len(rows)
    parts = [text(10, 24, title, name="title"), text(10, 42, note, name="small")]
    for tick in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200):
        if LEFT - 1 <= x(tick) <= WIDTH - RIGHT + 1:
            parts.append(line(x(tick), TOP - 4, x(tick), bottom, "one" if tick == 1 else "grid"))
            parts.append(text(x(tick), bottom + 16, f"{tick:g}", "middle", "small"))
    for number, row in enumerate(rows):
        y, ratio = TOP + ROW * number, row["ratio"]
        begin, end = sorted((x(1), x(ratio["median"])))
        parts.append(text(LEFT - 8, y + 14, row["title"][:52], "end"))
        parts.append(f'<rect x="{begin:.1f}" y="{y + 4}" width="{max(end - begin, 1):.1f}" height="12" '
                     f'fill="{COLOURS[0 if row["met"] else 1]}"/>')
        parts.append(line(x(ratio["least"]), y + 10, x(ratio["most"]), y + 10, "one"))
        if row["judged"] == "ratio":
            mark = x(row["target"])
            parts.append(f'<path d="M{mark:.1f} {y + 2} v16" stroke="#c00" stroke-width="2"/>')
        parts.append(text(WIDTH - RIGHT + 10, y + 14, f'{ratio["median"]:.2f}'))
    return page(WIDTH, bottom + 30, parts)


def lines(curve, height=380):
    left, right, top, bottom = 80, 170, 60, height - 50
    sides = curve["sides"]
    points = [point for line_ in sides.values() for point in line_]
    xs, ys = [one[0] for one in points], [max(one[1], 1e-9) for one in points]
    x = scale(min(xs), max(xs), left, WIDTH - right)
    low, high = 10 ** math.floor(math.log10(min(ys))), 10 ** math.ceil(math.log10(max(ys)))
    y = scale(low, high if high > low else low * 10, bottom, top)
    parts = [text(10, 24, curve["title"], name="title"),
             text(10, 42, f'{curve["unit"]}; beside {curve["against"]}', name="small")]
    for power in range(round(math.log10(low)), round(math.log10(high)) + 1):
        place = y(10.0 ** power)
        parts += [line(left, place, WIDTH - right, place, "grid"),
                  text(left - 8, place + 4, f"{10.0 ** power:g}", "end", "small")]
    for one in sorted(set(xs)):
        parts += [line(x(one), top, x(one), bottom, "grid"),
                  text(x(one), bottom + 16, f"{one:,}", "middle", "small")]
    parts.append(text((left + WIDTH - right) / 2, height - 12, curve["x"], "middle"))
    ends = []
    for number, (label, line_) in enumerate(sides.items()):
        colour = COLOURS[number % len(COLOURS)]
        places = [(x(one), y(max(value, 1e-9))) for one, value in line_]
        path = " ".join(f"{'L' if i else 'M'}{px:.1f} {py:.1f}" for i, (px, py) in enumerate(places))
        parts.append(f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{px:.1f}" cy="{py:.1f}" r="3" fill="{colour}"/>' for px, py in places]
        beside = places[-1][1]
        while any(abs(beside - other) < 14 for other in ends):
            beside += 14
        ends.append(beside)
        parts.append(f'<text x="{WIDTH - right + 10}" y="{beside + 4:.1f}" style="fill:{colour}">'
                     f'{html.escape(label)}</text>')
    return page(WIDTH, height, parts)
