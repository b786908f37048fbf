package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"example.com/verdicts/queue"
)

func init() {
	register(map[string]func([]string){
		"parse-tokens":       func([]string) { parseExpression("1 + 2 *") },
		"parse-key-value":    func([]string) { parseConfig("host=db1;port=5432;verbose") },
		"parse-frame":        func([]string) { parseFrames([]byte{2, 'o', 'k', 9, 'n', 'o'}) },
		"parse-header":       func([]string) { parseMagic("GIF") },
		"parse-date":         func([]string) { parseDates("12-31 2-9 11") },
		"parse-suffix":       func([]string) { trimSuffixes("a.go readme b.c") },
		"parse-quoted":       func([]string) { unquoteAll(`"one" "two" "`) },
		"parse-columns":      func([]string) { readTable("id name age\n1 ada 36\n2 bob") },
		"parse-month":        func([]string) { monthNames("1 12 13") },
		"parse-three-index":  func([]string) { reserveHeader(6) },
		"parse-checksum":     func([]string) { checksum("abcdefg") },
		"parse-shift":        func([]string) { maskOf("10.0.0.0/40") },
		"parse-ratio":        func([]string) { printRatios("hits=4,misses=0;hits=0,misses=0") },
		"parse-interval":     func([]string) { scheduleJobs("backup:60 cleanup:zero") },
		"parse-plural":       func([]string) { renderPlural("de", 3) },
		"grid-neighbours":    func([]string) { countAlive("..#\n.#.\n#") },
		"grid-path":          func([]string) { walkMaze("####\n#..#\n##.#", "RDDR") },
		"grid-transpose":     func([]string) { transposeTable("1 2 3\n4 5 6") },
		"grid-blit":          func([]string) { scrollScreen(4, 6) },
		"grid-lookup":        func([]string) { translateCodes([]int{2, 0, 3}) },
		"grid-weights":       func([]string) { scoreLayers() },
		"grid-window":        func([]string) { movingSums("3 1 4 1 5", 3) },
		"grid-histogram":     func([]string) { drawHistogram("2 9 -3") },
		"grid-array-pointer": func([]string) { renderTile("t-7") },
		"grid-buffer-size":   func([]string) { allocateImage("4x3", "70000x-1") },
		"queue-pop":          func([]string) { drainQueue(2) },
		"queue-last":         func([]string) { peekQueue() },
		"chan-huge":          func(args []string) { openPipeline("-1", args) },
	})
}

type Token struct {
	Kind rune
	Text string
}

type Parser struct {
	tokens []Token
	pos    int
	marks  []int
}

func tokenize(text string) []Token {
	var tokens []Token
	for _, word := range strings.Fields(text) {
		kind := 'n'
		if strings.ContainsAny(word, "+*") {
			kind = 'o'
		}
		tokens = append(tokens, Token{Kind: kind, Text: word})
	}
	return tokens
}

func (p *Parser) peek() rune {
	if p.pos >= len(p.tokens) {
		return 0
	}
	return p.tokens[p.pos].Kind
}

func (p *Parser) next() Token {
	token := p.tokens[p.pos]
	p.pos++
	return token
}

func (p *Parser) number() int {
	n, _ := strconv.Atoi(p.next().Text)
	return n
}

func (p *Parser) term() int {
	value := p.number()
	for p.peek() == 'o' && p.tokens[p.pos].Text == "*" {
		p.next()
		value *= p.number()
	}
	return value
}

func (p *Parser) expression() int {
	value := p.term()
	for p.peek() == 'o' {
		p.next()
		value += p.term()
	}
	return value
}

func parseExpression(text string) {
	p := &Parser{tokens: tokenize(text)}
	fmt.Println(p.expression())
}

type Option struct {
	Key, Value string
}

func parseOption(line string, defaults map[string]string) Option {
	parts := strings.Split(line, "=")
	if known, ok := defaults[parts[0]]; ok {
		return Option{parts[0], known}
	}
	return Option{Key: parts[0], Value: parts[1]}
}

func parseConfig(text string) {
	for _, line := range strings.Split(text, ";") {
		option := parseOption(line, nil)
		fmt.Println(option.Key, option.Value)
	}
}

type FrameReader struct {
	buffer []byte
	offset int
	frames int
}

func (r *FrameReader) next() []byte {
	length := int(r.buffer[r.offset])
	r.offset++
	frame := r.buffer[r.offset : r.offset+length]
	r.offset += length
	r.frames++
	return frame
}

func parseFrames(data []byte) {
	r := &FrameReader{buffer: data}
	for r.offset < len(r.buffer) {
		fmt.Printf("%q\n", r.next())
	}
}

func parseMagic(file string) {
	kinds := map[string]string{"GIF89a": "gif", "\x89PNG\r\n": "png"}
	fmt.Println(sniff(file, 6, kinds))
}

func sniff(file string, length int, kinds map[string]string) string {
	magic := file[:length]
	return kinds[magic]
}

type Date struct {
	Month, Day int
}

func parseDate(text string) (date Date, err error) {
	dash := strings.IndexByte(text, '-')
	if date.Day, err = strconv.Atoi(text[dash+1:]); err != nil {
		return date, err
	}
	date.Month, err = strconv.Atoi(text[:dash])
	return date, err
}

func parseDates(text string) {
	for _, field := range strings.Fields(text) {
		fmt.Println(parseDate(field))
	}
}

func stem(name string) (string, string) {
	dot := strings.LastIndex(name, ".")
	extension := name[dot:]
	return name[:dot], extension
}

func trimSuffixes(names string) {
	for _, name := range strings.Fields(names) {
		fmt.Println(stem(name))
	}
}

func unquote(word string) string {
	end := len(word) - 1
	if word[0] != '"' || word[end] != '"' {
		return word
	}
	return word[1:end]
}

func unquoteAll(text string) {
	for _, word := range strings.Fields(text) {
		fmt.Println(unquote(word))
	}
}

type Table struct {
	header []string
	rows   [][]string
	order  map[string]int
}

func (t *Table) cell(row int, name string) string {
	column := t.order[name]
	return t.header[column] + "=" + t.rows[row][column]
}

func readTable(text string) {
	t := &Table{order: map[string]int{}}
	for i, line := range strings.Split(text, "\n") {
		if i == 0 {
			t.header = strings.Fields(line)
			for column, name := range t.header {
				t.order[name] = column
			}
			continue
		}
		t.rows = append(t.rows, strings.Fields(line))
	}
	for row := range t.rows {
		fmt.Println(t.cell(row, "name"), t.cell(row, "age"))
	}
}

var months = [...]string{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"}

func monthName(month int, short []string) string {
	if month < len(short) {
		return short[month]
	}
	return months[month-1]
}

func monthNames(list string) {
	for _, field := range strings.Fields(list) {
		month, _ := strconv.Atoi(field)
		fmt.Println(monthName(month, nil))
	}
}

type Arena struct {
	memory []byte
	used   int
}

func (a *Arena) take(length, reserve int) []byte {
	start := a.used
	a.used += length
	return a.memory[start : a.used : a.used+reserve]
}

func reserveHeader(length int) {
	a := &Arena{memory: make([]byte, 16)}
	fmt.Println(len(a.take(4, 4)), len(a.take(length, 8)))
}

func checksum(text string) {
	data := []byte(text)
	sum := 0
	for i := 0; i < len(data); i += 2 {
		sum ^= pairAt(data, i)
	}
	fmt.Println(sum)
}

func pairAt(data []byte, i int) int {
	return int(data[i])<<8 | int(data[i+1])
}

type Network struct {
	Address string
	Bits    int
	Host    int
}

func (n *Network) mask() uint32 {
	return ^uint32(0)>>n.Host<<(32-n.Bits) | 1>>n.Host
}

func maskOf(text string) {
	address, bits, _ := strings.Cut(text, "/")
	n := &Network{Address: address}
	n.Bits, _ = strconv.Atoi(bits)
	fmt.Println(n.mask())
}

type HitCounter struct {
	hits, misses int
}

func (c HitCounter) ratio(scale int) int {
	if c.misses == 0 && c.hits > 0 {
		return scale
	}
	return c.misses/scale + c.hits*scale/(c.hits+c.misses)
}

func printRatios(text string) {
	for _, group := range strings.Split(text, ";") {
		values := map[string]int{}
		for _, pair := range strings.Split(group, ",") {
			name, value, _ := strings.Cut(pair, "=")
			values[name], _ = strconv.Atoi(value)
		}
		fmt.Println(HitCounter{values["hits"], values["misses"]}.ratio(100))
	}
}

type Job struct {
	Name     string
	Interval int
	Offset   int
}

func nextRun(job *Job, now int) int {
	return now + job.Interval - (now-job.Offset)%job.Interval
}

func scheduleJobs(list string) {
	for _, field := range strings.Fields(list) {
		name, interval, _ := strings.Cut(field, ":")
		job := &Job{Name: name}
		job.Interval, _ = strconv.Atoi(interval)
		fmt.Println(job.Name, nextRun(job, 1000+len(os.Args)))
	}
}

type Language struct {
	Name   string
	Plural func(n int) int
	Format func(string, ...interface{}) string
}

var languages = map[string]Language{
	"en": {Name: "English", Format: fmt.Sprintf, Plural: func(n int) int {
		if n == 1 {
			return 0
		}
		return 1
	}},
	"fr": {Name: "French", Plural: func(n int) int { return n % 2 }},
}

func renderPlural(code string, n int) {
	fmt.Println(pluralForm("en", n, "file", "files"))
	fmt.Println(pluralForm(code, n, "Datei", "Dateien"))
}

func pluralForm(code string, n int, forms ...string) string {
	language := languages[code]
	form := forms[language.Plural(n)]
	return language.Format("%d %s", n, form)
}

type Board [][]byte

func (b Board) neighbours(x, y int) int {
	alive := 0
	for dy := 0; dy <= 1; dy++ {
		for dx := 0; dx <= 1; dx++ {
			if y+dy < len(b) && b[y+dy][x+dx] == '#' {
				alive++
			}
		}
	}
	return alive
}

func countAlive(text string) {
	var b Board
	for _, line := range strings.Split(text, "\n") {
		b = append(b, []byte(line))
	}
	total := 0
	for y := range b {
		for x := range b[y] {
			total += b.neighbours(x, y)
		}
	}
	fmt.Println(total)
}

type Maze struct {
	rows []string
	x, y int
}

func (m *Maze) wall() bool {
	return m.rows[m.y][m.x] == '#'
}

func (m *Maze) move(step rune) {
	switch step {
	case 'R':
		m.x++
	case 'D':
		m.y++
		m.x += 3
	}
	if m.y < len(m.rows) && m.x >= len(m.rows[m.y]) {
		return
	}
	if m.wall() {
		fmt.Println("wall at", m.x, m.y)
	}
}

func walkMaze(text, steps string) {
	m := &Maze{rows: strings.Split(text, "\n"), x: 1, y: 1}
	for _, step := range steps {
		m.move(step)
	}
}

func transposeTable(text string) {
	var cells [][]string
	for _, line := range strings.Split(text, "\n") {
		cells = append(cells, strings.Fields(line))
	}
	fmt.Println(transpose(cells))
}

func transpose(cells [][]string) [][]string {
	turned := make([][]string, len(cells))
	for i := range turned {
		turned[i] = make([]string, len(cells))
	}
	for i := range turned {
		for j := range cells[i] {
			turned[j][i] = cells[i][j]
		}
	}
	return turned
}

type Screen struct {
	front, back []rune
	width       int
}

func (s *Screen) scroll(lines int) {
	shift := lines * s.width
	for i := 0; ; i++ {
		s.back[i] = s.front[i+shift]
	}
}

func scrollScreen(width, height int) {
	s := &Screen{width: width}
	s.front = []rune(strings.Repeat(".", width*height))
	s.back = []rune(strings.Repeat(" ", width*height/2))
	s.scroll(3)
}

type Codebook struct {
	positions []int
	symbols   []string
}

func (c *Codebook) symbol(code int) string {
	return c.symbols[c.positions[code]]
}

func translateCodes(codes []int) {
	c := &Codebook{positions: []int{5, 1, 3}, symbols: strings.Fields("north east south west")}
	for _, code := range codes {
		fmt.Println(c.symbol(code))
	}
}

type Layer struct {
	weights [][]float64
	bias    []float64
}

func (l *Layer) activate(inputs []float64) []float64 {
	outputs := make([]float64, 0, len(l.weights))
	for i := range l.weights {
		sum := 0.0
		for j, input := range inputs {
			sum += input * l.weights[i][j]
		}
		outputs = append(outputs, sum+l.bias[i])
	}
	return outputs
}

func scoreLayers() {
	first := &Layer{weights: [][]float64{{1, 2}, {3, 4}}, bias: []float64{0.5, 0.25}}
	second := &Layer{weights: [][]float64{{1, 0}, {0, 1}, {1, 1}}, bias: []float64{0, 1}}
	fmt.Println(second.activate(first.activate([]float64{1, float64(len(os.Args))})))
}

func movingSums(text string, width int) {
	var values []int
	for _, field := range strings.Fields(text) {
		n, _ := strconv.Atoi(field)
		values = append(values, n)
	}
	for i := 0; i < len(values); i++ {
		fmt.Println(windowSum(values[i:], width))
	}
}

func windowSum(values []int, width int) int {
	sum := 0
	for k := 0; k < width; k++ {
		sum += values[k]
	}
	return sum
}

type Histogram struct {
	counts [10]int
	low    int
}

func (h *Histogram) add(value int) {
	h.counts[value-h.low]++
}

func drawHistogram(list string) {
	var h Histogram
	for _, field := range strings.Fields(list) {
		value, _ := strconv.Atoi(field)
		h.add(value)
	}
	fmt.Println(h.counts)
}

type Tile struct {
	Name    string
	Pixels  *[64]byte
	Palette *[16]uint32
}

func (t *Tile) colour(x, y int) uint32 {
	pixel := t.Pixels[y*8+x]
	if pixel > 15 {
		return 0
	}
	return t.Palette[pixel]
}

func renderTile(name string) {
	tiles := map[string]*Tile{
		"t-1": {Name: "t-1", Pixels: new([64]byte), Palette: new([16]uint32)},
		name:  {Name: name},
	}
	fmt.Println(tiles["t-1"].colour(3, 2))
	fmt.Println(tiles[name].colour(3, 2))
}

type Image struct {
	width, height int
	pixels        []uint32
}

func newImage(size string) *Image {
	w, h, _ := strings.Cut(size, "x")
	i := &Image{}
	i.width, _ = strconv.Atoi(w)
	i.height, _ = strconv.Atoi(h)
	i.pixels = make([]uint32, 0, i.width*i.height)
	return i
}

func allocateImage(sizes ...string) {
	for _, size := range sizes {
		i := newImage(size)
		fmt.Println(i.width, i.height, cap(i.pixels))
	}
}

func drainQueue(n int) {
	q := queue.New[string](8)
	for i := 0; i < n; i++ {
		q.Push(strconv.Itoa(i))
	}
	for i := 0; i <= n; i++ {
		fmt.Println(q.Pop())
	}
}

func peekQueue() {
	q := queue.New[float64](2)
	q.Push(float64(len(os.Args)))
	fmt.Println(q.Last(), q.Pop())
	fmt.Println(q.Last())
}

type Pipeline struct {
	input, output chan string
	depth         int
}

func (p *Pipeline) open(extra int) {
	p.output = make(chan string, extra)
	p.input = make(chan string, p.depth*extra)
}

func openPipeline(depth string, args []string) {
	p := &Pipeline{}
	p.depth, _ = strconv.Atoi(depth)
	p.open(len(args) + 2)
	fmt.Println(cap(p.input), cap(p.output))
}
