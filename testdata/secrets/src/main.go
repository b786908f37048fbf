// Plants secrets in many places, and what only looks like one beside them, then panics. secret(place)
// makes each anew out of its place's name, so that the test can do the same and no file holds any.
package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"os"
	"runtime"
	"runtime/pprof"
	"strings"
	"sync"
	"syscall"
	"time"
)

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// secret gives size characters that nobody guesses and the test knows.
func secret(place string, size int) string {
	var out []byte
	for round := 0; len(out) < size; round++ {
		sum := sha256.Sum256([]byte(fmt.Sprintf("%s/%d", place, round)))
		for _, b := range sum {
			out = append(out, alphabet[int(b)%len(alphabet)])
		}
	}
	return string(out[:size])
}

type Header map[string][]string

type Credentials struct {
	User string
	Pass string
}

type Auth struct {
	ClientSecret string
	Endpoint     string
}

type Database struct {
	Host     string
	Port     int
	Password string
	Auth     *Auth
	DSN      string
}

type Config struct {
	Name     string
	Database *Database
	Headers  Header
	Options  map[string]interface{}
	Env      []EnvVar
}

type EnvVar struct{ Name, Value string }

type AWS struct {
	Region string
	ID     string
	Other  string
}

type Password string

type Token struct {
	Kind  string
	Value string
}

type server struct {
	config  *Config
	private [32]byte
	mu      sync.Mutex
	cookies []string
}

var (
	adminPassword string
	registry      = map[string]string{}
	apiKeys       []string
	innocent      string
)

type loginError struct {
	User   string
	Detail string
	err    error
}

func (e *loginError) Error() string { return "login of " + e.User + ": " + e.Detail }
func (e *loginError) Unwrap() error { return e.err }

//go:noinline
func keep(values ...interface{}) { runtime.KeepAlive(values) }

//go:noinline
func early(note string, started chan bool, release chan bool) {
	message := "copied from elsewhere: " + note
	started <- true
	<-release
	keep(message, note)
}

//go:noinline
func late(apiToken string, started chan bool, release chan bool) {
	cut := apiToken[:14]
	started <- true
	<-release
	keep(apiToken, cut)
}

//go:noinline
func labelled(started chan bool, release chan bool) {
	labels := pprof.Labels("session_token", secret("label", 24), "tenant", "acme")
	pprof.Do(context.Background(), labels, func(context.Context) {
		started <- true
		<-release
	})
}

// again starts the program anew with secrets on its command line and in its environment.
func again() {
	arguments := []string{os.Args[0], "--api-key=" + secret("flag", 24), "-password", secret("flag value", 20), "--workers", "8"}
	environment := append(os.Environ(),
		"SECRETS_PLANTED=1",
		"DB_PASSWORD="+secret("environment", 20),
		"DATABASE_URL=postgres://app:"+secret("environment url", 18)+"@db.internal:5432/shop?sslmode=require",
		"GITHUB_AUTH=ghp_"+secret("environment look", 36),
		"PASSWORD_FILE=/run/secrets/db_password_file",
		"TOKENIZER=sentencepiece-v2-model")
	if err := syscall.Exec("/proc/self/exe", arguments, environment); err != nil {
		fmt.Println(err)
		os.Exit(3)
	}
}

//go:noinline
func serve(s *server) error {
	// Secrets by name.
	password := Password(secret("local", 20))
	authorization := "Bearer " + secret("header value", 30)
	privateKey := []byte(secret("bytes", 32))
	signingKey := [24]byte{}
	copy(signingKey[:], secret("array", 24))
	credentials := &Credentials{User: "app", Pass: secret("nested", 20)}
	clientSecrets := map[string]string{"github": secret("map value", 22)}
	var secretValue interface{} = secret("interface", 20)
	tokens := make(chan string, 2)
	tokens <- secret("channel", 24)
	sessionToken := secret("closure", 24)
	refresh := func() string { return sessionToken }
	session := Token{Kind: "session", Value: secret("value of a token", 24)}
	// Secrets by look.
	aws := AWS{Region: "eu-central-1", ID: "AKIA" + strings.ToUpper(secret("aws id", 16)), Other: secret("aws", 40)}
	google := "AI" + "za" + secret("google", 35)
	gitlab := "gl" + "pat-" + secret("gitlab", 20)
	slack := "xo" + "xb-" + secret("slack", 30)
	stripe := "sk" + "_live_" + secret("stripe", 24)
	npm := "np" + "m_" + secret("npm", 36)
	sendgrid := "S" + "G." + secret("sendgrid", 22) + "." + secret("sendgrid 2", 43)
	jwt := "ey" + "JhbGciOiJIUzI1NiJ9." + secret("jwt body", 40) + "." + secret("jwt signature", 43)
	pem := "-----BEGIN RSA PRIVATE" + " KEY-----\n" + secret("pem", 64) + "\n" + secret("pem 2", 64) + "\n" + secret("pem 3", 64) + "\n" + secret("pem 4", 64) + "\n-----END RSA PRIVATE KEY-----\n"
	azure := "DefaultEndpointsProtocol=https;AccountName=shop;AccountKey=" + secret("azure", 64) + ";EndpointSuffix=core.windows.net"
	mysql := "shop:" + secret("mysql", 18) + "@tcp(db.internal:3306)/shop?parseTime=true"
	libpq := "host=db.internal user=app password=" + secret("libpq", 18) + " dbname=shop"
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte("app:"+secret("basic", 18)))
	request, _ := url.Parse("https://deploy:" + secret("userinfo", 18) + "@api.example.com/v1/orders?order=42")
	download := "https://cdn.example.com/file.zip?X-Amz-Expires=300&X-Amz-Signature=" + secret("signature", 48)
	callback := "https://shop.example.com/cb?state=ok&access_token=" + secret("parameter", 30) + "&page=2"
	// The same bytes elsewhere.
	var body bytes.Buffer
	body.WriteString(`{"grant":"refresh","refresh_token":"` + secret("json", 26) + `","page":3}`)
	var builder strings.Builder
	builder.WriteString("connecting with password=" + secret("builder", 20) + " now")
	copied := string(privateKey)
	part := string(password)[:12]
	inHex := hex.EncodeToString(privateKey)
	in64 := base64.StdEncoding.EncodeToString(privateKey)
	in64url := base64.URLEncoding.EncodeToString([]byte("user:" + credentials.Pass))
	numbers := fmt.Sprint(privateKey)
	runes := []rune(string(password))
	inner := fmt.Sprintf("%+v", *credentials)
	argv := []string{"psql", "--password", secret("argv", 20), "--host", "db.internal"}
	// What only looks like one.
	tokenizer := "sentencepiece-v1-model"
	tokenCount := 128000
	maxTokens := 4096
	secretary := "Moneypenny-of-Section-6"
	cookieJarLen := 7
	tokenType := "Bearer-typed"
	passwordPolicy := "at-least-12-characters"
	secretName := "prod/db/main-7f3a"
	digest := "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
	requestID := "7d3c1b0a-52de-4f1c-9a64-0c3f5a1be8d2"
	revision := "9f3c1d2b7a6e5f40c8d9e0a1b2c3d4e5f6a7b8c9"
	image := "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ"
	traceparent := "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	primaryKey := "orders_pkey_20240131"
	sortKey := "users/42/avatar.png"
	publicKey := "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQC7"
	certificate := "-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIUQ\n-----END CERTIFICATE-----"
	remote := "ssh://git@github.com/example/shop.git"
	plainURL := "https://api.example.com/v1/items?page=3&sort=name"
	parseError := errors.New("invalid token: unexpected end of input")
	tokenTTL := 15 * time.Minute
	hasPassword := true
	author := "Alice-Authorson-42"
	monkey := "keyboard-layout-de-105"
	etag := `W/"33a64df551425fcc55e4d42a148795d9f25f89d4"`
	email := "alice.smith+orders@example.com"
	compass := "north-by-northwest-315"
	bearer := "the bearer of good news arrived at 10:42"
	started := make(chan bool)
	release := make(chan bool)
	go early(secret("late goroutine", 24), started, release)
	<-started
	go late(secret("late goroutine", 24), started, release)
	<-started
	go labelled(started, release)
	<-started
	fail := &loginError{User: "alice", Detail: "refused dsn " + mysql, err: fmt.Errorf("password=%s rejected: %w", password, parseError)}
	defer keep(tokenizer, tokenCount, maxTokens, secretary, cookieJarLen, tokenType, passwordPolicy, secretName, digest, requestID, revision, image)
	defer keep(traceparent, primaryKey, sortKey, publicKey, certificate, remote, plainURL, parseError, tokenTTL, hasPassword, author, monkey, etag, email, compass, bearer)
	defer keep(authorization, privateKey, signingKey, credentials, clientSecrets, secretValue, tokens, refresh, session, aws, google, gitlab, slack, stripe, npm)
	defer keep(sendgrid, jwt, pem, azure, mysql, libpq, basic, request, download, callback, body.Bytes(), builder.String(), copied, part, inHex, in64, in64url, numbers, runes, inner, argv)
	s.mu.Lock()
	if len(s.cookies) > 0 {
		panic(fmt.Errorf("serving %s with %s: %w", requestID, password, fail))
	}
	return fail
}

func main() {
	if os.Getenv("SECRETS_PLANTED") == "" {
		again()
	}
	adminPassword = secret("global", 20)
	innocent = "see " + adminPassword + " for more"
	registry["billing"] = adminPassword
	registry["billing_api_key"] = secret("global map", 24)
	apiKeys = append(apiKeys, secret("global list", 24))
	s := &server{
		config: &Config{
			Name: "shop-frontend-eu",
			Database: &Database{
				Host: "db.internal", Port: 5432, Password: secret("field", 20),
				Auth: &Auth{ClientSecret: secret("deep field", 24), Endpoint: "https://login.example.com/oauth"},
				DSN:  "mongodb+srv://app:" + secret("dsn field", 18) + "@cluster0.example.net/shop",
			},
			Headers: Header{
				"Authorization": {"Bearer " + secret("header", 30)},
				"Cookie":        {"theme=dark-solarized; session=" + secret("cookie", 32)},
				"X-Api-Key":     {secret("api key header", 24)},
				"Accept":        {"application/json;q=0.9"},
			},
			Options: map[string]interface{}{"smtp_password": secret("option", 20), "retries": 3},
			Env:     []EnvVar{{"STRIPE_SECRET", secret("env var", 24)}, {"LOG_LEVEL", "debug-verbose"}},
		},
		cookies: []string{"sid=" + secret("cookie list", 24)},
	}
	copy(s.private[:], "not-a-key-but-32-bytes-of-text!!")
	if err := serve(s); err != nil {
		panic(err)
	}
}
