"""Small programs in pure Python, each the work of one kind of program that people run.

    programs.py NAME ROUNDS

A round takes some tenths of a second. What it returns is known, and is checked.
"""

import json
import math
import pickle
import re
import sys
import zlib


def nbody():
    """Arithmetic with floating-point numbers in lists: bodies that attract each other."""
    bodies = [([0.0, 0.0, 0.0], [0.0, 0.0, 0.0], 39.5),
              ([4.8, -1.2, -0.1], [0.6, 2.8, -0.02], 0.038),
              ([8.3, 4.1, -0.4], [-1.0, 1.8, 0.01], 0.011),
              ([12.9, -15.1, -0.2], [1.1, 0.9, -0.01], 0.0017),
              ([15.4, -25.9, 0.2], [1.0, 0.6, -0.03], 0.002)]
    pairs = [(one, other) for index, one in enumerate(bodies) for other in bodies[:index]]
    step = 0.01
    for _ in range(8000):
        for (place, speed, mass), (place2, speed2, mass2) in pairs:
            x, y, z = (place[0] - place2[0], place[1] - place2[1], place[2] - place2[2])
            square = x * x + y * y + z * z
            force = step / (square * math.sqrt(square))
            speed[0] -= x * mass2 * force
            speed[1] -= y * mass2 * force
            speed[2] -= z * mass2 * force
            speed2[0] += x * mass * force
            speed2[1] += y * mass * force
            speed2[2] += z * mass * force
        for place, speed, _ in bodies:
            for axis in range(3):
                place[axis] += step * speed[axis]
    return round(sum(place[0] for place, _, _ in bodies), 6)


def fannkuch():
    """Small lists, turned and compared: the most turns for any order of eight numbers."""
    count = 8
    order, counts = list(range(count)), list(range(1, count + 1))
    most = 0
    while True:
        if order[0]:
            turned, turns = order[:], 0
            while first := turned[0]:
                turned[:first + 1] = turned[first::-1]
                turns += 1
            most = max(most, turns)
        for place in range(1, count):
            order.insert(place, order.pop(0))
            counts[place] -= 1
            if counts[place] > 0:
                break
            counts[place] = place + 1
        else:
            return most


class Task:
    def __init__(self, name, work):
        self.name, self.work, self.inbox, self.done = name, work, [], 0

    def take(self, message):
        self.inbox.append(message)

    def is_ready(self):
        return bool(self.inbox)

    def step(self, scheduler):
        message = self.inbox.pop()
        self.done += self.weigh(message)
        scheduler.send((self.name * 7 + message) % len(scheduler.tasks), message - 1)

    def weigh(self, message):
        return self.work + message % 3


class Careful(Task):
    def weigh(self, message):
        return super().weigh(message) + 1


class Scheduler:
    def __init__(self):
        self.tasks = [(Careful if name % 2 else Task)(name, name + 1) for name in range(6)]

    def send(self, receiver, message):
        if message > 0:
            self.tasks[receiver].take(message)

    def run(self):
        while ready := [task for task in self.tasks if task.is_ready()]:
            for task in ready:
                task.step(self)


def objects():
    """Classes, attributes and calls of methods: a scheduler of tasks that send messages."""
    scheduler = Scheduler()
    for number in range(6):
        scheduler.send(number, 3000 + number)
    scheduler.run()
    return sum(task.done for task in scheduler.tasks)


def generators():
    """Functions that call themselves, and generators within generators: queens on a board."""
    def place(row, columns, rising, falling):
        if row == 8:
            yield 1
            return
        for column in range(8):
            if column not in columns and row + column not in rising and row - column not in falling:
                yield from place(row + 1, columns | {column}, rising | {row + column},
                                 falling | {row - column})
    return sum(sum(place(0, frozenset(), frozenset(), frozenset())) for _ in range(8))


RECORDS = [{"name": f"name {number}", "tags": ["one", "two", "\u00e9"], "size": number * 1.5,
            "inner": {"number": number, "flag": number % 2 == 0, "nothing": None}}
           for number in range(2000)]


def texts_as_json():
    """json, both ways."""
    total = 0
    for _ in range(6):
        text = json.dumps(RECORDS, sort_keys=True)
        total += len(text) + len(json.loads(text))
    return total


LINES = [f"10.0.{number % 256}.7 - - [01/Jan/2026:00:{number % 60:02}:00] "
         f'"GET /page/{number}?q=x HTTP/1.1" 200 {number * 37}' for number in range(4000)]


def regular_expressions():
    """re: fields of a server's log, found and replaced."""
    line_is = re.compile(r'(\d+\.\d+\.\d+\.\d+) \S+ \S+ \[([^\]]+)\] "(\w+) ([^ "]+) [^"]*" (\d{3}) (\d+)')
    number = re.compile(r"[0-9]+")
    total = 0
    for _ in range(4):
        for line in LINES:
            match = line_is.match(line)
            total += int(match[6]) + len(number.sub("#", match[4]))
    return total


def words():
    """str and dict: counting words, splitting, joining, formatting."""
    total = 0
    for _ in range(3):
        counts = {}
        for line in LINES:
            for word in line.lower().replace("/", " ").split():
                counts[word] = counts.get(word, 0) + 1
        total += len(",".join(f"{word}={count:>5}" for word, count in sorted(counts.items())))
    return total


def sorting():
    """list.sort and sorted, of numbers, texts and by a key."""
    state, numbers = 1, []
    for _ in range(20000):
        state = state * 1103515245 + 12345 & 0x7fffffff
        numbers.append(state)
    texts = sorted(map(str, numbers))
    pairs = sorted(((number % 1000, number) for number in numbers), key=lambda pair: -pair[0])
    numbers.sort()
    return numbers[100] + int(texts[100]) + pairs[100][0]


def pickling():
    """pickle and zlib: objects to compressed bytes, and back."""
    total = 0
    for _ in range(15):
        data = pickle.dumps(RECORDS)
        total += len(pickle.loads(zlib.decompress(zlib.compress(data, 1)))) + len(data)
    return total


PROGRAMS = {
    "nbody": (nbody, 4.129305),
    "fannkuch": (fannkuch, 22),
    "objects": (objects, 96080),
    "generators": (generators, 736),
    "json": (texts_as_json, 1572234),
    "regex": (regular_expressions, 1183880000),
    "words": (words, 340401),
    "sorting": (sorting, 109667943),
    "pickling": (pickling, 1750695),
}


def main(name, rounds):
    function, expected = PROGRAMS[name]
    for _ in range(int(rounds)):
        result = function()
        if result != expected:
            sys.exit(f"{name}: {result!r} where {expected!r} is right")


if __name__ == "__main__":
    main(*sys.argv[1:])
