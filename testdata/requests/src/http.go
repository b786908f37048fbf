package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"time"
)

func init() {
	register(map[string]func([]string){
		"http-account-plan": func([]string) { get("/account?id=7", "") },
		"http-session":      func([]string) { get("/session", "sid-404") },
		"http-context-user": func([]string) { get("/roles", "sid-1") },
		"http-order-json": func([]string) {
			post("/orders", `{"id":12,"customer":{"name":"Ada"},"lines":[{"sku":"A1","quantity":2}]}`)
		},
		"http-webhook":        func([]string) { serveWebhook() },
		"http-tenant":         func([]string) { get("/tenant", "sid-1") },
		"http-page":           func([]string) { get("/items?page=3&size=4", "") },
		"http-authorization":  func([]string) { get("/private", "Bearer") },
		"http-average":        func([]string) { get("/average?from=90", "") },
		"http-template-cache": func([]string) { get("/page?name=about", "") },
		"http-discount":       func([]string) { post("/price", `{"sku":"B7","quantity":3}`) },
		"http-upload":         func([]string) { post("/upload?length=-20", "0123456789") },
		"http-transport":      func([]string) { callUpstream() },
	})
}

type contextKey string

const (
	userKey   contextKey = "user"
	tenantKey contextKey = "tenant"
)

type Limits struct {
	Name     string
	Projects int
	Seats    int
}

type Plan struct {
	Code   string
	Price  int
	Limits *Limits
}

type Person struct {
	Name  string
	Email string
	Phone *string
}

type Account struct {
	ID      int
	Owner   *Person
	Billing *Person
	Plan    *Plan
}

type WebUser struct {
	ID    int
	Name  string
	Roles []string
}

type Session struct {
	Token   string
	Expires time.Time
	User    *WebUser
}

type AuditLog struct {
	entries []string
	sink    io.Writer
}

func (l *AuditLog) Record(what string, id int) {
	if l == nil {
		return
	}
	l.entries = append(l.entries, what+strconv.Itoa(id))
}

type Sessions struct {
	byToken map[string]*Session
}

func (s *Sessions) Find(token string) *Session {
	return s.byToken[token]
}

type Page struct {
	Title  string
	Body   []byte
	Layout *Page
}

type Price struct {
	SKU      string
	Cents    int
	Discount *Discount
}

type Discount struct {
	Code    string
	Percent int
}

type Server struct {
	mux      *http.ServeMux
	accounts map[int]*Account
	sessions *Sessions
	audit    *AuditLog
	pages    map[string]*Page
	prices   map[string]Price
	hits     map[string]int
	items    []string
	samples  []int
	webhooks []Webhook
	done     chan string
}

type Webhook struct {
	URL     string
	Events  []string
	Deliver func(event string, payload []byte) error
}

func NewServer() *Server {
	s := &Server{
		mux: http.NewServeMux(),
		accounts: map[int]*Account{
			3: {ID: 3, Owner: &Person{Name: "Ada"}, Billing: &Person{Name: "Accounts"}, Plan: &Plan{Code: "pro", Limits: &Limits{Seats: 3}}},
			7: {ID: 7, Owner: &Person{Name: "Grace"}, Plan: &Plan{Code: "free", Price: 0}},
		},
		sessions: &Sessions{byToken: map[string]*Session{
			"sid-1": {Token: "sid-1", User: &WebUser{ID: 1, Name: "ada", Roles: []string{"admin"}}},
		}},
		pages:   map[string]*Page{"home": {Title: "Home", Layout: &Page{Title: "Main"}}, "about": {Title: "About"}},
		prices:  map[string]Price{"A1": {SKU: "A1", Cents: 1200, Discount: &Discount{Code: "spring", Percent: 10}}},
		items:   strings.Fields("nut bolt screw washer nail rivet hook hinge bracket"),
		samples: []int{12, 15, 11, 48, 70, 85},
		done:    make(chan string),
	}
	s.mux.HandleFunc("/account", s.handleAccount)
	s.mux.HandleFunc("/session", s.handleSession)
	s.mux.Handle("/roles", s.authenticate(s.handleRoles))
	s.mux.Handle("/tenant", s.authenticate(s.handleTenant))
	s.mux.HandleFunc("/orders", s.handleOrder)
	s.mux.HandleFunc("/items", s.handleItems)
	s.mux.HandleFunc("/private", s.handlePrivate)
	s.mux.HandleFunc("/average", s.handleAverage)
	s.mux.HandleFunc("/page", s.handlePage)
	s.mux.HandleFunc("/price", s.handlePrice)
	s.mux.HandleFunc("/upload", s.handleUpload)
	s.mux.HandleFunc("/event", s.handleEvent)
	return s
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Request-Id", strconv.FormatInt(int64(len(r.URL.Path)), 16))
	s.mux.ServeHTTP(w, r)
}

func (s *Server) authenticate(next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		session := s.sessions.Find(r.Header.Get("Authorization"))
		if session == nil {
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		ctx := context.WithValue(r.Context(), contextKey("session"), session)
		ctx = context.WithValue(ctx, tenantKey, session.User.ID)
		next(w, r.WithContext(ctx))
	})
}

func (s *Server) handleAccount(w http.ResponseWriter, r *http.Request) {
	id, _ := strconv.Atoi(r.URL.Query().Get("id"))
	account, ok := s.accounts[id]
	if !ok {
		http.NotFound(w, r)
		return
	}
	s.writeAccount(w, account)
}

func (s *Server) writeAccount(w io.Writer, account *Account) {
	billing := account.Billing
	if billing != nil {
		fmt.Fprintf(w, "billed to %s\n", billing.Name)
	}
	s.audit.Record("account ", account.ID)
	fmt.Fprintf(w, "%s has %d seats of %s\n", account.Owner.Name, account.Plan.Limits.Seats, account.Plan.Code)
}

func (s *Server) handleSession(w http.ResponseWriter, r *http.Request) {
	token := r.Header.Get("Authorization")
	session := s.sessions.Find(token)
	s.audit.Record("seen ", session.User.ID)
	fmt.Fprintln(w, session.Token)
}

func (s *Server) handleRoles(w http.ResponseWriter, r *http.Request) {
	user, _ := r.Context().Value(userKey).(*WebUser)
	w.Header().Set("Content-Type", "text/plain")
	fmt.Fprintln(w, strings.Join(user.Roles, ","))
}

func (s *Server) handleTenant(w http.ResponseWriter, r *http.Request) {
	tenant := r.Context().Value(tenantKey).(string)
	fmt.Fprintln(w, "tenant", tenant)
}

type OrderRequest struct {
	ID       int       `json:"id"`
	Customer *Customer `json:"customer"`
	Shipping *Shipping `json:"shipping"`
	Lines    []struct {
		SKU      string `json:"sku"`
		Quantity int    `json:"quantity"`
	} `json:"lines"`
}

type Customer struct {
	Name    string    `json:"name"`
	Address *Location `json:"address"`
}

type Shipping struct {
	Method  string    `json:"method"`
	Address *Location `json:"address"`
}

type Location struct {
	Street string `json:"street"`
	City   string `json:"city"`
}

func (s *Server) handleOrder(w http.ResponseWriter, r *http.Request) {
	var order OrderRequest
	if err := json.NewDecoder(r.Body).Decode(&order); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	total := 0
	for _, line := range order.Lines {
		total += line.Quantity
	}
	city := destination(&order)
	fmt.Fprintln(w, order.ID, total, city)
}

func destination(order *OrderRequest) string {
	if order.Customer.Name == "" && order.Customer.Address.City != "" {
		return order.Customer.Address.City
	}
	return order.Shipping.Address.City
}

func (s *Server) handleItems(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	page, _ := strconv.Atoi(query.Get("page"))
	size, _ := strconv.Atoi(query.Get("size"))
	json.NewEncoder(w).Encode(s.page(page, size))
}

func (s *Server) page(number, size int) []string {
	start := number * size
	end := start + size
	if end > len(s.items) {
		end = len(s.items)
	}
	return s.items[start:end]
}

func (s *Server) handlePrivate(w http.ResponseWriter, r *http.Request) {
	scheme, token := splitAuthorization(r.Header.Get("Authorization"))
	fmt.Fprintln(w, scheme, s.sessions.Find(token) != nil)
}

func splitAuthorization(header string) (scheme, token string) {
	parts := strings.SplitN(header, " ", 2)
	return strings.ToLower(parts[0]), parts[1]
}

func (s *Server) handleAverage(w http.ResponseWriter, r *http.Request) {
	from, _ := strconv.Atoi(r.URL.Query().Get("from"))
	to, _ := strconv.Atoi(r.URL.Query().Get("to"))
	var chosen []int
	for _, sample := range s.samples {
		if sample >= from {
			chosen = append(chosen, sample)
		}
	}
	sum := 0
	for _, sample := range chosen {
		sum += sample
	}
	mean := sum/len(chosen) + to*len(s.samples)
	fmt.Fprintln(w, mean)
}

func (s *Server) handlePage(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Query().Get("name")
	page := s.pages[name]
	if page == nil {
		http.NotFound(w, r)
		return
	}
	w.Write(page.Body)
	s.hits[name]++
	fmt.Fprintln(w, page.Layout.Title)
}

func (s *Server) handlePrice(w http.ResponseWriter, r *http.Request) {
	var request struct {
		SKU      string
		Quantity int
	}
	if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	price := s.prices[request.SKU]
	cents := price.Cents * request.Quantity
	cents -= cents * price.Discount.Percent / 100
	fmt.Fprintln(w, cents)
}

func (s *Server) handleUpload(w http.ResponseWriter, r *http.Request) {
	length, _ := strconv.Atoi(r.URL.Query().Get("length"))
	body, err := readBody(r.Body, length)
	fmt.Fprintln(w, len(body), err)
}

func readBody(body io.Reader, length int) ([]byte, error) {
	const header = 8
	var prefix [header]byte
	if _, err := io.ReadFull(body, prefix[:]); err != nil {
		return nil, err
	}
	content := make([]byte, length-header)
	_, err := io.ReadFull(body, content)
	return content, err
}

func (s *Server) handleEvent(w http.ResponseWriter, r *http.Request) {
	payload, _ := io.ReadAll(r.Body)
	for i := range s.webhooks {
		go s.deliver(&s.webhooks[i], r.URL.Query().Get("name"), payload)
	}
	w.WriteHeader(http.StatusAccepted)
}

func (s *Server) deliver(hook *Webhook, event string, payload []byte) {
	for _, wanted := range hook.Events {
		if wanted != event {
			continue
		}
		if err := hook.Deliver(event, payload); err != nil {
			s.audit.sink.Write([]byte(err.Error()))
		}
		s.done <- hook.URL
	}
}

func serveWebhook() {
	s := NewServer()
	s.webhooks = []Webhook{
		{URL: "/first", Events: []string{"deleted"}, Deliver: func(string, []byte) error { return nil }},
		{URL: "/second", Events: []string{"deleted", "created"}},
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go http.Serve(listener, s)
	response, err := http.Post("http://"+listener.Addr().String()+"/event?name=created", "text/plain", strings.NewReader(""))
	if err == nil {
		response.Body.Close()
	}
	fmt.Println(<-s.done)
}

func request(method, target, authorization string, body io.Reader) {
	r := httptest.NewRequest(method, target, body)
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	w := httptest.NewRecorder()
	NewServer().ServeHTTP(w, r)
	fmt.Println(w.Code, w.Body.String())
}

func get(target, authorization string) { request("GET", target, authorization, nil) }

func post(target, body string) { request("POST", target, "", bytes.NewBufferString(body)) }

type Upstream struct {
	http.RoundTripper
	name  string
	calls int
}

type refusing struct{ code int }

func (t refusing) RoundTrip(r *http.Request) (*http.Response, error) {
	return nil, fmt.Errorf("%s: refused with %d", r.URL.Host, t.code)
}

func (u *Upstream) status(path string) int {
	r, _ := http.NewRequest("GET", "http://"+u.name+path, nil)
	response, _ := u.RoundTrip(r)
	u.calls++
	if r.Body == nil {
		r.Close = true
	}
	return response.StatusCode
}

func callUpstream() {
	u := &Upstream{RoundTripper: refusing{code: 502}, name: "inventory.local"}
	fmt.Println(u.status("/health"))
}
