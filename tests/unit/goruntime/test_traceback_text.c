// SPDX-License-Identifier: MIT
#include "goruntime/traceback_text.h"
#include "support/support.h"

#include <string.h>

// Texts as the runtimes of these releases print them: runtime/traceback.go, printFuncName and
// funcNameForPrint.
static const struct name_case {
    const char *name, *function;
    int minor;
    bool inlined;
    const char *expected;
} name_cases[] = {
    {"a plain function", "main.main", 27, false, "main.main"},
    {"a method", "net/http.(*conn).serve", 27, false, "net/http.(*conn).serve"},
    {"gopanic", "runtime.gopanic", 27, false, "panic"},
    {"gopanic, 1.15", "runtime.gopanic", 15, false, "panic"},
    {"gopanic inlined, 1.21", "runtime.gopanic", 21, true, "panic"},
    {"gopanic inlined, 1.20", "runtime.gopanic", 20, true, "runtime.gopanic"},
    {"nearly gopanic", "runtime.gopanicx", 27, false, "runtime.gopanicx"},
    {"another package's", "x/runtime.gopanic", 27, false, "x/runtime.gopanic"},
    {"type arguments", "main.Map[go.shape.int,go.shape.string]", 27, false, "main.Map[...]"},
    {"nested ones", "main.F[main.L[int]]", 21, false, "main.F[...]"},
    {"before 1.21 as they stand", "main.F[int]", 20, false, "main.F[int]"},
    {"shortened by the linker, 1.18", "main.F[...]", 18, false, "main.F[...]"},
    {"a closure of one", "main.F[int].func1", 24, false, "main.F[...].func1"},
    {"a method of a generic type", "main.(*List[int]).Push", 24, false, "main.(*List[...]).Push"},
    {"a path in brackets", "main.F[example.com/a/b.T]", 24, false, "main.F[...]"},
    {"two lists, 1.27", "main.T[int].M[string]", 27, false, "main.T[...].M[...]"},
    {"two lists, 1.26", "main.T[int].M[string]", 26, false, "main.T[...]"},
    {"one list of two, 1.27", "main.F[main.A[int],main.B[int]]", 27, false, "main.F[...]"},
    {"two lists and a closure", "main.T[int].M[string].func2", 27, false,
     "main.T[...].M[...].func2"},
    {"an open bracket alone", "main.F[int", 27, false, "main.F[int"},
    {"a closed bracket alone", "main.Fint]", 27, false, "main.Fint]"},
    {"brackets the wrong way round", "main.F]int[", 27, false, "main.F]int["},
    {"an array's equality", "type:.eq.[4]string", 27, false, "type:.eq.[...]string"},
    {"nothing", "", 27, false, ""},
};

static void test_name(void **state)
{
    const struct name_case *row = *state;
    AUTO_TEXT text = {0};
    traceback_function_name(&text, row->minor, row->function, row->inlined);
    assert_string_equal(buffer_text(&text), row->expected);
}

// runtime/traceback.go, showframe, showfuncinfo and isExportedRuntime.
static const struct show_case {
    const char *name, *function;
    int minor;
    enum go_func_id id, callee;
    bool first, shown;
} show_cases[] = {
    {"user code", "main.main", 27, FUNC_NORMAL, FUNC_NORMAL, false, true},
    {"the library", "net/http.(*conn).serve", 27, FUNC_NORMAL, FUNC_NORMAL, true, true},
    {"the runtime", "runtime.gopark", 27, FUNC_NORMAL, FUNC_NORMAL, true, false},
    {"runtime.main", "runtime.main", 27, FUNC_RUNTIME_MAIN, FUNC_NORMAL, false, false},
    {"the runtime's exported function", "runtime.GC", 27, FUNC_NORMAL, FUNC_NORMAL, false, true},
    {"method of an exported type", "runtime.(*Frames).Next", 27, FUNC_NORMAL, FUNC_NORMAL, false,
     true},
    {"method of another type", "runtime.(*mheap).Alloc", 27, FUNC_NORMAL, FUNC_NORMAL, false,
     false},
    {"unexported method", "runtime.(*Frames).next", 27, FUNC_NORMAL, FUNC_NORMAL, false, false},
    {"a method by value", "runtime.Error.RuntimeError", 27, FUNC_NORMAL, FUNC_NORMAL, false, true},
    {"a method, 1.22: no type in brackets", "runtime.(*Frames).Next", 22, FUNC_NORMAL, FUNC_NORMAL,
     false, false},
    {"gopanic, inside", "runtime.gopanic", 27, FUNC_GOPANIC, FUNC_NORMAL, false, true},
    {"gopanic, first", "runtime.gopanic", 27, FUNC_GOPANIC, FUNC_NORMAL, true, false},
    {"a wrapper", "main.(*T).M", 27, FUNC_WRAPPER, FUNC_NORMAL, false, false},
    {"a wrapper that panics", "main.(*T).M", 27, FUNC_WRAPPER, FUNC_GOPANIC, false, true},
    {"a wrapper that faults", "main.(*T).M", 27, FUNC_WRAPPER, FUNC_SIGPANIC, false, true},
    {"a wrapper of a nil pointer", "main.(*T).M", 27, FUNC_WRAPPER, FUNC_PANICWRAP, false, true},
    {"the finalizers' goroutine, 1.25", "runtime.runfinq", 25, FUNC_RUN_FINALIZERS, FUNC_NORMAL,
     false, true},
    {"the finalizers' goroutine, 1.24", "runtime.runfinq", 24, FUNC_RUN_FINALIZERS, FUNC_NORMAL,
     false, false},
    {"no package", "cgocall", 27, FUNC_NORMAL, FUNC_NORMAL, false, false},
    {"nothing", "", 27, FUNC_NORMAL, FUNC_NORMAL, false, false},
    {"a package called runtime of one's own", "example.com/runtime.f", 27, FUNC_NORMAL, FUNC_NORMAL,
     false, true},
    {"the runtime's dot alone", "runtime.", 27, FUNC_NORMAL, FUNC_NORMAL, false, false},
    {"a method's dot alone", "runtime.(*", 27, FUNC_NORMAL, FUNC_NORMAL, false, false},
};

static void test_shows(void **state)
{
    const struct show_case *row = *state;
    assert_int_equal(traceback_shows(row->minor, row->function, row->id, row->callee, row->first),
                     row->shown);
}

RUN_TABLES_MAIN(TABLE(name_cases, test_name), TABLE(show_cases, test_shows))
