package main

import (
	"bufio"
	"bytes"
	"container/list"
	"io"
	"math"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"strings"
	"text/template"
	"time"
)

//go:noinline
func addresses(next func()) {
	ip4, ip6, short := net.IPv4(10, 1, 2, 3), net.ParseIP("2001:db8::1"), net.IP{127, 0, 0, 1}
	var noIP net.IP
	loopback, zeros := net.IPv6loopback, net.IPv6zero
	mac, _ := net.ParseMAC("00:11:22:33:44:55")
	_, network, _ := net.ParseCIDR("192.0.2.0/24")
	_, network6, _ := net.ParseCIDR("2001:db8::/32")
	mask := net.CIDRMask(20, 32)
	tcp, udp := &net.TCPAddr{IP: ip4, Port: 80}, &net.UDPAddr{IP: ip6, Port: 53, Zone: "eth0"}
	any := &net.TCPAddr{Port: 8080}
	unixAddr, ipAddr := &net.UnixAddr{Name: "/run/x.sock", Net: "unix"}, &net.IPAddr{IP: ip6}
	var address net.Addr = tcp
	ips := []net.IP{ip4, ip6}
	hosts := map[string]net.IP{"a": ip4}
	value := net.TCPAddr{IP: ip4, Port: 80}

	says("ip4", ip4)
	says("ip6", ip6)
	says("short", short)
	is("noIP", noIP, "nil")
	says("loopback", loopback)
	says("zeros", zeros)
	says("mac", mac)
	is("network", network, "&"+network.String())
	is("network6", network6, "&"+network6.String())
	says("mask", mask)
	is("tcp", tcp, "&"+tcp.String())
	is("udp", udp, "&"+udp.String())
	is("any", any, "&"+any.String())
	is("unixAddr", unixAddr, "&"+unixAddr.String())
	is("ipAddr", ipAddr, "&"+ipAddr.String())
	holds("address", "net.Addr", address, "&"+tcp.String())
	is("ips", ips, "[10.1.2.3, 2001:db8::1]")
	is("hosts", hosts, `{"a": 10.1.2.3}`)
	is("value", value, tcp.String())
	next()
	use(ip4, ip6, short, noIP, loopback, zeros, mac, network, network6, mask, tcp, udp, any, unixAddr, ipAddr, address, ips, hosts, value)
}

//go:noinline
func numbers(next func()) {
	zeroInt, smallInt, minus := big.NewInt(0), big.NewInt(42), big.NewInt(math.MinInt64)
	huge := new(big.Int).Exp(big.NewInt(7), big.NewInt(300), nil)
	power := new(big.Int).Lsh(big.NewInt(1), 127)
	intValue := *big.NewInt(99)
	var noInt *big.Int
	half, whole, third := big.NewRat(1, 2), big.NewRat(-5, 1), big.NewRat(10, 3)
	emptyRat := new(big.Rat)
	float, floatZero := big.NewFloat(1.5), new(big.Float)
	tenth, large, minusFloat := big.NewFloat(0.1), big.NewFloat(1e100), big.NewFloat(-123456.789)
	infinite := new(big.Float).SetInf(true)
	precise, _, _ := big.ParseFloat("3.14159265358979323846264338327950288", 10, 200, big.ToNearestEven)
	tiny := big.NewFloat(5e-324)
	sums := map[string]*big.Int{"a": smallInt}

	is("zeroInt", zeroInt, "&"+zeroInt.String())
	is("smallInt", smallInt, "&"+smallInt.String())
	is("minus", minus, "&"+minus.String())
	is("huge", huge, "&"+huge.String())
	is("power", power, "&"+power.String())
	is("intValue", intValue, "99")
	is("noInt", noInt, "nil")
	is("half", half, "&"+half.String())
	is("whole", whole, "&"+whole.String())
	is("third", third, "&"+third.String())
	is("emptyRat", emptyRat, "&"+emptyRat.String())
	is("float", float, "&"+float.String())
	is("floatZero", floatZero, "&"+floatZero.String())
	is("tenth", tenth, "&"+tenth.String())
	is("large", large, "&"+large.String())
	is("minusFloat", minusFloat, "&"+minusFloat.String())
	is("infinite", infinite, "&"+infinite.String())
	is("precise", precise, "&"+precise.String())
	is("tiny", tiny, "&"+tiny.String())
	is("sums", sums, `{"a": &42}`)
	next()
	use(zeroInt, smallInt, minus, huge, power, intValue, noInt, half, whole, third, emptyRat, float, floatZero, tenth, large, minusFloat,
		infinite, precise, tiny, sums)
}

//go:noinline
func buffers(next func()) {
	var emptyBuffer, buffer bytes.Buffer
	buffer.WriteString("hello, \x00world")
	buffer.Next(2)
	var builder, emptyBuilder strings.Builder
	builder.WriteString("built")
	long := bytes.NewBufferString(strings.Repeat("0123456789", 50))
	textBytes, binary, mixed := []byte("GET / HTTP/1.1\r\n"), []byte{0, 1, 2}, []byte("tab\tand ü")
	raw := jsonRaw(`{"a": 1}`)
	reader := strings.NewReader("read me")
	reader.ReadByte()
	bytesReader := bytes.NewReader([]byte("bytes"))
	buffered := bufio.NewReader(strings.NewReader("first\nsecond\n"))
	buffered.ReadString('\n')
	writer := bufio.NewWriter(&buffer)
	writer.WriteString("pending")
	scanner := bufio.NewScanner(strings.NewReader("one two"))
	scanner.Split(bufio.ScanWords)
	scanner.Scan()
	pattern := regexp.MustCompile(`^a+\s*$`)
	page := template.Must(template.New("page").Parse("{{.}}"))
	queue := list.New()
	queue.PushBack("first")
	queue.PushBack(2)
	var source io.Reader = reader
	headerBytes := []byte("long " + strings.Repeat("y", 300))

	line("emptyBuffer", "bytes.Buffer", `""`)
	line("buffer", "bytes.Buffer", quote(buffer.String()))
	line("builder", "strings.Builder", quote(builder.String()))
	line("emptyBuilder", "strings.Builder", `""`)
	is("long", long, "&"+quote(long.String()[:200])+"…+300 bytes")
	is("textBytes", textBytes, "[]byte("+quote(string(textBytes))+")")
	is("binary", binary, "[0, 1, 2]")
	is("mixed", mixed, "[]byte("+quote(string(mixed))+")")
	is("raw", raw, "[]byte("+quote(string(raw))+")")
	is("reader", reader, `&{s: "read me", i: 1, prevRune: -1}`)
	is("bytesReader", bytesReader, `&{s: []byte("bytes"), i: 0, prevRune: -1}`)
	is("pattern", pattern, "&"+quote(pattern.String()))
	is("page", page, `&template "page"`)
	is("queue", queue, `&2 items ["first", 2]`)
	holds("source", "io.Reader", source, `&{s: "read me", i: 1, prevRune: -1}`)
	is("headerBytes", headerBytes, "[]byte("+quote(string(headerBytes[:200]))+"…+105 bytes)")
	next()
	use(&emptyBuffer, &buffer, &builder, &emptyBuilder, long, textBytes, binary, mixed, raw, reader, bytesReader, buffered, writer, scanner,
		pattern, page, queue, source, headerBytes)
}

type jsonRaw []byte

//go:noinline
func reflected(next func()) {
	reflectedNumber, reflectedText := 5, "text"
	ofInt, ofString := reflect.ValueOf(reflectedNumber), reflect.ValueOf(reflectedText)
	ofPointer := reflect.ValueOf(&reflectedNumber)
	ofElem := ofPointer.Elem()
	ofEvent := reflect.ValueOf(Event{Took: time.Second})
	ofMap := reflect.ValueOf(map[string]int{"a": 1})
	ofDuration := reflect.ValueOf(time.Minute)
	ofSlice := reflect.ValueOf([]string{"a", "b"})
	ofField := ofEvent.Field(1)
	ofError := reflect.ValueOf(io.EOF)
	invalid := reflect.Value{}
	typ := reflect.TypeOf(Event{})
	kindOf := typ.Kind()

	is("ofInt", ofInt, "reflect.Value of 5")
	is("ofString", ofString, `reflect.Value of "text"`)
	is("ofPointer", ofPointer, "reflect.Value of *int")
	is("ofElem", ofElem, "reflect.Value of 5")
	is("ofEvent", ofEvent, "reflect.Value of main.Event")
	is("ofMap", ofMap, "reflect.Value of map[string]int")
	is("ofDuration", ofDuration, "reflect.Value of 1m0s")
	is("ofSlice", ofSlice, "reflect.Value of []string")
	is("ofField", ofField, "reflect.Value of 1s")
	is("ofError", ofError, "reflect.Value of EOF")
	is("invalid", invalid, "<invalid reflect.Value>")
	holds("typ", "reflect.Type", typ, "main.Event")
	is("kindOf", kindOf, "struct")
	next()
	use(reflectedNumber, reflectedText, ofInt, ofString, ofPointer, ofElem, ofEvent, ofMap, ofDuration, ofSlice, ofField, ofError, invalid, typ, kindOf)
}

//go:noinline
func web(next func()) {
	plainURL, _ := url.Parse("https://user:pa%20ss@shop.example:8443/a%2Fb/c d?q=1&r=%20#frag ment")
	opaque, _ := url.Parse("mailto:joe@example.com")
	relative, _ := url.Parse("../x?y")
	host6, _ := url.Parse("http://[fe80::1%25en0]:8080/")
	fileURL, _ := url.Parse("file:///etc/passwd")
	force, _ := url.Parse("/p?")
	var noURL *url.URL
	urlValue := *plainURL
	user := url.UserPassword("name", "w:rd")
	query := url.Values{"b": {"2"}, "a": {"1", "x"}}
	request, _ := http.NewRequest("POST", "http://shop.example/orders?id=7", strings.NewReader("{}"))
	request.Header.Set("Content-Type", "application/json")
	request.Header.Add("X-Trace", "one")
	request.Header.Add("X-Trace", "two")
	header := request.Header
	var noHeader http.Header
	cookie := &http.Cookie{Name: "lang", Value: "de", Path: "/", HttpOnly: true}
	response := &http.Response{Status: "404 Not Found", StatusCode: 404, Proto: "HTTP/1.1", Header: http.Header{"Server": {"x"}}, Request: request}
	client := http.Client{Timeout: 3 * time.Second}

	is("plainURL", plainURL, "&"+plainURL.String())
	is("opaque", opaque, "&"+opaque.String())
	is("relative", relative, "&"+relative.String())
	is("host6", host6, "&"+host6.String())
	is("fileURL", fileURL, "&"+fileURL.String())
	is("force", force, "&"+force.String())
	is("noURL", noURL, "nil")
	is("urlValue", urlValue, plainURL.String())
	is("query", query, `{"a": ["1", "x"], "b": ["2"]}`)
	is("request", request, "&POST http://shop.example/orders?id=7 HTTP/1.1, host shop.example")
	is("header", header, `{"Content-Type": ["application/json"], "X-Trace": ["one", "two"]}`)
	is("noHeader", noHeader, "nil")
	line("client", "http.Client", "{Transport: nil, CheckRedirect: nil, Jar: nil, Timeout: 3s}")
	next()
	use(plainURL, opaque, relative, host6, fileURL, force, noURL, urlValue, user, query, request, header, noHeader, cookie, response, client)
}
