// Known holds a variable of each type that people know by other words than its fields, prints each as a line
// NAME<TAB>TYPE<TAB>VALUE in the words of gocrash's reports, taken from the type's own methods wherever it has one, and
// dies of a nil pointer while all of them are in scope.
package main

import (
	"os"
	"reflect"
	"strconv"
	"strings"
	"time"
)

func main() {
	times(func() {
		names(func() {
			failures(func() {
				networkFailures(func() {
					ownErrors(func() {
						contexts(func() {
							locks(func() {
								pools(func() {
									atomics(func() {
										addresses(func() {
											newer(func() {
												numbers(func() {
													buffers(func() {
														reflected(func() {
															web(func() { closures(die) })
														})
													})
												})
											})
										})
									})
								})
							})
						})
					})
				})
			})
		})
	})
}

//go:noinline
func die() {
	var user *struct{ name string }
	println(user.name)
}

// use keeps variables alive behind the call that dies.
//
//go:noinline
func use(...interface{}) {}

func line(name, typ, value string) {
	os.Stdout.WriteString(name + "\t" + typ + "\t" + value + "\n")
}

// is prints a variable that is no interface; value is what stands for it.
func is(name string, v interface{}, value string) {
	line(name, reflect.TypeOf(v).String(), value)
}

// holds prints a variable of an interface type: v is what it holds.
func holds(name, typ string, v interface{}, value string) {
	line(name, typ, "("+reflect.TypeOf(v).String()+") "+value)
}

// failure prints a variable of type error.
func failure(name string, err error) {
	holds(name, "error", err, strings.ReplaceAll(err.Error(), "\n", `\n`))
}

type stringer interface{ String() string }

// says prints a variable by its own method.
func says(name string, v stringer) { is(name, v, v.String()) }

func quote(s string) string { return strconv.Quote(s) }

type Event struct {
	At   time.Time
	Took time.Duration
	Zone *time.Location
	On   time.Weekday
}

//go:noinline
func times(next func()) {
	zeroTime := time.Time{}
	utc := time.Date(2024, 2, 29, 23, 59, 58, 120000000, time.UTC)
	local := time.Date(2023, 7, 1, 12, 0, 0, 0, time.Local)
	unix := time.Unix(1700000000, 5)
	fixed := time.Date(1999, 12, 31, 1, 2, 3, 4, time.FixedZone("XYZ", -(3*3600+1800)))
	unnamed := time.Date(2024, 1, 1, 0, 0, 0, 0, time.FixedZone("", 5*3600+1800))
	withSeconds := time.Date(2024, 1, 1, 0, 0, 0, 0, time.FixedZone("LMT", 53*60+28))
	now := time.Now()
	nowUTC := now.UTC()
	later := now.Add(90 * time.Minute)
	stripped := now.Round(0)
	before := now.Add(-time.Hour)
	early := time.Date(-5, 1, 1, 0, 0, 0, 0, time.UTC)
	far := time.Date(12345, 6, 7, 8, 9, 10, 0, time.UTC)
	old := time.Date(1884, 1, 2, 3, 4, 5, 6, time.UTC)
	pointer := &utc
	var noTime *time.Time
	several := []time.Time{utc, fixed}
	byDay := map[time.Weekday]time.Duration{time.Monday: time.Hour, time.Sunday: 0}
	event := Event{utc, 1500 * time.Microsecond, time.UTC, time.Friday}
	zone := time.FixedZone("XYZ", 3600)
	durations := []time.Duration{0, 1, 999, 1500, 1000000, 1500000000, -1, 61 * time.Second, 3600 * time.Second,
		26*time.Hour + 3*time.Minute + 4005*time.Millisecond, 1<<63 - 1, -1 << 63}
	timeout := 30 * time.Second
	var boxed interface{} = timeout
	var stamp interface{} = utc

	says("zeroTime", zeroTime)
	says("utc", utc)
	says("local", local)
	says("unix", unix)
	says("fixed", fixed)
	says("unnamed", unnamed)
	says("withSeconds", withSeconds)
	says("now", now)
	says("nowUTC", nowUTC)
	says("later", later)
	says("stripped", stripped)
	says("before", before)
	says("early", early)
	says("far", far)
	says("old", old)
	is("pointer", pointer, "&"+pointer.String())
	is("noTime", noTime, "nil")
	is("several", several, "["+utc.String()+", "+fixed.String()+"]")
	is("byDay", byDay, "{Sunday: 0s, Monday: 1h0m0s}")
	is("event", event, "{At: "+utc.String()+", Took: 1.5ms, Zone: &UTC, On: Friday}")
	is("zone", zone, "&XYZ")
	text := "["
	for i, d := range durations {
		if i > 0 {
			text += ", "
		}
		text += d.String()
	}
	is("durations", durations, text+"]")
	says("timeout", timeout)
	holds("boxed", "interface {}", boxed, timeout.String())
	holds("stamp", "interface {}", stamp, utc.String())
	next()
	use(zeroTime, utc, local, unix, fixed, unnamed, withSeconds, now, nowUTC, later, stripped, before, early, far, old, pointer,
		noTime, several, byDay, event, zone, durations, timeout, boxed, stamp)
}
