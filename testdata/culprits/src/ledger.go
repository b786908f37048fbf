package main

import (
	"errors"
	"fmt"
	"strings"
)

type Money struct {
	Cents int64
	Unit  *Unit
}

type Unit struct {
	Code   string
	Digits int
}

type Entry struct {
	Text   string
	Amount Money
	Fee    *Money
}

type Ledger struct {
	entries []Entry
	byCode  map[string]int64
	closed  map[string]bool
	base    *Unit
}

func (l *Ledger) post(e Entry) {
	l.entries = append(l.entries, e)
	l.byCode[e.Amount.Unit.Code] += e.Amount.Cents
}

func postEntries() {
	l := &Ledger{byCode: map[string]int64{}}
	euro := &Unit{Code: "EUR", Digits: 2}
	for _, text := range strings.Fields("rent salary gift") {
		e := Entry{Text: text, Amount: Money{Cents: int64(len(text)) * 100, Unit: euro}}
		if text == "gift" {
			e.Amount.Unit = l.base
		}
		l.post(e)
	}
	fmt.Println(l.byCode)
}

type Balance struct {
	Owner string
	Cents int64
	limit *int64
}

type Bank struct {
	balances map[string]*Balance
	reserve  *Balance
}

func (b *Bank) move(from, to string, cents int64) error {
	source, ok := b.balances[from]
	if !ok {
		return errors.New("no account " + from)
	}
	target := b.balances[to]
	if source.limit != nil && *source.limit < cents {
		return errors.New("beyond the limit")
	}
	source.Cents -= cents
	target.Cents += cents
	return nil
}

func transferFunds() {
	b := &Bank{balances: map[string]*Balance{"ada": {Owner: "ada", Cents: 500}}}
	fmt.Println(b.move("bob", "ada", 1), b.move("ada", "bob", 100))
}

type Bill struct {
	Total  int
	Guests []string
	paying int
}

func (b *Bill) share() int {
	return b.Total / b.paying
}

func (b *Bill) summary() string {
	var out strings.Builder
	for i, guest := range b.Guests {
		if i > 0 {
			out.WriteString(", ")
		}
		fmt.Fprintf(&out, "%s pays %d", guest, b.share())
	}
	return out.String()
}

func splitBill() {
	fmt.Println((&Bill{Total: 90, Guests: []string{"ada", "bob"}}).summary())
}

type Statement struct {
	Month int
	Lines []string
}

type Archive struct {
	statements []Statement
	first      int
}

func (a *Archive) recent(count int) []Statement {
	from := len(a.statements) - count
	return a.statements[from:]
}

func lastStatements() {
	a := &Archive{first: 2}
	for m := 1; m <= 3; m++ {
		a.statements = append(a.statements, Statement{Month: m})
	}
	for _, count := range []int{1, 3, 5} {
		fmt.Println(len(a.recent(count)))
	}
}

type Refund struct {
	Order   *PaidOrder
	Reason  string
	Handled func(cents int) error
}

type PaidOrder struct {
	ID    int
	Cents int
	Note  *string
}

func (r Refund) apply() error {
	if r.Order == nil {
		return errors.New("nothing to refund")
	}
	if r.Order.Note != nil && *r.Order.Note == "final" {
		return errors.New("final")
	}
	return r.Handled(r.Order.Cents)
}

func refundOrder() {
	refunds := []Refund{
		{Reason: "none"},
		{Order: &PaidOrder{ID: 4, Cents: 250}, Reason: "broken"},
	}
	for _, r := range refunds {
		fmt.Println(r.Reason, r.apply())
	}
}

type Trail struct {
	seen    map[string]int
	authors map[string]string
}

func (t *Trail) note(author, action string) {
	t.seen[action]++
	t.authors[action] = author
}

func auditTrail() {
	t := Trail{seen: make(map[string]int)}
	for i, action := range []string{"open", "close"} {
		t.note(fmt.Sprint("user", i), action)
	}
}
