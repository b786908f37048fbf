"""Runs the commands that print no report on recorded cores and compares every byte of what they print.

    commands.py GOCRASH TESTDATA
"""
import os
import re
import shlex
import sys

from common import CheckFailed, diff, main, run

NILMAP = "nilmap/go1.27-noopt/binary.zst nilmap/go1.27-noopt/crash.core.zst"
VALUES = "expressions/go1.27-noopt/binary.zst expressions/go1.27-noopt/crash.core.zst"
SENT = "deaths/go1.27-noopt/binary.zst deaths/go1.27-noopt/abort-clock.core.zst"
SERVICE = "service/go1.27-noopt/binary.zst service/go1.27-noopt/die.core.zst"
WAITS = "waits/go1.27-default/binary.zst waits/go1.27-default/total.core.zst"
DEFERS = "deaths/go1.27-noopt/binary.zst deaths/go1.27-noopt/defers-loop.core.zst"
SECRETS = "secrets/go1.27-noopt/binary.zst secrets/go1.27-noopt/crash.core.zst"

# name, command and options, files, what follows them, exit status, standard output, standard error; the last two as whole
# texts, or as a regular expression that must be found where they begin with "~"
CASES = [
    ("print: in the order asked, a missing key", "print", NILMAP, ["users[1].Name", "users[999]", "len(users)", "user == nil"], 0,
     'users[1].Name = "Alice"\nusers[999] = nil (no such key)\nlen(users) = 1\nuser == nil = true\n', ""),
    ("print: one that fails, the others all the same", "print", NILMAP, ["user.Name", "users"], 1,
     'users = {1: &{Name: "Alice", Age: 30}}\n',
     "gocrash: a nil *main.User points to nothing: it has no field Name to read\n    user.Name\n         ^\n"),
    ("print: no such variable", "print", NILMAP, ["1 + usr"], 1, "",
     "gocrash: there is no variable usr in main.main (it has users, user)\n    1 + usr\n        ^\n"),
    ("print: the mark stands below columns, not bytes or characters", "print", NILMAP, ['"ü世" + x'], 1, "",
     'gocrash: there is no variable x in main.main (it has users, user)\n    "ü世" + x\n            ^\n'),
    ("print: control characters do not reach a terminal", "print", NILMAP, ["x\x1b[31m"], 1, "",
     "gocrash: '\\x1b' does not belong into an expression\n    x\\x1b[31m\n     ^\n"),
    ("print: nothing to print", "print", NILMAP, [], 2, "", "~print: no expression given behind the core; usage: "),
    ("print: no such goroutine", "print -g 77", NILMAP, ["1"], 1, "",
     "gocrash: there is no goroutine 77: there are 6, with ids from 1 to 6 (gocrash goroutines)\n"),
    ("print: no such frame", "print -f 9", NILMAP, ["1"], 1, "",
     "gocrash: goroutine 1 has no frame 9: they are numbered from 0 to 5\n"),
    ("print: JSON", "print --format json", NILMAP, ["users[999]", "x"], 1,
     '{\n  "results": [\n    {"expression": "users[999]", "value": {"type": "*main.User", "kind": "pointer", "text": "nil", '
     '"nil": true}, "missing_key": true},\n    {"expression": "x", "error": "there is no variable x in main.main (it has users, user)", '
     '"offset": 0}\n  ]\n}\n', "~."),
    ("print: what an error of the program's own wraps, by the code of its Unwrap", "print --format json", SECRETS, ["fail"], 0,
     r'~"wraps": \["\*fmt\.wrapError", "\*errors\.errorString"\], "wrapped": \[\{"type": "\*fmt\.wrapError"\}, \{"type": "\*errors\.errorString"\}\]', ""),
    ("print: limits", "print --max-items 1 --max-string 3", VALUES, ["ints", "word"], 0,
     'ints = [10, …5 more]\nword = "gr"…+5 bytes\n', ""),
    ("print: a field of a zero value that a missing key gives", "print", VALUES, ['points["q"].X', 'points["p"].X'], 0,
     'points["q"].X = 0 (no such key)\npoints["p"].X = 5\n', ""),
    ("print: types that do not agree", "print", VALUES, ["n + word", "word * 2", "ints[9]", "pathError.Nope", "shape.(*Circle)"], 1, "",
     "gocrash: '+' between values of types int and string\n    n + word\n      ^\n"
     "gocrash: a whole number is no string\n    word * 2\n           ^\n"
     "gocrash: index 9 is out of range: the length is 6\n    ints[9]\n         ^\n"
     "gocrash: there is no field Nope in fs.PathError\n    pathError.Nope\n              ^\n"
     "gocrash: the interface holds a main.Square, not a *main.Circle\n    shape.(*Circle)\n           ^\n"),
    ("print: constants, functions, and what is in an interface", "print", VALUES,
     ["time.March == 3", "reflect.Map", '"io/fs".ModeDir + 1', "main.main", "main", "pathError.Op", "pathError.Error", "shape.(data)",
      "main.nope", "main.main()", "main.main == nil", "time.March.nope"], 1,
     'time.March == 3 = true\nreflect.Map = map\n"io/fs".ModeDir + 1 = d--------x\nmain.main = main.main\nmain = main.main\n'
     'pathError.Op = "open"\npathError.Error = io/fs.(*PathError).Error\nshape.(data) = {Side: 3}\n',
     "gocrash: there is no package variable, function, type or constant main.nope; constants other than whole numbers leave no trace in a program\n"
     "    main.nope\n         ^\n"
     "gocrash: functions cannot be called: nothing runs in a core\n    main.main()\n             ^\n"
     "gocrash: main.main is a function: nothing runs in a core\n    main.main == nil\n    ^\n"
     "gocrash: a value of type time.Month has no field nope\n    time.March.nope\n               ^\n"),
    ("print: a package's variable by its name and its path", "print", SERVICE,
     ["http.DefaultTransport == nil", '"net/http".DefaultTransport == nil'], 0,
     'http.DefaultTransport == nil = false\n"net/http".DefaultTransport == nil = false\n', ""),
    ("list: the source, where it was moved to", "list --source-map /tmp/gocrash-record/nilmap=nilmap/src", NILMAP, [], 0,
     r"~^main\.main, nilmap/main\.go:17\n(?s:.*)    16      user := users\[999\]\n >  17      fmt\.Println\(user\.Name\)\n    18  }\n", ""),
    ("list: no such frame", "list -f 9", NILMAP, [], 1, "",
     "gocrash: goroutine 1 has no frame 9: they are numbered from 0 to 5\n"),
    ("locals: a line each", "locals", NILMAP, [], 0,
     'users  map[int]*main.User = {1: &{Name: "Alice", Age: 30}}\nuser   *main.User = nil\n', ""),
    ("locals: too many operands", "locals", NILMAP, ["x", "y"], 2, "", "~locals: too many arguments; usage: "),
    ("locals: those that match", "locals", NILMAP, ["^users$"], 0, 'users  map[int]*main.User = {1: &{Name: "Alice", Age: 30}}\n', ""),
    ("stack: the innermost frames", "stack --max-frames 1", NILMAP, [], 0,
     "Goroutine 1 [running], crashed (3 frames of the panic itself not shown)\n  #3 main.main()\n"
     "        nilmap/main.go:17 +0x1cb\n1 frame more\n", ""),
    ("goroutines: with their frames", "goroutines --stack --status running", NILMAP, [], 0, "~\\AGoroutine 1 .*\n  #3 main.main", ""),
    ("args: of another frame", "args -f 2", NILMAP, [], 0, "", ""),
    ("globals: those that match", "globals", VALUES, [r"^main\.(counter|cache)$"], 0,
     '~\\Amain\\.(cache|counter) .*\nmain\\.(cache|counter) .*\n\\Z', ""),
    ("globals: none matches", "globals", NILMAP, ["^nothing$"], 1, "", "gocrash: no package variable's name matches '^nothing$'\n"),
    ("globals: no regular expression", "globals", NILMAP, ["("], 2, "", "~pattern '\\('"),
    ("stack: the crashed goroutine", "stack", NILMAP, [], 0,
     "Goroutine 1 [running], crashed (3 frames of the panic itself not shown)\n  #3 main.main()\n"
     "        nilmap/main.go:17 +0x1cb\n  #4 runtime.main()\n        runtime/proc.go:302 +0x387\n", ""),
    ("stack: another one, in full", "stack -g 2 --full", NILMAP, [], 0, "~\\AGoroutine 2 \\[force gc \\(idle\\)\\]\n  #0 runtime.gopark", ""),
    ("stack: all", "stack --all", NILMAP, [], 0, "~(?s)\\AGoroutine 1 .*\n\nGoroutine 2 .*\n\nGoroutine 6 ", ""),
    ("goroutines: a line each", "goroutines --status running", NILMAP, [], 0, "1  [running]  main.main, nilmap/main.go:17, crashed\n", ""),
    ("goroutines: filters together", "goroutines --wait ^chan --created-by main --function work", SERVICE, [], 0,
     "~\\A(\\d+  \\[chan receive\\]  main\\.\\(\\*service\\)\\.work, .*\n){3}\\Z", ""),
    ("goroutines: none passes", "goroutines --longer-than 100h", NILMAP, [], 0, "", ""),
    ("goroutines: grouped", "goroutines --group --function service..work", SERVICE, [], 0,
     "~\\A  3 x \\[chan receive\\]  main\\.\\(\\*service\\)\\.work, .*\n *ids [\\d, -]+\n\\Z", ""),
    ("goroutines: no such status", "goroutines --status runing", NILMAP, [], 2, "",
     "gocrash: --status does not take 'runing': did you mean 'running'?\n"),
    ("goroutines: no time", "goroutines --longer-than soon", NILMAP, [], 2, "",
     "gocrash: --longer-than takes a time as 90s or 1h30m, not 'soon'\n"),
    ("whatis: types, and what an interface holds", "whatis", VALUES, ["n", "pathError", "points"], 0,
     "n  int\npathError  error, holds a *fs.PathError\npoints  map[string]main.Point\n", ""),
    ("threads: the one that crashed first", "threads", SERVICE, [], 0,
     "~\\A17854  runtime.raise, goroutine 34 at main.criticalOperation, service/main.go:36, crashed\n(\\d+  runtime\\..*\n)+\\Z", ""),
    ("stack: a signal that was sent", "stack", SENT, [], 0, "~\\AGoroutine \\d+ \\[\\w+\\], interrupted by the signal", ""),
    ("stack: what it waits for", "stack -g 5", WAITS, [], 0,
     "~\\AGoroutine 5 \\[sync.Mutex.Lock\\].*\n  wants the lock next, held \\(likely\\) by goroutine 6\n", ""),
    ("stack: what main waits for", "stack -g 1", WAITS, [], 0, "~\\AGoroutine 1 .*\n  waits for the group all\n", ""),
    ("goroutines: a signal that was sent", "goroutines", SENT, [], 0, "~\\A(?!(?s:.*), crashed)(?s:.*), interrupted by the signal\n", ""),
    ("threads: a signal that was sent", "threads", SENT, [], 0, "~\\A(?!(?s:.*), crashed)(?s:.*), interrupted by the signal\n", ""),
    ("threads: its signal", "threads --format json", SENT, [], 0, "~(?s)\"signal\": \\{[^}]*\"name\": \"SIGABRT\"[^}]*\"code_name\": \"SI_USER\"[^}]*\"sender_pid\": ", ""),
    ("threads: with their frames", "threads --full", SERVICE, [], 0, "~(?m)^  #12 main.criticalOperation, service/main.go:36$", ""),
    ("regs: those of the core and of the signal", "regs", NILMAP, [], 0,
     "~(?s)\\AThread 10843, goroutine 1, when SIGABRT came, in runtime.raise, .*\n\nThread 10843, goroutine 1, when the core was written", ""),
    ("regs: of a goroutine on no thread", "regs -g 2", NILMAP, [], 0,
     "~\\AGoroutine 2, on no thread: what the scheduler kept, in runtime.gopark, runtime/proc.go:\\d+\n  rsp  0x[0-9a-f]{16}\n  rip  0x[0-9a-f]{16}\nraw registers, secrets in them too\n\\Z", ""),
    ("regs: no such thread", "regs -t 7", NILMAP, [], 1, "", "gocrash: there is no thread 7: there are 10843, 10844, 10846, 10845\n"),
    ("mem: not in the core", "mem", NILMAP, ["0x10", "8"], 1, "", "gocrash: none of the 8 bytes at 0x10 is in the core\n"),
    ("mem: no address", "mem", NILMAP, ["users[1].Name"], 1, "",
     "gocrash: users[1].Name is no address: give a number, a pointer, or &users[1].Name\n"),
    ("mem: no length", "mem", NILMAP, ["&users", "no"], 2, "", "~a length is a number of bytes from 1 to \\d+, not 'no'\n"),
    ("mem: in other bases", "mem --size 8 --base dec", NILMAP, ["&users[1].Age", "8"], 0,
     "~\\A0x[0-9a-f]+: +30\nraw memory, secrets in it too\n\\Z", ""),
    ("mem: bytes and characters", "mem", VALUES, ["&word", "16"], 0, "~\\A0x[0-9a-f]+:  ([0-9a-f]{2} ){16} \\|.{16}\\|\n", ""),
    ("disasm: the instruction that faulted", "disasm", NILMAP, [], 0,
     "~(?m)^=> main.go:17            0x4b654b  8402 +test +byte ptr \\[rdx\\], al$", ""),
    ("disasm: what is called has its name", "disasm", NILMAP, [], 0, "~call    0x409be0  ; runtime.mapaccess1_fast64\n", ""),
    ("disasm: of a caller the call", "disasm -f 4", NILMAP, [], 0, "~(?m)^=> proc.go:302 .* call +", ""),
    ("funcs: those that match", "funcs", NILMAP, ["^main\\."], 0, "main.main\n", ""),
    ("funcs: none matches", "funcs", NILMAP, ["^nothing$"], 1, "", "gocrash: no function's name matches '^nothing$'\n"),
    ("types: those that match", "types", NILMAP, ["^main\\."], 0, "main.User\n", ""),
    ("sources: those that match", "sources", NILMAP, ["nilmap"], 0, "/tmp/gocrash-record/nilmap/main.go\n", ""),
    ("libraries: the executable alone", "libraries", NILMAP, [], 0,
     "0x400000-0x57c000  /tmp/gocrash-record/nilmap/go1.27-noopt/nilmap\n", ""),
    ("libraries: JSON", "libraries --format json", NILMAP, [], 0,
     '{\n  "libraries": [\n    {"path": "/tmp/gocrash-record/nilmap/go1.27-noopt/nilmap", "start": "0x400000", "end": "0x57c000"}\n  ]\n}\n', ""),
    ("shell: commands given", "shell -c bt -c 'frame 4' -c 'up' -c 'print 1 + 1'", NILMAP, [], 0,
     "~\\AGoroutine 1 \\[running\\], crashed .*\n(?s:.*)\nGoroutine 1, frame 4: runtime.main, runtime/proc.go:302\nGoroutine 1, frame 5: .*\n1 \\+ 1 = 2\n\\Z", ""),
    ("shell: as typed for Delve", "shell -c 'p len(users)' -c 'x -fmt dec -size 8 -count 1 &users[1].Age' -c 'bt 1' -c 'goroutine 2 frame 0 args' -c q -c nonsense",
     NILMAP, [], 0, "~\\Alen\\(users\\) = 1\n0x[0-9a-f]+: +30\nraw memory, secrets in it too\nGoroutine 1 (?s:.*)\n1 frame more\n", ""),
    ("shell: limits", "shell -c 'config max-string-len 2' -c 'print users[1].Name' -c 'config -list'", NILMAP, [], 0,
     'users[1].Name = "Al"…+3 bytes\nmax-string-len          2\nmax-array-values        20\nmax-variable-recurse    4\nsource-list-line-count  5\ndisassemble-flavor      intel\n', ""),
    ("shell: Delve's filters", "shell -c 'goroutines -with userloc (*service).work' -c 'goroutines -with running -group user'", SERVICE, [], 0,
     "~\\A(\\d+  \\[chan receive\\]  main\\.\\(\\*service\\)\\.work, .*\n){3}  1 x the program's\n      id 34\n", ""),
    ("traceback: JSON has its lines", "traceback --format json --level single", NILMAP, [], 0,
     '~\\A{\n  "lines": \\[\n    "panic: runtime error: [^"]*",\n    "\\[signal SIGSEGV: [^"]*",\n    "",\n    "goroutine 1 ', ""),
    ("traceback: another format", "traceback --format markdown", NILMAP, [], 2, "", "gocrash: --format does not take 'markdown'; it takes text or json\n"),
    ("goroutines: no regular expression", "goroutines --wait (", NILMAP, [], 2, "", "~--wait '\\('"),
    ("mem: no such variable", "mem", NILMAP, ["nope"], 1, "", "~there is no variable nope in main.main"),
    ("shell: a slip, and the status of the first that failed", "shell -c lcals -c 'print 1'", NILMAP, [], 2, "1 = 1\n",
     "gocrash: unknown command 'lcals': did you mean 'locals'?; 'help' lists them\n"),
    ("shell: a quote that is not closed", "shell -c \"goroutines --wait 'x\" -c \"p 'a' == 97\"", NILMAP, [], 2, "'a' == 97 = true\n",
     "gocrash: a quote is not closed\n"),
    ("shell: nowhere to go", "shell -c 'frame 99' -c down -c 'frame 0' -c down", NILMAP, [], 1, "~frame 2", "~is the innermost: no 1 frames below"),
    ("list: a function", "list --source-map /tmp/gocrash-record/nilmap=nilmap/src --lines 1", NILMAP, ["main.main"], 0,
     "main.main, nilmap/main.go:11\n\n    10  \n >  11  func main() {\n    12      users := map[int]*User{\n", ""),
    ("list: a line behind another, without the package", "list --source-map /tmp/gocrash-record/nilmap=nilmap/src --lines 0", NILMAP, ["main:2"], 1,
     "", "~'main' is more than one function: runtime.main, main.main"),
    ("list: a file's line", "list --source-map /tmp/gocrash-record/nilmap=nilmap/src --lines 0", NILMAP, ["nilmap/main.go:17"], 0,
     "main.main, nilmap/main.go:17\n\n >  17      fmt.Println(user.Name)\n", ""),
    ("list: a line without code", "list --source-map /tmp/gocrash-record/nilmap=nilmap/src --lines 0", NILMAP, ["1"], 0,
     "~\\Anilmap/main.go:1\n", ""),
    ("list: relative lines at the prompt", "shell --source-map /tmp/gocrash-record/nilmap=nilmap/src --lines 0 -c 'list -1' -c 'list +1' -c 'list *0x4b654b'", NILMAP, [], 0,
     "~\\Amain.main, nilmap/main.go:16\n\n.*\nmain.main, nilmap/main.go:18\n\n.*\nmain.main, nilmap/main.go:17\n\n.*\n\\Z", ""),
    ("list: a line beyond the end", "list --source-map /tmp/gocrash-record/nilmap=nilmap/src", NILMAP, ["main.go:999"], 1, "", "~nilmap/src/main.go has only \\d+ lines"),
    ("list: no such function", "list", NILMAP, ["main.run"], 1, "", "gocrash: the program has no function 'main.run'\n"),
    ("list: no such file", "list", NILMAP, ["shop.go:3"], 1, "", "gocrash: the program has no source file 'shop.go'\n"),
    ("list: a method without its brackets", "list --lines 0", SERVICE, ["service.oops:nine"], 2, "", "gocrash: 'nine' is no line\n"),
    ("disasm: another function, as GNU writes it", "disasm --flavor gnu", NILMAP, ["main.main"], 0, "~(?m)^=> main.go:17 +0x4b654b  8402 +testb +%al, \\(%rdx\\)$", ""),
    ("disasm: addresses", "disasm", NILMAP, ["0x4b654b", "0x4b654d"], 0, "=> main.go:17            0x4b654b  8402                  test    byte ptr [rdx], al\n", ""),
    ("disasm: nothing between", "disasm", NILMAP, ["0x4b654d", "0x4b654b"], 2, "", "gocrash: there is nothing from 0x4b654d to 0x4b654b\n"),
    ("print: in hex", "print --verb %#x", NILMAP, ["users[1]"], 0, 'users[1] = &{Name: 0x416c696365, Age: 0x1e}\n', ""),
    ("print: a verb that is none", "print --verb x", NILMAP, ["users[1]"], 2, "", "gocrash: --verb takes a verb of Go's fmt, as %x or %08b, not 'x'\n"),
    ("shell: verbs", "shell -c 'p %q users[1].Name' -c 'print %08b 5' -c 'p 7%4'", NILMAP, [], 0, 'users[1].Name = "Alice"\n5 = 00000101\n7%4 = 3\n', ""),
    ("whatis: a type", "whatis", NILMAP, ["main.User", "[]main.User"], 0,
     "main.User  type, a struct of 24 bytes\n  Name  string  at 0\n  Age   int  at 16\n[]main.User  type, a slice of 24 bytes, elements main.User\n", ""),
    ("goroutines: not so", "goroutines --without user --with waiting --with startloc=forcegc", NILMAP, [], 0, "~\\A2  \\[force gc \\(idle\\)\\]  .*\n\\Z", ""),
    ("goroutines: who waits for a channel", "goroutines -g 21 -f 3 --with chan=s.jobs", SERVICE, [], 0,
     "~\\A(2[123]  \\[chan receive\\]  main\\.\\(\\*service\\)\\.work, service/main.go:81, created by main.main in goroutine 1\n){3}\\Z", ""),
    ("goroutines: who does not", "goroutines -g 21 -f 3 --without chan=s.jobs --with userloc=service/main.go:81", SERVICE, [], 0, "", ""),
    ("goroutines: a channel that is none", "goroutines -g 21 -f 3 --with chan=s.mode", SERVICE, [], 2, "", "~s.mode is no address"),
    ("goroutines: where they were started", "goroutines --loc goloc --with 'userloc=main.(*service).work'", SERVICE, [], 0,
     "~\\A(2[123]  \\[chan receive\\]  main.main, service/main.go:115\n){3}\\Z", ""),
    ("goroutines: grouped by a place", "goroutines --group=startloc --with goloc=service/main.go:115", SERVICE, [], 0,
     "  3 x main.main.gowrap2, service/main.go:115\n      ids 21-23\n", ""),
    ("goroutines: grouped, JSON", "goroutines --group=running --format json", NILMAP, [], 0,
     '{\n  "groups": [\n    {"key": "not running", "count": 5, "goroutines": [2, 3, 4, 5, 6]},\n    {"key": "running", "count": 1, "goroutines": [1]}\n  ]\n}\n', ""),
    ("goroutines: a slip in a filter", "goroutines --with usrloc=main", NILMAP, [], 2, "", "gocrash: --with does not take 'usrloc': did you mean 'userloc'?\n"),
    ("goroutines: a filter without what it is about", "goroutines --without label", NILMAP, [], 2, "",
     "gocrash: --without label wants something behind it: label=KEY\n"),
    ("goroutines: innermost frames", "goroutines --stack --max-frames 1 --with running", NILMAP, [], 0,
     "~\\AGoroutine 1 \\[running\\], crashed .*\n  #3 main.main(?s:.*)\n  … 1 frame more\n\\Z", ""),
    ("goroutines: innermost frames, JSON", "goroutines --stack --max-frames 1 --with running --format json", NILMAP, [], 0, '~"frames_elided": 2, "frames_elided_after": 4', ""),
    ("stack: frames that are shown count", "stack -g 1 --max-frames 1", SERVICE, [], 0, "~(?s)\\AGoroutine 1 \\[select\\] \\(2 frames of the runtime not shown\\)\n.*\n  #2 .*\n\\d+ frames more\n\\Z", ""),
    ("stack: addresses", "stack --offsets", NILMAP, [], 0, "~\n        pc=0x4b654b sp=0x[0-9a-f]+ fp=0x[0-9a-f]+\n", ""),
    ("shell: a command in each", "shell -c 'goroutines -with goloc service/main.go:115 -exec frame 3 print %x s.mode'", SERVICE, [], 0,
     "Goroutine 21:\ns.mode = 646965\nGoroutine 22:\ns.mode = 646965\nGoroutine 23:\ns.mode = 646965\n", ""),
    ("shell: Delve's short filters", "shell -c 'goroutines -wo user -w curloc bgsweep' -c 'goroutines -without userloc main -group label k'", NILMAP, [], 0,
     "  5 x no label k\n      ids 2-6\n", ""),
    ("shell: a filter that is none", "shell -c 'goroutines -with userloc'", NILMAP, [], 2, "", "~goroutines: -with takes a filter"),
    ("regs: vectors too", "regs --all", NILMAP, [], 0, "~(?m)^  mxcsr +0x00001f80$(?s:.*)^  [xy]mm15 +0x[0-9a-f]{32,64}$", ""),
    ("packages: those that match", "packages", SERVICE, ["^(main|net.*)$"], 0, "~\\Amain\nnet\nnet/http\n", ""),
    ("mem: raw", "mem --base raw", VALUES, ["word", "2"], 1, "", "~word is no address"),
    ("mem: raw bytes", "mem --base raw", VALUES, ["&word", "0"], 2, "", "~a length is"),
    ("locals: what is longer than a screen is cut, and counted", "args -g 1 -f 2", SERVICE, [], 0, "~(?m)^pc .{,12000} \\(cut in depth: [0-9,]+ bytes in all\\)$", ""),
    ("shell: settings", "shell -c 'config source-list-line-count 0' -c 'config substitute-path /tmp/gocrash-record/nilmap nilmap/src' -c list -c 'config alias print pp' -c 'pp 1' -c 'config max-strin-len 3'", NILMAP, [], 2,
     "main.main, nilmap/main.go:17\n\n >  17      fmt.Println(user.Name)\n1 = 1\n", "gocrash: config: 'max-strin-len' is not known: did you mean 'max-string-len'?\n"),
    ("shell: shown in each frame that is chosen", "shell -c 'display -a %x 31' -c up -c 'display -d 0' -c down", NILMAP, [], 0,
     "0: 31 = 1f\nGoroutine 1, frame 4: runtime.main, runtime/proc.go:302\n0: 31 = 1f\nGoroutine 1, frame 3: main.main, nilmap/main.go:17\n", ""),
    ("shell: a thread's goroutine", "shell -c 'thread 10843' -c 'thread 10844'", NILMAP, [], 1, "Goroutine 1, frame 3: main.main, nilmap/main.go:17\n", "~runs no goroutine"),
    ("shell: as typed for gdb", "shell -c 'p/x 31' -c 'x/1dg &users[1].Age' -c 'info args' -c 'info locals user$' -c 'ptype main.User' -c 'info functions ^main'", NILMAP, [], 0,
     "~\\A31 = 0x1f\n0x[0-9a-f]+: +30\nraw memory, secrets in it too\nuser +\\*main.User = nil\nmain.User  type, a struct of 24 bytes\n.*\n.*\nmain.main\n\\Z", ""),
    ("shell: what needs a process", "shell -c continue", NILMAP, [], 2, "", "gocrash: 'continue' needs a process that runs: this is a core\n"),
    ("deferred: in the order in which they would run", "deferred", DEFERS, [], 0, "~\\A1  main\\.", ""),
]


def compare(what, expected, actual):
    if expected.startswith("~"):
        if not re.search(expected[1:], actual):
            raise CheckFailed("%s does not match /%s/:\n%s" % (what, expected[1:], actual[:2000]))
    elif expected != actual:
        raise CheckFailed("%s differs\n%s" % (what, diff(expected.split("\n"), actual.split("\n"))))


def check_case(gocrash, testdata, case):
    _, command, files, arguments, status, stdout, stderr = case
    output = run([gocrash] + shlex.split(command) + files.split() + arguments, cwd=testdata).expect_status(status)
    compare("standard output", stdout, output.stdout)
    compare("standard error", stderr, output.stderr)


def check(argv):
    if len(argv) != 2:
        sys.exit(__doc__)
    gocrash, testdata = map(os.path.abspath, argv)
    failed = 0
    for case in CASES:
        try:
            check_case(gocrash, testdata, case)
            print("ok    %s" % case[0])
        except CheckFailed as failure:
            print("FAIL  %s: %s" % (case[0], failure))
            failed += 1
    if failed:
        raise CheckFailed("%d of %d wrong" % (failed, len(CASES)))
    return "%d commands" % len(CASES)


if __name__ == "__main__":
    main(check)
