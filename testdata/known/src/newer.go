//go:build go1.21
// +build go1.21

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// What came with Go 1.18 to 1.21.
//
//go:noinline
func newer(next func()) {
	v4, v6 := netip.MustParseAddr("192.0.2.7"), netip.MustParseAddr("2001:db8::5:0:0:1")
	zoned, mapped := netip.MustParseAddr("fe80::1%eth0"), netip.MustParseAddr("::ffff:10.1.2.3")
	unspecified, noAddr := netip.IPv6Unspecified(), netip.Addr{}
	addrPort, addrPort6 := netip.MustParseAddrPort("192.0.2.7:80"), netip.MustParseAddrPort("[2001:db8::1]:443")
	prefix, prefix6 := netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8::/32")
	table := map[netip.Addr]netip.Prefix{v4: prefix}

	baseError := errors.New("base")
	joined := errors.Join(baseError, io.EOF)
	nested := errors.Join(joined, fmt.Errorf("third: %w", os.ErrNotExist))
	both := fmt.Errorf("both: %w and %w", baseError, syscall.EPIPE)

	backgroundNew := context.Background()
	caused, cancelCaused := context.WithCancelCause(backgroundNew)
	cancelCaused(errors.New("shutting down"))
	uncaused, cancelUncaused := context.WithCancelCause(backgroundNew)
	cancelUncaused(nil)
	causeOpen, cancelOpen := context.WithCancelCause(backgroundNew)
	below, cancelBelow := context.WithCancel(caused)
	past := time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
	expired, cancelExpired := context.WithDeadlineCause(backgroundNew, past, errors.New("too slow"))
	without := context.WithoutCancel(below)
	againContext, cancelAgain := context.WithCancel(without)
	stop := context.AfterFunc(causeOpen, func() {})
	notified, cancelNotified := signal.NotifyContext(backgroundNew, syscall.SIGUSR2)

	info, oddLevel := slog.LevelInfo, slog.Level(9)
	attributes := []slog.Attr{slog.String("s", "text"), slog.Int("i", -3), slog.Bool("b", true), slog.Float64("f", 0.5),
		slog.Duration("d", time.Second), slog.Uint64("u", 9)}

	says("v4", v4)
	says("v6", v6)
	says("zoned", zoned)
	says("mapped", mapped)
	says("unspecified", unspecified)
	says("noAddr", noAddr)
	says("addrPort", addrPort)
	says("addrPort6", addrPort6)
	says("prefix", prefix)
	says("prefix6", prefix6)
	is("table", table, "{192.0.2.7: 10.0.0.0/8}")
	failure("joined", joined)
	failure("nested", nested)
	failure("both", both)
	typ := "context.Context"
	holds("caused", typ, caused, "context.Background.WithCancel (context canceled, cause: shutting down)")
	holds("uncaused", typ, uncaused, "context.Background.WithCancel (context canceled)")
	holds("causeOpen", typ, causeOpen, "context.Background.WithCancel")
	holds("below", typ, below, "context.Background.WithCancel (context canceled, cause: shutting down).WithCancel (context canceled, cause: shutting down)")
	holds("expired", typ, expired, fmt.Sprintf("context.Background.WithDeadline(%s) (context deadline exceeded, cause: too slow)", past))
	holds("without", typ, without, "context.Background.WithCancel (context canceled, cause: shutting down).WithCancel (context canceled, cause: shutting down).WithoutCancel")
	holds("againContext", typ, againContext, "context.Background.WithCancel (context canceled, cause: shutting down).WithCancel (context canceled, cause: shutting down).WithoutCancel.WithCancel")
	holds("notified", typ, notified, "context.Background.WithCancel.NotifyContext")
	says("info", info)
	says("oddLevel", oddLevel)
	is("attributes", attributes, `[s="text", i=-3, b=true, f=0.5, d=1s, u=9]`)
	next()
	use(v4, v6, zoned, mapped, unspecified, noAddr, addrPort, addrPort6, prefix, prefix6, table, baseError, joined, nested, both, caused,
		uncaused, causeOpen, cancelOpen, below, cancelBelow, expired, cancelExpired, without, againContext, cancelAgain, stop, notified, cancelNotified,
		info, oddLevel, attributes)
}
