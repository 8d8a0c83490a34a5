"""What a pickle describes, read without doing what it says.

A pickle is a program: un-pickling runs it, and it may call anything. Here its instructions are
followed on paper only. Names of classes and functions stay names, calls become records of what
would have been called with what, and nothing is imported, looked up or run. Memory is bounded by
the length of the program, since every instruction makes at most one small record.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from llador_core.errors import DataFormatError

MAX_INSTRUCTIONS = 50_000  # a saved PyKEEN model has some thousand


@dataclass(frozen=True, slots=True)
class Name:
    """A class or function that the pickle names: "torch.nn.modules.sparse.Embedding"."""

    dotted: str


@dataclass(eq=False, slots=True)
class Table:
    """A dictionary: its pairs in order. Keys may be records, which no dictionary could hold."""

    pairs: list[tuple[Any, Any]] = field(default_factory=list)

    def get(self, key: str, default: Any = None) -> Any:
        """Return the value under a text key, the latest where it stands twice."""
        return next(
            (v for k, v in reversed(self.pairs) if isinstance(k, str) and k == key), default
        )


@dataclass(eq=False, slots=True)
class Call:
    """An object that un-pickling would have made, by calling `maker` with `arguments`."""

    maker: Any
    arguments: Any
    state: Any = None
    items: Table = field(default_factory=Table)

    @property
    def made_by(self) -> str:
        return self.maker.dotted if isinstance(self.maker, Name) else ""


@dataclass(frozen=True, eq=False, slots=True)
class Stored:
    """What the pickle keeps outside itself, such as the numbers of a tensor."""

    key: Any


class _Mark:
    """Where the arguments of a later instruction begin."""


_MARK = _Mark()


def read(program: bytes) -> Any:
    """Return what a pickle describes, as numbers, texts, lists, tuples and the records above.

    Raises
    ------
    DataFormatError
        It is no pickle, is cut off, or uses an instruction that no saved model needs.
    """
    machine = _Machine()
    try:
        for n, (instruction, argument, _) in enumerate(pickletools.genops(program)):
            if n >= MAX_INSTRUCTIONS:
                raise DataFormatError("The pickle has too many instructions to be a saved model.")
            if machine.follow(instruction.name, argument):
                return machine.pop()
    except (
        ValueError,
        IndexError,
        KeyError,
        TypeError,
        UnicodeDecodeError,
        AttributeError,
    ) as error:
        raise DataFormatError(f"The file is damaged or no pickle ({error}).") from error
    raise DataFormatError("The pickle is cut off before its end.")


_LITERALS = (
    *("BININT", "BININT1", "BININT2", "LONG1", "LONG4", "INT", "LONG", "BINFLOAT", "FLOAT"),
    *("BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "UNICODE"),
    *("BINSTRING", "SHORT_BINSTRING", "STRING"),
    *("BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"),
)
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_EMPTY: dict[str, Callable[[], Any]] = {
    "EMPTY_DICT": Table,
    "EMPTY_LIST": list,
    "EMPTY_SET": list,
    "EMPTY_TUPLE": tuple,
}
_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}


class _Machine:
    """The stack and the memory that the instructions work on."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.memory: dict[int, Any] = {}

    def pop(self) -> Any:
        value = self.stack.pop()
        if value is _MARK:
            raise ValueError("a mark where a value should be")
        return value

    def pop_to_mark(self) -> list[Any]:
        values: list[Any] = []
        while (value := self.stack.pop()) is not _MARK:
            values.append(value)
        return values[::-1]

    def drop(self, to_mark: bool = False) -> None:
        if to_mark:
            self.pop_to_mark()
        else:
            self.stack.pop()

    def follow(self, name: str, argument: Any) -> bool:
        """Follow one instruction; return whether it was the last."""
        if name == "STOP":
            return True
        if name in ("PROTO", "FRAME"):
            return False
        if name in _LITERALS:
            self.stack.append(argument)
        elif name in _CONSTANTS:
            self.stack.append(_CONSTANTS[name])
        elif name in _EMPTY:
            self.stack.append(_EMPTY[name]())
        elif name in _TUPLES:
            n = _TUPLES[name]
            values = [self.pop() for _ in range(n)]
            self.stack.append(tuple(values[::-1]))
        else:
            _INSTRUCTIONS[name](self, argument)
        return False

    def remember(self, place: int | None) -> None:
        self.memory[len(self.memory) if place is None else place] = self.stack[-1]

    def name(self, dotted: str | None) -> None:
        if dotted is None:
            attribute, module = self.pop(), self.pop()
            if not (isinstance(attribute, str) and isinstance(module, str)):
                raise ValueError("a name that is no text")
            dotted = f"{module}.{attribute}"
        self.stack.append(Name(dotted.replace(" ", ".", 1)))

    def call(self, has_names: bool = False) -> None:
        if has_names:
            self.pop()  # keyword arguments: nothing of ours reads them
        arguments, maker = self.pop(), self.pop()
        if isinstance(maker, Name) and maker.dotted == "collections.OrderedDict":
            self.stack.append(Table())
        else:
            self.stack.append(Call(maker, arguments))

    def build(self) -> None:
        state, target = self.pop(), self.stack[-1]
        if isinstance(target, Call):
            target.state = state

    def put(self, pairs: list[Any]) -> None:
        target = self.stack[-1]
        table = target.items if isinstance(target, Call) else target
        table.pairs.extend(zip(pairs[::2], pairs[1::2], strict=True))

    def add(self, values: list[Any]) -> None:
        target = self.stack[-1]
        if isinstance(target, list):
            target.extend(values)


def _unsupported(name: str) -> Callable[[_Machine, Any], None]:
    def refuse(_: _Machine, __: Any) -> None:
        raise DataFormatError(
            f"The pickle uses the instruction {name}, which no saved model needs."
        )

    return refuse


class _Instructions(dict[str, Callable[[_Machine, Any], None]]):
    def __missing__(self, name: str) -> Callable[[_Machine, Any], None]:
        return _unsupported(name)


def _pair(machine: _Machine, _: Any) -> None:
    value, key = machine.pop(), machine.pop()
    machine.put([key, value])


def _table(machine: _Machine, _: Any) -> None:
    pairs = machine.pop_to_mark()
    machine.stack.append(Table())
    machine.put(pairs)


_INSTRUCTIONS = _Instructions(
    {
        "MARK": lambda m, _: m.stack.append(_MARK),
        "POP": lambda m, _: m.drop(),
        "POP_MARK": lambda m, _: m.drop(to_mark=True),
        "DUP": lambda m, _: m.stack.append(m.stack[-1]),
        "TUPLE": lambda m, _: m.stack.append(tuple(m.pop_to_mark())),
        "LIST": lambda m, _: m.stack.append(m.pop_to_mark()),
        "DICT": _table,
        "FROZENSET": lambda m, _: m.stack.append(m.pop_to_mark()),
        "SETITEM": _pair,
        "SETITEMS": lambda m, _: m.put(m.pop_to_mark()),
        "APPEND": lambda m, _: m.add([m.pop()]),
        "APPENDS": lambda m, _: m.add(m.pop_to_mark()),
        "ADDITEMS": lambda m, _: m.add(m.pop_to_mark()),
        "MEMOIZE": lambda m, _: m.remember(None),
        "BINPUT": lambda m, place: m.remember(place),
        "LONG_BINPUT": lambda m, place: m.remember(place),
        "BINGET": lambda m, place: m.stack.append(m.memory[place]),
        "LONG_BINGET": lambda m, place: m.stack.append(m.memory[place]),
        "GLOBAL": lambda m, dotted: m.name(dotted),
        "STACK_GLOBAL": lambda m, _: m.name(None),
        "REDUCE": lambda m, _: m.call(),
        "NEWOBJ": lambda m, _: m.call(),
        "NEWOBJ_EX": lambda m, _: m.call(has_names=True),
        "BUILD": lambda m, _: m.build(),
        "BINPERSID": lambda m, _: m.stack.append(Stored(m.pop())),
    }
)
