"""Reads straight-line Rust, the formulas of the curve code, and evaluates it over any values that have its methods.

Known are let, let-else, if with else, return, assignments, blocks, counted loops, method calls, calls of named functions, arrays, tuples, structs, closures and the
macros `each!` and `below!`. Whatever else is met is an error."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
TOKEN = re.compile(r"\s*(?:(//[^\n]*|#\[[^\]]*\])|(\d[\d_]*(?:\.\d+)?|[A-Za-z_]\w*!?|::|=>|\.\.|->|[-+*/&|(){}\[\].,;:=<>'?!]))")


class NotKnown(Exception):
    """A construct that is not known here."""


def tokens(text):
    found, at = [], 0
    text = text.rstrip()
    while at < len(text):
        token = TOKEN.match(text, at)
        if not token:
            raise NotKnown(text[at:at + 40])
        if token[2]:
            found.append(token[2])
        at = token.end()
    return found


def body_of(text, start):
    """The text between the next brace that opens a body and its partner."""
    begin = text.index("{", start)
    depth = 0
    for at in range(begin, len(text)):
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        if depth == 0:
            return text[begin + 1:at]
    raise NotKnown("a brace without its partner")


def function(file, pattern, within=None):
    """(names of parameters as tokens, body as text) of the function in the file; `within` is where to begin to look."""
    text = (ROOT / file).read_text()
    start = re.search(within, text, re.M).end() if within else 0
    head = re.compile(rf"fn {pattern}\b(?:<[^()]*>)?\(").search(text, start)
    depth, at = 1, head.end()
    while depth:
        depth += {"(": 1, ")": -1}.get(text[at], 0)
        at += 1
    # A result type may have brackets, but no brace.
    return text[head.end():at - 1], body_of(text, at)


class Returned(Exception):
    """An early return."""

    def __init__(self, value):
        super().__init__()
        self.value = value


class Struct(dict):
    """Fields by name."""


class Evaluation:
    """`functions`: name, without what stands before ::, → Python function. `watch` is called for below!(value, power)."""

    def __init__(self, names, functions, watch=None):
        self.names, self.functions, self.watch = dict(names), functions, watch

    def run(self, text):
        outer = getattr(self, "code", None), getattr(self, "at", None)
        self.code, self.at = tokens(text), 0
        try:
            value = self.block()
        except Returned as returned:
            value = returned.value
        self.code, self.at = outer
        return value

    # Tokens

    def peek(self, ahead=0):
        return self.code[self.at + ahead] if self.at + ahead < len(self.code) else None

    def take(self, *wanted):
        token = self.peek()
        if wanted and token not in wanted:
            raise NotKnown(f"{token} in place of {' or '.join(wanted)}: {' '.join(self.code[max(0, self.at - 8):self.at + 8])}")
        self.at += 1
        return token

    def skip(self, *wanted):
        if self.peek() in wanted:
            self.at += 1
            return True
        return False

    # Statements

    def block(self):
        """Up to the end or a closing brace, which stays."""
        value = None
        while self.peek() not in (None, "}"):
            value = self.statement()
            if self.skip(";"):
                value = None
        return value

    def statement(self):
        if self.skip("return"):
            raise Returned(self.expression())
        if self.peek() == "let" and self.peek(1) == "Some":
            return self.let_else()
        if self.peek() == "if":
            return self.expression()
        if self.skip("let"):
            pattern = self.pattern()
            self.skip_type()
            self.take("=")
            self.bind(pattern, self.expression())
            return None
        if self.peek() == "for":
            return self.loop()
        start = self.at
        if self.peek() in ("debug_assert!", "assert!"):
            self.take()
            self.skip_brackets()
            return None
        if self.peek() in ("below!", "below_each!"):
            self.take()
            self.take("(")
            value = self.expression()
            self.take(",")
            self.watch(value, self.take(), " ".join(self.code[start:self.at]))
            self.take(")")
            return None
        end = self.assigned()
        if end is not None:
            return self.assignment(end)
        return self.expression()

    def let_else(self):
        """let Some(pattern) = value else { … }: None is none."""
        self.take("let"), self.take("Some"), self.take("(")
        pattern = self.pattern()
        self.take(")"), self.take("=")
        value = self.expression()
        self.take("else")
        self.branch(value is None)
        self.bind(pattern, value)

    def branch(self, taken):
        """A block in braces, evaluated or skipped."""
        self.take("{")
        value, depth = None, 0
        if taken:
            value = self.block()
        while not (depth == 0 and self.peek() == "}"):
            depth += {"{": 1, "}": -1}.get(self.take(), 0)
        self.take("}")
        return value

    def choice(self):
        """if a { … } else { … }, or if a == b."""
        self.take("if")
        condition = self.expression()
        if self.peek() == "=" and self.peek(1) == "=":
            self.take(), self.take()
            condition = condition == self.expression()
        if condition not in (True, False):
            raise NotKnown("a condition that is no truth value")
        first = self.branch(condition)
        self.take("else")
        second = self.branch(not condition)
        return first if condition else second

    def assigned(self):
        """Where the = of an assignment stands, if the statement is one."""
        depth = 0
        for at in range(self.at, len(self.code)):
            token = self.code[at]
            if token in ";{}" and depth == 0:
                return None
            depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(token, 0)
            if token == "=" and depth == 0:
                return at
            if depth < 0:
                return None
        return None

    def assignment(self, end):
        target = self.code[self.at:end]
        self.at = end + 1
        value = self.expression()
        self.assign(target, value)

    def assign(self, target, value):
        while target[0] in ("*", "&", "mut"):
            target = target[1:]
        if target[0] == "(":
            parts, depth = [[]], 0
            for token in target[1:-1]:
                if token == "," and depth == 0:
                    parts.append([])
                    continue
                depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(token, 0)
                parts[-1].append(token)
            for part, item in zip([part for part in parts if part], value):
                self.assign(part, item)
        elif len(target) == 1:
            self.names[target[0]] = value
        else:
            place, path = self.names[target[0]], [token for token in target[1:] if token not in (".", "[", "]")]
            keys = [int(token) if token.isdigit() else token for token in path]
            for key in keys[:-1]:
                place = place[key]
            place[keys[-1]] = value

    def loop(self):
        self.take("for")
        name = self.take()
        self.take("in")
        first = self.expression()
        self.take("..")
        last = self.expression()
        self.take("{")
        start = self.at
        for n in range(first, last):
            self.at, self.names[name] = start, n
            self.block()
        if first >= last:
            depth = 0
            while not (depth == 0 and self.peek() == "}"):
                depth += {"{": 1, "}": -1}.get(self.take(), 0)
        self.take("}")

    def skip_type(self):
        if not self.skip(":"):
            return
        depth = 0
        while not (depth == 0 and self.peek() in ("=", ",", ")", "|", None)):
            depth += {"<": 1, "[": 1, "(": 1, ">": -1, "]": -1, ")": -1}.get(self.peek(), 0)
            self.at += 1

    def skip_brackets(self):
        depth = 0
        while True:
            depth += {"(": 1, ")": -1}.get(self.take(), 0)
            if depth == 0:
                return

    # Patterns

    def pattern(self):
        while self.skip("&", "mut"):
            pass
        if self.peek() in ("(", "["):
            close = {"(": ")", "[": "]"}[self.take()]
            parts = []
            while not self.skip(close):
                parts.append(self.pattern())
                self.skip_type()
                self.skip(",")
            return parts
        name = self.take()
        if self.skip("{"):
            fields = {}
            while not self.skip("}"):
                field = self.take()
                fields[field] = self.pattern() if self.skip(":") else field
                self.skip(",")
            return fields
        return name

    def bind(self, pattern, value):
        if isinstance(pattern, str):
            self.names[pattern] = value
        elif isinstance(pattern, dict):
            for field, inner in pattern.items():
                self.bind(inner, value[field])
        else:
            if len(pattern) != len(value):
                raise NotKnown("a pattern of another length")
            for inner, item in zip(pattern, value):
                self.bind(inner, item)

    # Expressions

    def expression(self):
        value = self.term()
        while self.peek() in ("+", "-"):
            sign, other = self.take(), self.term()
            value = value + other if sign == "+" else value - other
        return value

    def term(self):
        value = self.prefixed()
        while self.peek() == "*":
            self.take()
            value = value * self.prefixed()
        return value

    def prefixed(self):
        while self.skip("&", "*", "mut"):
            pass
        if self.skip("-"):
            return -self.prefixed()
        value = self.primary()
        while True:
            if self.peek() == "." and self.peek(1) != ".":
                self.take()
                value = self.member(value)
            elif self.peek() == "[":
                self.take()
                index = self.expression()
                self.take("]")
                value = value[index]
            else:
                return value

    def member(self, value):
        name = self.take()
        if re.fullmatch(r"\d+(\.\d+)?", name):
            for part in name.split("."):
                value = value[int(part)]
            return value
        self.generics()
        if self.peek() == "(":
            return self.method(value, name, self.arguments())
        return value[name]

    def method(self, value, name, arguments):
        if name in ("each_ref", "copy", "clone"):
            return value
        # The proof of the CPU, in lanes, is no argument of the algebra.
        arguments = [argument for argument in arguments if argument != "proof"]
        if isinstance(value, Struct) and name in value:
            return value[name](*arguments)
        return getattr(value, name)(*arguments)

    def generics(self):
        if self.peek() == "::" and self.peek(1) == "<":
            self.take()
            depth, flag = 0, None
            while True:
                token = self.take()
                if token in ("true", "false"):
                    flag = token
                depth += {"<": 1, ">": -1}.get(token, 0)
                if depth == 0:
                    return flag
        return None

    def arguments(self, open_="(", close=")"):
        self.take(open_)
        values = []
        while not self.skip(close):
            copies = open_ == "[" and self.peek() != "&"
            value = self.expression()
            values.append(value.copied() if copies and hasattr(value, "copied") else value)
            self.skip(",")
        return values

    def primary(self):
        token = self.peek()
        if token == "(":
            values = self.arguments()
            return values[0] if len(values) == 1 and self.code[self.at - 2] != "," else values
        if token == "[":
            return self.arguments("[", "]")
        if token == "{":
            self.take()
            value = self.block()
            self.take("}")
            return value
        if token == "|":
            return self.closure()
        if token == "if":
            return self.choice()
        if token == "each!":
            return self.each()
        self.take()
        if token[0].isdigit():
            return int(token.replace("_", ""))
        qualified = False
        while self.peek() == "::":
            flag = self.generics()
            if flag:
                token += f"<{flag}>"
            if self.peek() == "::":
                self.take()
                token, qualified = self.take(), True
                self.generics()
        if self.peek() == "(":
            arguments = [argument for argument in self.arguments() if argument != "proof"]
            if token in self.names and not qualified:
                return self.names[token](*arguments)
            if token not in self.functions:
                raise NotKnown(f"the function {token}")
            return self.functions[token](*arguments)
        if self.peek() == "{" and token[0].isupper():
            return self.literal()
        if token not in self.names:
            raise NotKnown(f"the name {token}")
        return self.names[token]

    def literal(self):
        self.take("{")
        fields = Struct()
        while not self.skip("}"):
            name = self.take()
            fields[name] = self.expression() if self.skip(":") else self.names[name]
            self.skip(",")
        return fields

    def closure(self):
        self.take("|")
        parameters = []
        while not self.skip("|"):
            parameters.append(self.pattern())
            self.skip_type()
            self.skip(",")
        start, code = self.at, self.code
        depth = 0
        while not (depth == 0 and self.peek() in (";", ",", ")", None)):
            depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(self.peek(), 0)
            self.at += 1

        def called(*values):
            outer = self.code, self.at, dict(self.names)
            for pattern, value in zip(parameters, values):
                self.bind(pattern, value)
            self.code, self.at = code, start
            value = self.expression()
            self.code, self.at, self.names = outer
            return value

        return called

    def each(self):
        """each!(proof, i => …): the same for every group; one stands for all."""
        self.take()
        self.take("(")
        self.take()
        self.take(",")
        self.names[self.take()] = 0
        self.take("=>")
        value = self.expression()
        self.take(")")
        return Group(value)


class Group(list):
    """An array whose elements are all alike; it has the methods of the one that stands for all."""

    def __init__(self, value):
        super().__init__([value])

    def __getattr__(self, name):
        return getattr(self[0], name)
