"""Sudoku: constraint propagation and search on sets and dictionaries, and a generator of puzzles.

    sudoku.py [N]        N: puzzles
"""
import sys

DIGITS = "123456789"
ROWS, COLUMNS = "ABCDEFGHI", DIGITS
SQUARES = [r + c for r in ROWS for c in COLUMNS]
UNITS_LIST = ([[r + c for r in ROWS] for c in COLUMNS] + [[r + c for c in COLUMNS] for r in ROWS]
              + [[r + c for r in rs for c in cs] for rs in ("ABC", "DEF", "GHI") for cs in ("123", "456", "789")])
UNITS = {s: [u for u in UNITS_LIST if s in u] for s in SQUARES}
PEERS = {s: set(sum(UNITS[s], [])) - {s} for s in SQUARES}

HARD = """
4.....8.5.3..........7......2.....6.....8.4......1.......6.3.7.5..2.....1.4......
52...6.........7.13...........4..8..6......5...........418.........3..2...87.....
6.....8.3.4.7.................5.4.7.3..2.....1.6.......2.....5.....8.6......1....
48.3............71.2.......7.5....6....2..8.............1.76...3.....4......5....
....14....3....2...7..........9...3.6.1.............8.2.....1.4....5.6.....7.8...
......52..8.4......3...9...5.1...6..2..7........3.....6...1..........7.4.......3.
6.2.5.........3.4..........43...8....1....2........7..5..27...........81...6.....
.524.........7.1..............8.2...3.....6...9.5.....1.6.3...........897........
6.2.5.........4.3..........43...8....1....2........7..5..27...........81...6.....
.923.........8.1...........1.7.4...........658.........6.5.2...4.....7.....9.....
""".split()


class Contradiction(Exception):
    pass


class Board:
    def __init__(self, values):
        self.values = values

    @classmethod
    def parse(cls, text):
        board = cls({s: DIGITS for s in SQUARES})
        for square, digit in zip(SQUARES, text):
            if digit in DIGITS:
                board.assign(square, digit)
        return board

    def copy(self):
        return Board(self.values.copy())

    def assign(self, square, digit):
        for other in self.values[square]:
            if other != digit:
                self.eliminate(square, other)

    def eliminate(self, square, digit):
        values = self.values
        if digit not in values[square]:
            return
        values[square] = values[square].replace(digit, "")
        if not values[square]:
            raise Contradiction(square)
        if len(values[square]) == 1:
            last = values[square]
            for peer in PEERS[square]:
                self.eliminate(peer, last)
        for unit in UNITS[square]:
            places = [s for s in unit if digit in values[s]]
            if not places:
                raise Contradiction(digit)
            if len(places) == 1 and len(values[places[0]]) > 1:
                self.assign(places[0], digit)

    def solved(self):
        return all(len(v) == 1 for v in self.values.values())

    def __str__(self):
        return "".join(self.values[s] if len(self.values[s]) == 1 else "." for s in SQUARES)


class Solver:
    def __init__(self):
        self.guesses = self.dead_ends = 0

    def solutions(self, board):
        """All solutions, by backtracking from the square with the fewest digits left."""
        if board.solved():
            yield board
            return
        square = min((s for s in SQUARES if len(board.values[s]) > 1), key=lambda s: (len(board.values[s]), s))
        for digit in board.values[square]:
            child = board.copy()
            self.guesses += 1
            try:
                child.assign(square, digit)
            except Contradiction:
                self.dead_ends += 1
            else:
                yield from self.solutions(child)

    def solve(self, text):
        try:
            board = Board.parse(text)
        except Contradiction:
            return None
        return next(self.solutions(board), None)


def check(board):
    return all({board.values[s] for s in unit} == set(DIGITS) for unit in UNITS_LIST)


def generate(seed):
    """A puzzle with enough digits to be interesting."""
    state = seed * 2654435761 & 0xFFFFFFFF
    board = Board({s: DIGITS for s in SQUARES})
    givens = {}
    while True:
        state = (state * 1103515245 + 12345) & 0x7FFFFFFF
        square = SQUARES[(state >> 8) % 81]
        options = board.values[square]
        digit = options[(state >> 16) % len(options)]
        try:
            board.assign(square, digit)
        except Contradiction:
            return generate(seed + 1000)
        givens[square] = digit
        if len(givens) >= 17 and len(set(givens.values())) >= 8:
            return "".join(givens.get(s, ".") for s in SQUARES)


def main(n):
    solver = Solver()
    for i in range(n):
        if i % 3 == 0:
            puzzle = HARD[i // 3 % len(HARD)]
        else:
            puzzle = generate(i)
        result = solver.solve(puzzle)
        if i < 6 or i == n - 1:
            print(puzzle, puzzle.count("."))
            print(result, result is not None and check(result))
    print(solver.guesses, solver.dead_ends)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2)
