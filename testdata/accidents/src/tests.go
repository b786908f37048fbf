package main

import (
	"os"
	"testing"
	"time"
)

func init() {
	register(map[string]func(){
		"test-timeout": func() { test("-test.timeout=100ms", func(*testing.T) { select {} }) },
		"test-subtests": func() {
			test("-test.timeout=100ms", func(t *testing.T) {
				for _, name := range []string{"a", "b"} {
					t.Run(name, func(t *testing.T) { t.Parallel(); time.Sleep(time.Hour) })
				}
			})
		},
		"test-panic": func() {
			test("-test.v=false", func(t *testing.T) { t.Run("inner", func(*testing.T) { var h *hidden; h.a++ }) })
		},
		"test-cleanup": func() {
			test("-test.v=false", func(t *testing.T) { t.Cleanup(func() { panic("in a cleanup") }); t.Fatal("over") })
		},
	})
}

// test runs tests as a test binary does.
func test(flag string, bodies ...func(*testing.T)) {
	os.Args = []string{os.Args[0], flag}
	var tests []testing.InternalTest
	for _, body := range bodies {
		tests = append(tests, testing.InternalTest{Name: "TestIt", F: body})
	}
	testing.Main(func(string, string) (bool, error) { return true, nil }, tests, nil, nil)
}
