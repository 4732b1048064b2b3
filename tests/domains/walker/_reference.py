"""The published generator once more, in plain Python integers and in its own order of thought: the oracle of `lay`."""

from typing import Any

METRE, STEP = 2**17, 61167
GROUND = round(METRE * 10 / 3)
BITS = 2**32


def mixed(x: int) -> int:
    x = ((x ^ (x >> 16)) * 0x7FEB352D) % BITS
    x = ((x ^ (x >> 15)) * 0x846CA68B) % BITS
    return x ^ (x >> 16)


def chance(seed: int, point: int, use: int) -> int:
    return mixed(mixed((seed + 0x9E3779B9) % BITS) ^ (((point * 8 + use) * 0x85EBCA6B) % BITS))


def below(random: int, count: int, bits: int = 16) -> int:
    return ((random >> (32 - bits)) * count) >> bits


def units(hundredths: int) -> int:
    return (hundredths * 14 * METRE + 1500) // 3000


def generate(genes: dict[str, Any]) -> tuple[list[int], list[int], list[tuple[int, int, int, int]]]:
    """Points and boxes (left, bottom, right, top), as the released code of POET makes them."""
    hundredths = lambda name: [round(100 * x) for x in genes[name]]
    seed, rough = genes["seed"], round(100 * genes["ground_roughness"])
    sizes = {"stump": "stump_height", "stair": "stair_height", "pit": "pit_gap"}
    kinds = [kind for kind, name in sizes.items() if name in genes]
    state, counter, oneshot, velocity, y = "grass", 20, False, 0, GROUND
    xs: list[int] = []
    ys: list[int] = []
    boxes: list[tuple[int, int, int, int]] = []
    for i in range(200):
        x = i * STEP
        if state == "grass" and not oneshot:
            velocity = (4 * velocity + 2) // 5 + (METRE // 100) * ((y < GROUND) - (y > GROUND))
            if i > 20:
                velocity += below(chance(seed, i, 0), 2 * (METRE // 30), 18) - METRE // 30
            y += (rough * velocity + 50) // 100
        elif oneshot and state != "grass":
            low, high = hundredths(sizes[state])
            size = units(low) + below(chance(seed, i, 4), units(high) - units(low) + 1, 12)
            if genes.get("whole"):
                first, last = -(-low // 100), high // 100
                size = units(100 * (first + below(chance(seed, i, 4), max(last - first + 1, 1))))
            original = y
            if state == "stump":
                few, many = genes["stump_width"]
                wide = few + below(chance(seed, i, 3), many - few)
                if genes.get("whole"):
                    size = units(100 * wide)
                boxes.append((x, y, x + wide * STEP, y + size))
                counter = wide
            elif state == "pit":
                gap = -(-size // STEP) + 1
                far = x + STEP + size
                boxes.append((x, y - units(400), x + STEP, y))
                boxes.append((far, y - units(400), far + STEP, y))
                counter = gap + 2
            else:
                few, many = genes["stair_width"]
                wide = few + below(chance(seed, i, 3), many - few)
                few, many = genes["stair_steps"]
                steps = few + below(chance(seed, i, 5), many - few)
                slope = 1 if below(chance(seed, i, 6), 2) == 1 else -1
                for s in range(steps):
                    top = y + s * size * slope
                    boxes.append((x + s * wide * STEP, top - size, x + (s + 1) * wide * STEP, top))
                counter = steps * wide + 1
        elif state == "pit":
            y = original - units(400) if counter > 1 else original
            if counter == 1:
                x = far + STEP
        elif state == "stair":
            n = (steps * wide - counter) // wide
            y = original + n * size * slope - (size if slope == -1 else 0)
        oneshot = False
        xs.append(x)
        ys.append(y)
        counter -= 1
        if counter == 0:
            counter = 5 + below(chance(seed, i, 1), 5)
            state = kinds[below(chance(seed, i, 2), len(kinds))] if state == "grass" and kinds else "grass"
            oneshot = True
    return xs, ys, boxes


def envelope(x: float, xs: list[int], ys: list[int], boxes: list[tuple[int, int, int, int]]) -> float:
    """The highest ground at `x`, of the polyline and of all boxes."""
    heights = [
        ya + (yb - ya) * (x - xa) / (xb - xa)
        for xa, ya, xb, yb in zip(xs, ys, xs[1:], ys[1:])
        if xa <= x <= xb and xb > xa
    ]
    heights += [top for left, _, right, top in boxes if left < x < right]
    return max(heights)
