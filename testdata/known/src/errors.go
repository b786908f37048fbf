package main

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"reflect"
	"runtime"
	"strconv"
	"syscall"
	"time"
)

func recovered(f func()) (err error) {
	defer func() { err = recover().(error) }()
	f()
	return nil
}

//go:noinline
func failures(next func()) {
	var none error
	plain := errors.New("plain")
	multiline := errors.New("line\none \"quoted\"")
	empty := errors.New("")
	sentinel := io.EOF
	wrapped := fmt.Errorf("load config: %w", plain)
	formatted := fmt.Errorf("no wrap %d", 7)
	twice := fmt.Errorf("again: %w", wrapped)
	_, missingFile := os.Open("/no/such/file")
	wrappedMissing := fmt.Errorf("open it: %w", missingFile)
	linkFailure := os.Link("/no/such/a", "/no/such/b")
	renamed := os.Rename("/no/such/a", "/no/such/b")
	syscallFailure := error(os.NewSyscallError("connect", syscall.ECONNREFUSED))
	var errno error = syscall.ENOENT
	errnoAgain := error(syscall.EAGAIN)
	unknownErrno := error(syscall.Errno(999))
	errnoNumber := syscall.EPERM
	cancelled, deadline := context.Canceled, context.DeadlineExceeded
	_, parse := strconv.Atoi("12x")
	_, outOfRange := strconv.ParseInt("99999999999999999999", 10, 64)
	_, noProgram := exec.LookPath("no-such-program")
	var target struct{ A int }
	syntax := json.Unmarshal([]byte("{]"), &target)
	badType := json.Unmarshal([]byte(`{"A": "x"}`), &target)
	badTarget := json.Unmarshal([]byte(`{}`), target)
	_, notTime := time.Parse("2006-01-02", "yesterday")
	_, notDuration := time.ParseDuration("5 parsecs")
	_, notBase64 := base64.StdEncoding.DecodeString("a!")
	_, notHex := hex.DecodeString("0g")
	_, oddHex := hex.DecodeString("0")
	index := recovered(func() { s := []int{1}; i := len(s) + 4; s[i]++ })
	sliced := recovered(func() { s := []int{1}; i := 5; _ = s[i:] })
	negative := recovered(func() { s := []int{1}; i := -len(s); s[i]++ })
	divided := recovered(func() { zero := len(os.Args) - len(os.Args); println(1 / zero) })
	nilMap := recovered(func() { var m map[string]int; m["a"] = 1 })
	dereferenced := recovered(die)
	asserted := recovered(func() { var v interface{} = "text"; _ = v.(int) })
	notStringer := recovered(func() { var v interface{} = 5; _ = v.(fmt.Stringer) })
	assertedNil := recovered(func() { var v interface{}; _ = v.(int) })
	reflection := recovered(func() { reflect.ValueOf(5).Len() })
	var runtimeError runtime.Error = index.(runtime.Error)
	errorList := []error{plain, nil, wrapped}
	byName := map[string]error{"a": plain, "b": nil}
	closedError := os.ErrClosed
	errorPointer := &plain

	line("none", "error", "nil")
	failure("plain", plain)
	failure("multiline", multiline)
	failure("empty", empty)
	failure("sentinel", sentinel)
	failure("wrapped", wrapped)
	failure("formatted", formatted)
	failure("twice", twice)
	failure("missingFile", missingFile)
	failure("wrappedMissing", wrappedMissing)
	failure("linkFailure", linkFailure)
	failure("renamed", renamed)
	failure("syscallFailure", syscallFailure)
	holds("errno", "error", errno, errno.Error()+" (ENOENT)")
	holds("errnoAgain", "error", errnoAgain, errnoAgain.Error()+" (EAGAIN)")
	failure("unknownErrno", unknownErrno)
	is("errnoNumber", errnoNumber, errnoNumber.Error()+" (EPERM)")
	failure("cancelled", cancelled)
	failure("deadline", deadline)
	failure("parse", parse)
	failure("outOfRange", outOfRange)
	failure("noProgram", noProgram)
	failure("syntax", syntax)
	failure("badType", badType)
	failure("badTarget", badTarget)
	failure("notTime", notTime)
	failure("notDuration", notDuration)
	failure("notBase64", notBase64)
	failure("notHex", notHex)
	failure("oddHex", oddHex)
	failure("index", index)
	failure("sliced", sliced)
	failure("negative", negative)
	failure("divided", divided)
	failure("nilMap", nilMap)
	failure("dereferenced", dereferenced)
	failure("asserted", asserted)
	failure("notStringer", notStringer)
	failure("assertedNil", assertedNil)
	failure("reflection", reflection)
	holds("runtimeError", "runtime.Error", runtimeError, runtimeError.Error())
	is("errorList", errorList, "[(*errors.errorString) plain, nil, (*fmt.wrapError) load config: plain]")
	is("byName", byName, `{"a": (*errors.errorString) plain, "b": nil}`)
	failure("closedError", closedError)
	is("errorPointer", errorPointer, "&(*errors.errorString) plain")
	next()
	use(none, plain, multiline, empty, sentinel, wrapped, formatted, twice, missingFile, wrappedMissing, linkFailure, renamed,
		syscallFailure, errno, errnoAgain, unknownErrno, errnoNumber, cancelled, deadline, parse, outOfRange, noProgram, syntax, badType,
		badTarget, notTime, notDuration, notBase64, notHex, oddHex, index, sliced, negative, divided, nilMap, dereferenced, asserted,
		notStringer, assertedNil, reflection, runtimeError, errorList, byName, closedError, errorPointer)
}

//go:noinline
func networkFailures(next func()) {
	_, refused := net.Dial("tcp", "127.0.0.1:1")
	_, noAddress := net.ResolveTCPAddr("tcp", "127.0.0.1:xx")
	_, noPort := net.Dial("tcp", "127.0.0.1")
	_, badNetwork := net.Dial("teletype", "127.0.0.1:1")
	var noHost error = &net.DNSError{Err: "no such host", Name: "shop.invalid", Server: "10.0.0.1:53", IsNotFound: true}
	var noServer error = &net.DNSError{Err: "no such host", Name: "shop.invalid"}
	dialled := error(&net.OpError{Op: "dial", Net: "tcp", Source: &net.TCPAddr{IP: net.IPv4(10, 0, 0, 1), Port: 4000},
		Addr: &net.TCPAddr{IP: net.ParseIP("2001:db8::1"), Port: 443, Zone: "eth0"}, Err: os.NewSyscallError("connect", syscall.ETIMEDOUT)})
	lookup := error(&net.OpError{Op: "dial", Net: "udp", Err: noHost})
	fetched := error(&url.Error{Op: "Get", URL: "http://shop.example/a b", Err: dialled})
	_, badURL := url.Parse("http://[::1")
	_, badEscape := url.Parse("http://host/%zz")
	timedOut := error(&net.OpError{Op: "read", Net: "unix", Addr: &net.UnixAddr{Name: "/run/sock", Net: "unix"}, Err: os.ErrDeadlineExceeded})
	wrappedURL := fmt.Errorf("fetch prices: %w", fetched)
	_, _, split := net.SplitHostPort("host")
	_, _, noCIDR := net.ParseCIDR("10.0.0.0/99")
	_, noMAC := net.ParseMAC("xx")
	listener, _ := net.Listen("tcp", "127.0.0.1:0")
	listener.Close()
	_, closedListener := listener.Accept()
	failed := exec.Command("/bin/sh", "-c", "exit 3").Run()
	killed := exec.Command("/bin/sh", "-c", "kill -9 $$").Run()

	failure("refused", refused)
	failure("noAddress", noAddress)
	failure("noPort", noPort)
	failure("badNetwork", badNetwork)
	failure("noHost", noHost)
	failure("noServer", noServer)
	failure("dialled", dialled)
	failure("lookup", lookup)
	failure("fetched", fetched)
	failure("badURL", badURL)
	failure("badEscape", badEscape)
	failure("timedOut", timedOut)
	failure("wrappedURL", wrappedURL)
	failure("split", split)
	failure("noCIDR", noCIDR)
	failure("noMAC", noMAC)
	failure("closedListener", closedListener)
	failure("failed", failed)
	failure("killed", killed)
	next()
	use(refused, noAddress, noPort, badNetwork, noHost, noServer, dialled, lookup, fetched, badURL, badEscape, timedOut, wrappedURL,
		split, noCIDR, noMAC, closedListener, failed, killed)
}

// Errors of the program's own: of those with code no text is known, but what they wrap is.
type QueryError struct {
	Query string
	Err   error
}

func (e *QueryError) Error() string { return e.Query + ": " + e.Err.Error() }
func (e *QueryError) Unwrap() error { return e.Err }

type Several struct {
	Code int
	errs []error
}

func (s Several) Error() string   { return "several" }
func (s Several) Unwrap() []error { return s.errs }

type Code int

func (c Code) Error() string { return "code" }

type NotFound struct{}

func (NotFound) Error() string { return "not found" }

//go:noinline
func ownErrors(next func()) {
	base := errors.New("base")
	queryError := error(&QueryError{"SELECT 1", base})
	outer := fmt.Errorf("outer: %w", queryError)
	code := error(Code(7))
	notFound := error(NotFound{})
	notFoundPointer := error(&NotFound{})
	severalErrors := error(Several{5, []error{base, syscall.EPIPE}})

	holds("queryError", "error", queryError, `&{Query: "SELECT 1", Err: (*errors.errorString) base}`)
	failure("outer", outer)
	holds("code", "error", code, "7")
	holds("notFound", "error", notFound, `{}`)
	holds("notFoundPointer", "error", notFoundPointer, `&{}`)
	holds("severalErrors", "error", severalErrors, "{Code: 5, errs: [(*errors.errorString) base, (syscall.Errno) broken pipe (EPIPE)]}")
	next()
	use(base, queryError, outer, code, notFound, notFoundPointer, severalErrors)
}
