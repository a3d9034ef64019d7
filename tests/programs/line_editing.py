# `readline`: history and its files, completion, hooks, and `input` from a terminal that it edits.
import inspect, os, pty, readline, select, sys, tempfile, time

folder = tempfile.mkdtemp()
h, missing = folder + "/h", folder + "/missing"
for call in ("readline.add_history(3)", "readline.add_history('a\\0b')", "readline.remove_history_item(-1)",
             "readline.remove_history_item(5)", "readline.replace_history_item(-1, 'a')",
             "readline.replace_history_item(4, 'a')", "readline.get_history_item(0)", "readline.set_completer(3)",
             "readline.get_completer_delims()", "readline.set_startup_hook(3)", "readline.set_completer_delims('ab')",
             "readline.get_completer_delims()", "readline.read_history_file(missing)", "readline.read_history_file(3)",
             "readline.append_history_file(1, missing)", "readline.append_history_file(-1, missing)",
             "readline.write_history_file(missing + '/a')", "readline.read_init_file(missing)",
             "readline.get_completion_type()", "readline.get_begidx()", "readline.insert_text('abc')",
             "readline.get_line_buffer()", "readline.parse_and_bind('foo: bar baz')", "readline.parse_and_bind(3)",
             "readline.set_history_length('a')", "readline.get_history_length()",
             "readline.set_completion_display_matches_hook(3)", "readline.set_pre_input_hook(3)",
             "readline.set_auto_history('a')", "readline.redisplay()", "readline.remove_history_item('a')",
             "readline.add_history('x')", "readline.add_history('y\\nz')", "readline.get_current_history_length()",
             "readline.get_history_item(2)", "readline.replace_history_item(0, 'q')", "readline.get_history_item(1)",
             "readline.write_history_file(h)", "open(h).read()", "readline.append_history_file(1, h)",
             "open(h).read()", "readline.clear_history()", "readline.read_history_file(h)",
             "readline.get_current_history_length()", "readline.set_history_length(1)",
             "readline.write_history_file(h)", "open(h).read()", "readline.append_history_file(3, h)",
             "open(h).read()", "readline.append_history_file(30, h)", "readline.add_history('\\udcff')",
             "readline.get_history_item(readline.get_current_history_length())", "readline.backend"):
    try:
        print(call, repr(eval(call)))
    except Exception as e:
        print(call, type(e).__name__, e)
for name in dir(readline):
    f = getattr(readline, name)
    if name[0] != "_" and callable(f):
        print(name, inspect.signature(f), repr(f.__doc__), f.__module__)

CODE = r"""
import readline, sys
out = open(sys.argv[1], "w")
say = lambda *a: print(*map(repr, a), file=out, flush=True)
sys.addaudithook(lambda e, a: say(e, a) if e.startswith("builtins.input") else None)
readline.set_startup_hook(lambda: readline.insert_text("pre"))
say(input("p1> "), readline.get_current_history_length())
readline.set_startup_hook()
tried = []
def complete(text, state):
    found = [w for w in ("alpha", "alps", "beta") if w.startswith(text)]
    if state == 0:
        tried.append((text, readline.get_begidx(), readline.get_endidx(), readline.get_line_buffer()))
    return found[state] if state < len(found) else None
readline.set_completer(complete)
say(input("p2> "))
readline.parse_and_bind("tab: complete")
say(input("p3> "), tried)
del tried[:]
say(input("p4> "), tried)
say(input("p5> "), [readline.get_history_item(i + 1) for i in range(readline.get_current_history_length())])
readline.parse_and_bind(r'"\C-t": "macro"')
say(input("p6> "))
try:
    input("p7> ")
except EOFError as e:
    say(e)
"""
result = folder + "/result"
pid, fd = pty.fork()
if pid == 0:
    os.environ.update(TERM="xterm", INPUTRC="/dev/null")
    os.execv(sys.executable, [sys.executable, "-c", CODE, result])
seen = b""
keys = [b"abc\x01X\r", b"a\tb\r", b"x be\t\r", b"al\th\t\r", b"\x1bOA\x1bOA\r", b"a\x14b\r", b"\x04"]
for i, k in enumerate(keys):
    end = time.time() + 60
    while b"p%d> " % (i + 1) not in seen and time.time() < end:
        if select.select([fd], [], [], 1)[0]:
            try:
                seen += os.read(fd, 4096)
            except OSError:
                break
    time.sleep(0.3)
    os.write(fd, k)
while True:
    try:
        if not os.read(fd, 4096):
            break
    except OSError:
        break
os.waitpid(pid, 0)
print(open(result).read())
