"""Importing this module enables command line editing using GNU readline."""

# The interface of CPython's extension module, over the line editor of the library (`_pyrepl`), which is loaded when the
# first line is read from a terminal. The builtin `input` calls `_read_line` then, once this module is imported.
#
# As in CPython: the history is this module's own (the interactive prompt keeps another), TAB inserts a TAB until
# `parse_and_bind("tab: complete")`, what completers and hooks raise is dropped. Of the variables of GNU readline's init
# files none has an effect.

import os as _os
from operator import index as _index

backend = "readline"
_READLINE_LIBRARY_VERSION = "8.3"
_READLINE_RUNTIME_VERSION = _READLINE_VERSION = 0x0803

_history = []
_auto_history = True
_file_length = -1           # how many lines history files are cut to
_completer = None
_delims = " \t\n`~!@#$%^&*()-=+[{]}\\|;:'\",<>/?"
_startup_hook = _pre_input_hook = _display_hook = None
_scope = (0, 0)             # of the word that is completed
_completion_type = 0
_bindings = []              # (keys, name or class of a command of the editor)
_init_file = None
_reader = None              # made for the first line
_reading = False
_pending = ""               # inserted while no line was read


def _text(string):
    if not isinstance(string, str):
        raise TypeError("bad argument type for built-in operation")
    _os.fsencode(string)
    if "\0" in string:
        raise ValueError("embedded null character")
    return string


def _function(name, function):
    if function is not None and not callable(function):
        raise TypeError(f"{name}(func): argument not callable")
    return function


def _without_name(error):
    return OSError(error.errno, error.strerror)


# -- history

def _path(filename):
    return _os.path.expanduser("~/.history") if filename is None else _os.fspath(filename)


def _lines_of(path):
    import io
    try:
        with io.open(path, "rb") as f:
            lines = f.read().split(b"\n")
    except OSError as e:
        raise _without_name(e) from None
    if not lines[-1]:
        lines.pop()
    return lines


def _write(path, flags, lines):
    import io
    try:
        with io.open(_os.open(path, flags | _os.O_CLOEXEC, 0o600), "wb") as f:
            f.writelines(line + b"\n" for line in lines)
    except OSError as e:
        raise _without_name(e) from None


def _cut(path):
    if _file_length >= 0:
        lines = _lines_of(path)
        if len(lines) > _file_length:
            _write(path, _os.O_WRONLY | _os.O_TRUNC, lines[len(lines) - _file_length:])


def read_history_file(filename=None, /):
    """Load a readline history file.

The default filename is ~/.history."""
    _history.extend(map(_os.fsdecode, _lines_of(_path(filename))))


def write_history_file(filename=None, /):
    """Save a readline history file.

The default filename is ~/.history."""
    path = _path(filename)
    _write(path, _os.O_WRONLY | _os.O_CREAT | _os.O_TRUNC, map(_os.fsencode, _history))
    _cut(path)


def append_history_file(nelements, filename=None, /):
    """Append the last nelements items of the history list to file.

The default filename is ~/.history."""
    n = _index(nelements)
    if n < 0:
        raise ValueError("nelements must be non-negative")
    path = _path(filename)
    _write(path, _os.O_WRONLY | _os.O_APPEND, map(_os.fsencode, _history[max(len(_history) - n, 0):]))
    _cut(path)


def get_history_length():
    """Return the maximum number of lines that will be written to the history file."""
    return _file_length


def set_history_length(length, /):
    """Set the maximal number of lines which will be written to the history file.

A negative length is used to inhibit history truncation."""
    global _file_length
    _file_length = _index(length)


def get_current_history_length():
    """Return the current (not the maximum) length of history."""
    return len(_history)


def get_history_item(index, /):
    """Return the current contents of history item at one-based index."""
    index = _index(index)
    return _history[index - 1] if 1 <= index <= len(_history) else None


def _position(pos):
    pos = _index(pos)
    if pos < 0:
        raise ValueError("History index cannot be negative")
    if pos >= len(_history):
        raise ValueError(f"No history item at position {pos}")
    return pos


def remove_history_item(pos, /):
    """Remove history item given by its zero-based position."""
    del _history[_position(pos)]


def replace_history_item(pos, line, /):
    """Replaces history item given by its position with contents of line.

pos is zero-based."""
    line = _text(line)
    _history[_position(pos)] = line


def add_history(string, /):
    """Add an item to the history buffer."""
    _history.append(_text(string))


def clear_history():
    """Clear the current readline history."""
    _history.clear()


def set_auto_history(enabled, /):
    """Enables or disables automatic history."""
    global _auto_history
    _auto_history = bool(enabled)


# -- completion

def set_completer(function=None, /):
    """Set or remove the completer function.

The function is called as function(text, state),
for state in 0, 1, 2, ..., until it returns a non-string.
It should return the next possible completion starting with 'text'."""
    global _completer
    _completer = _function("set_completer", function)


def get_completer():
    """Get the current completer function."""
    return _completer


def set_completer_delims(string, /):
    """Set the word delimiters for completion."""
    global _delims
    _delims = _text(string)


def get_completer_delims():
    """Get the word delimiters for completion."""
    return _delims


def get_completion_type():
    """Get the type of completion being attempted."""
    return _completion_type


def get_begidx():
    """Get the beginning index of the completion scope."""
    return _scope[0]


def get_endidx():
    """Get the ending index of the completion scope."""
    return _scope[1]


def set_completion_display_matches_hook(function=None, /):
    """Set or remove the completion display function.

The function is called as
  function(substitution, [matches], longest_match_length)
once each time matches need to be displayed."""
    global _display_hook
    _display_hook = _function("set_completion_display_matches_hook", function)


# -- the line

def set_startup_hook(function=None, /):
    """Set or remove the function invoked by the rl_startup_hook callback.

The function is called with no arguments just
before readline prints the first prompt."""
    global _startup_hook
    _startup_hook = _function("set_startup_hook", function)


def set_pre_input_hook(function=None, /):
    """Set or remove the function invoked by the rl_pre_input_hook callback.

The function is called with no arguments after the first prompt
has been printed and just before readline starts reading input
characters."""
    global _pre_input_hook
    _pre_input_hook = _function("set_pre_input_hook", function)


def get_line_buffer():
    """Return the current contents of the line buffer."""
    return _reader.get_unicode() if _reading else _pending


def insert_text(string, /):
    """Insert text into the line buffer at the cursor position."""
    global _pending
    string = _text(string)
    if _reading:
        _reader.insert(string)
    else:
        _pending += string


def redisplay():
    """Change what's displayed on the screen to reflect contents of the line buffer."""
    if _reading:
        _reader.refresh()


# -- init files

_KEYS = {"del": r"\<backspace>", "rubout": r"\<backspace>", "esc": r"\e", "escape": r"\e", "lfd": r"\n",
         "newline": r"\n", "ret": r"\r", "return": r"\r", "spc": " ", "space": " ", "tab": r"\t"}
_COMMANDS = {"tab-insert": "self-insert", "rl_complete": "complete", "menu-complete": "complete",
             "possible-completions": "complete", "accept-line": "accept", "delete-char": "delete",
             "backward-delete-char": "backspace", "backward-char": "left", "forward-char": "right",
             "reverse-search-history": "reverse-history-isearch",
             "forward-search-history": "forward-history-isearch"}


def _key_name(name):
    """The keys that `Control-Meta-tab` and the like mean."""
    keys = ""
    while True:
        prefix, dash, rest = name.partition("-")
        low = prefix.lower()
        if dash and rest and low in ("control", "c", "ctrl"):
            keys += r"\C-"
        elif dash and rest and low in ("meta", "m"):
            keys += r"\M-"
        else:
            break
        name = rest
    return keys + _KEYS.get(name.lower(), name[:1].replace("\\", r"\\"))


def _quoted(s):
    """`"..."` at the beginning of `s`, without the quotes, and the rest."""
    i = 1
    while i < len(s) and s[i] != s[0]:
        i += 2 if s[i] == "\\" else 1
    return s[1:i], s[i + 1:]


def _bind(line):
    line = line.strip()
    if not line or line[0] in "#$" or line.split(None, 1)[0].lower() == "set":
        return
    if line[0] == '"':
        keys, rest = _quoted(line)
        keys = keys.replace(r"\d", r"\<delete>")
        rest = rest.lstrip()
        if not rest.startswith(":"):
            return
        what = rest[1:].strip()
    else:
        name, colon, what = line.partition(":")
        if not colon:
            return
        keys, what = _key_name(name.strip()), what.strip()
    if not keys or not what:
        return
    if what[0] in "\"'":
        what = ("text", _quoted(what)[0])
    else:
        what = what.split()[0].lower()
        what = _COMMANDS.get(what, what)
    _bindings.append((keys, what))
    if _reader is not None:
        _reader.bind_again()


def parse_and_bind(string, /):
    """Execute the init line provided in the string argument."""
    _bind(_text(string))


def read_init_file(filename=None, /):
    """Execute a readline initialization file.

The default filename is the last filename used."""
    global _init_file
    if filename is not None:
        files = [_os.fspath(filename)]
    elif _init_file is not None:
        files = [_init_file]
    else:
        files = [_os.environ.get("INPUTRC") or _os.path.expanduser("~/.inputrc"), "/etc/inputrc"]
    for i, file in enumerate(files):
        try:
            lines = _lines_of(file)
            break
        except OSError:
            if i == len(files) - 1:
                raise
    _init_file = file
    taken = [True]
    for line in lines:
        line = _os.fsdecode(line).strip()
        word, _, rest = line.partition(" ")
        if word == "$if":
            holds = rest.strip().lower() in ("python", "mode=emacs", "term=" + _os.environ.get("TERM", "").lower())
            taken.append(taken[-1] and holds)
        elif word == "$else" and len(taken) > 1:
            taken[-1] = taken[-2] and not taken[-1]
        elif word == "$endif" and len(taken) > 1:
            taken.pop()
        elif taken[-1] and word == "$include":
            try:
                read_init_file(_os.path.expanduser(rest.strip()))
            except OSError:
                pass
            _init_file = file
        elif taken[-1]:
            _bind(line)


# -- reading

def _make_reader():
    from _pyrepl import commands, completing_reader
    from _pyrepl import keymap as keys_of
    from _pyrepl.readline import Console, ReadlineAlikeReader, ReadlineConfig

    class NoModules:
        def get_completions(self, line):
            return None

    class complete(completing_reader.complete):
        """A TAB after one that changed nothing shows the matches: by the hook, if there is one."""

        def do(self):
            global _completion_type
            r = self.reader
            again = r.last_command_is(complete) and not r.completed
            _completion_type = 63 if again else 9
            if not again or _display_hook is None:
                before = len(r.buffer)
                if not again:
                    r.last_command = None
                super().do()
                r.completed = len(r.buffer) != before
                r.cmpltn_message_visible = False
                r.msg = ""
                return
            stem = r.get_stem()
            matches = r.get_completions(stem)
            if len(matches) < 2:
                super().do()
                return
            r.console.finish()
            r.console.restore()
            try:
                _display_hook(stem, matches, max(map(len, matches)))
            except Exception:
                pass
            r.console.prepare()
            r.last_refresh_cache.invalidated = True
            r.dirty = True

    def inserting(text):
        class insert_macro(commands.Command):
            def do(self):
                self.reader.insert(text)
        return insert_macro

    class Reader(ReadlineAlikeReader):
        completed = False   # whether the last completion changed the line

        def collect_keymap(self):
            return super().collect_keymap() + ((r"\t", "self-insert"), (r"\<backspace>", "backspace"))

        def bind_again(self):
            self.keymap = self.collect_keymap()
            good = []
            for i, (keys, what) in enumerate(_bindings):
                try:
                    parsed = keys_of.parse_keys(keys)
                    if isinstance(what, tuple):
                        text = "".join(k for k in keys_of.parse_keys(what[1]) if len(k) == 1)
                        what = f"macro-{i}"
                        self.commands[what] = inserting(text)
                except (keys_of.KeySpecError, ValueError, IndexError):
                    continue
                if parsed and what in self.commands:
                    good.append((keys, what))
            *first, last = good or [(r"\t", "self-insert")]
            self.keymap += tuple(first)
            self.bind(*last)

        def get_completions(self, stem):
            global _scope
            _scope = (self.pos - len(stem), self.pos)
            self.config.readline_completer = _completer
            self.config.completer_delims = frozenset(_delims)
            return super().get_completions(stem)

        def get_stem(self):
            self.config.completer_delims = frozenset(_delims)
            return super().get_stem()

        def finish(self):
            completing_reader.CompletingReader.finish(self)
            for i, line in self.transient_history.items():
                if i < len(self.history) and i != self.historyi:
                    self.history[i] = line
            line = self.get_unicode()
            if line and _auto_history and self.history[-1:] != [line]:
                self.history.append(line)

        def readline(self, startup_hook=None):
            global _reading
            self.prepare()
            _reading = True
            try:
                _run_hook(_startup_hook)
                self.refresh()
                if _pre_input_hook is not None:
                    _run_hook(_pre_input_hook)
                    self.update_screen()
                while not self.finished:
                    self.handle1()
                return self.get_unicode()
            finally:
                _reading = False
                self.restore()

    config = ReadlineConfig(module_completer=NoModules())
    reader = Reader(console=Console(0, 1), config=config)
    reader.history = _history
    reader.can_colorize = False
    reader.commands["complete"] = complete
    reader.bind_again()
    return reader


def _run_hook(hook):
    if hook is not None:
        try:
            hook()
        except Exception:
            pass


def _read_line(prompt):
    """A line from the terminal; NotImplemented where the terminal cannot be used for editing."""
    global _reader, _pending
    if _reading:
        return NotImplemented
    if _reader is None:
        try:
            _reader = _make_reader()
        except Exception:
            return NotImplemented
    _pending = ""
    _reader.ps1 = prompt
    return _reader.readline()
