package main

import (
	"fmt"
	"math"
	"os"
	"reflect"
	"sort"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Limits of gocrash, as they are when none is given on the command line.
const (
	maxDepth  = 4
	maxItems  = 20
	maxString = 200
)

func line(name, typ, value string) {
	os.Stdout.WriteString(name + "\t" + typ + "\t" + value + "\n")
}

// show prints a variable that is no interface.
func show(name string, v interface{}) {
	line(name, reflect.TypeOf(v).String(), text(reflect.ValueOf(v)))
}

// showAs prints one whose value reflection does not see.
func showAs(name string, v interface{}, value string) {
	line(name, reflect.TypeOf(v).String(), value)
}

// showInterface prints what a pointer to an interface points to: by value its own type would be lost. The pointer is
// to a copy, so that the variable does not move to the heap.
func showInterface(name string, pointer interface{}) {
	v := reflect.ValueOf(pointer).Elem()
	line(name, v.Type().String(), text(v))
}

func text(v reflect.Value) string {
	var b strings.Builder
	format(&b, v, 0, nil)
	return b.String()
}

func count(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return count(n) + " " + many
}

func quoteLimited(s string) string {
	if len(s) <= maxString {
		return strconv.Quote(s)
	}
	cut := s[:maxString]
	for i := 0; i < utf8.UTFMax && !utf8.ValidString(cut) && utf8.ValidString(s); i++ {
		cut = cut[:len(cut)-1]
	}
	return fmt.Sprintf("%s…+%s bytes", strconv.Quote(cut), count(len(s)-len(cut)))
}

func isText(b []byte) bool {
	if !utf8.Valid(b) {
		return false
	}
	for _, r := range string(b) {
		if !strconv.IsPrint(r) && r != '\n' && r != '\t' && r != '\r' {
			return false
		}
	}
	return len(b) > 0
}

func float(f float64, bits int) string {
	if math.IsInf(f, 1) {
		return "+Inf"
	}
	return strconv.FormatFloat(f, 'g', -1, bits)
}

func complexText(c complex128, bits int) string {
	im := float(imag(c), bits)
	if im[0] != '+' && im[0] != '-' {
		im = "+" + im
	}
	return "(" + float(real(c), bits) + im + "i)"
}

// wellKnown has the words of values that are not shown by their fields.
func wellKnown(v reflect.Value) (string, bool) {
	switch v.Type() {
	case reflect.TypeOf(time.Duration(0)):
		return time.Duration(v.Int()).String(), true
	case reflect.TypeOf(time.Time{}):
		if v.CanInterface() {
			return v.Interface().(time.Time).String(), true
		}
	}
	return "", false
}

func format(b *strings.Builder, v reflect.Value, depth int, parents []uintptr) {
	if s, ok := wellKnown(v); ok {
		b.WriteString(s)
		return
	}
	switch v.Kind() {
	case reflect.Bool:
		b.WriteString(strconv.FormatBool(v.Bool()))
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		b.WriteString(strconv.FormatInt(v.Int(), 10))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		b.WriteString(strconv.FormatUint(v.Uint(), 10))
	case reflect.Uintptr:
		fmt.Fprintf(b, "%#x", v.Uint())
	case reflect.Float32:
		b.WriteString(float(v.Float(), 32))
	case reflect.Float64:
		b.WriteString(float(v.Float(), 64))
	case reflect.Complex64:
		b.WriteString(complexText(v.Complex(), 32))
	case reflect.Complex128:
		b.WriteString(complexText(v.Complex(), 64))
	case reflect.String:
		b.WriteString(quoteLimited(v.String()))
	case reflect.UnsafePointer:
		if v.Pointer() == 0 {
			b.WriteString("nil")
		} else {
			fmt.Fprintf(b, "%#x", v.Pointer())
		}
	case reflect.Ptr:
		formatPointer(b, v, depth, parents)
	case reflect.Interface:
		if v.IsNil() {
			b.WriteString("nil")
			return
		}
		b.WriteString("(" + v.Elem().Type().String() + ") ")
		format(b, v.Elem(), depth, parents)
	case reflect.Slice, reflect.Array:
		formatList(b, v, depth, parents)
	case reflect.Struct:
		formatStruct(b, v, depth, parents)
	case reflect.Map:
		formatMap(b, v, depth, parents)
	default:
		panic("show: " + v.Type().String())
	}
}

func formatPointer(b *strings.Builder, v reflect.Value, depth int, parents []uintptr) {
	if v.IsNil() {
		b.WriteString("nil")
		return
	}
	for _, p := range parents {
		if p == v.Pointer() {
			b.WriteString("<cycle>")
			return
		}
	}
	if depth >= maxDepth {
		fmt.Fprintf(b, "%#x", v.Pointer())
		return
	}
	if k := v.Elem().Kind(); k == reflect.Ptr || k == reflect.Interface {
		depth++
	}
	b.WriteString("&")
	format(b, v.Elem(), depth, append(parents, v.Pointer()))
}

func formatList(b *strings.Builder, v reflect.Value, depth int, parents []uintptr) {
	if v.Kind() == reflect.Slice && v.IsNil() {
		b.WriteString("nil")
		return
	}
	if v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8 && isText(v.Bytes()) {
		b.WriteString("[]byte(" + quoteLimited(string(v.Bytes())) + ")")
		return
	}
	if v.Len() > 0 && depth >= maxDepth {
		b.WriteString("[…" + counted(v.Len(), "element", "elements") + "]")
		return
	}
	b.WriteString("[")
	for i := 0; i < v.Len() && i < maxItems; i++ {
		if i > 0 {
			b.WriteString(", ")
		}
		format(b, v.Index(i), depth+1, parents)
	}
	if v.Len() > maxItems {
		b.WriteString(", …" + count(v.Len()-maxItems) + " more")
	}
	b.WriteString("]")
}

func formatStruct(b *strings.Builder, v reflect.Value, depth int, parents []uintptr) {
	if v.NumField() > 0 && depth >= maxDepth {
		b.WriteString("{…}")
		return
	}
	b.WriteString("{")
	separator := ""
	for i := 0; i < v.NumField(); i++ {
		name := v.Type().Field(i).Name
		if name == "_" {
			continue
		}
		b.WriteString(separator + name + ": ")
		separator = ", "
		format(b, v.Field(i), depth+1, parents)
	}
	b.WriteString("}")
}

func formatMap(b *strings.Builder, v reflect.Value, depth int, parents []uintptr) {
	if v.IsNil() {
		b.WriteString("nil")
		return
	}
	if v.Len() > 0 && depth >= maxDepth {
		b.WriteString("{…" + counted(v.Len(), "entry", "entries") + "}")
		return
	}
	var keys, values []reflect.Value
	for it := v.MapRange(); it.Next(); {
		keys, values = append(keys, it.Key()), append(values, it.Value())
	}
	order := make([]int, len(keys))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(i, j int) bool { return compare(keys[order[i]], keys[order[j]]) < 0 })
	b.WriteString("{")
	for n, i := range order {
		if n == maxItems {
			b.WriteString(", …" + count(len(order)-maxItems) + " more")
			break
		}
		if n > 0 {
			b.WriteString(", ")
		}
		format(b, keys[i], depth+1, parents)
		b.WriteString(": ")
		format(b, values[i], depth+1, parents)
	}
	b.WriteString("}")
}

func sign(less, greater bool) int {
	if less {
		return -1
	} else if greater {
		return 1
	}
	return 0
}

func compareFloats(a, b float64) int {
	return sign(a < b || (math.IsNaN(a) && !math.IsNaN(b)), a > b || (math.IsNaN(b) && !math.IsNaN(a)))
}

// compare is the order of internal/fmtsort, which this program cannot import.
func compare(a, b reflect.Value) int {
	switch a.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return sign(a.Int() < b.Int(), a.Int() > b.Int())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return sign(a.Uint() < b.Uint(), a.Uint() > b.Uint())
	case reflect.String:
		return strings.Compare(a.String(), b.String())
	case reflect.Float32, reflect.Float64:
		return compareFloats(a.Float(), b.Float())
	case reflect.Complex64, reflect.Complex128:
		if c := compareFloats(real(a.Complex()), real(b.Complex())); c != 0 {
			return c
		}
		return compareFloats(imag(a.Complex()), imag(b.Complex()))
	case reflect.Bool:
		return sign(!a.Bool() && b.Bool(), a.Bool() && !b.Bool())
	case reflect.Ptr, reflect.Chan, reflect.UnsafePointer:
		return sign(a.Pointer() < b.Pointer(), a.Pointer() > b.Pointer())
	case reflect.Struct:
		for i := 0; i < a.NumField(); i++ {
			if c := compare(a.Field(i), b.Field(i)); c != 0 {
				return c
			}
		}
	case reflect.Array:
		for i := 0; i < a.Len(); i++ {
			if c := compare(a.Index(i), b.Index(i)); c != 0 {
				return c
			}
		}
	case reflect.Interface:
		if a.IsNil() || b.IsNil() {
			return sign(a.IsNil() && !b.IsNil(), b.IsNil() && !a.IsNil())
		}
		ta, tb := reflect.ValueOf(a.Elem().Type()).Pointer(), reflect.ValueOf(b.Elem().Type()).Pointer()
		if ta != tb {
			return sign(ta < tb, ta > tb)
		}
		return compare(a.Elem(), b.Elem())
	}
	return 0
}
