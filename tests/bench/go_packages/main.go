// Packages of Go's standard library at work:
//
//	packages NAME COUNT
//
// Prints the CPU time of COUNT turns, after one for nothing.
package main

import (
	"bytes"
	"compress/flate"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"math/big"
	"math/rand"
	"os"
	"regexp"
	"sort"
	"strconv"
	"strings"
)

type item struct {
	Name  string            `json:"name"`
	Price float64           `json:"price"`
	Tags  []string          `json:"tags"`
	More  map[string]string `json:"more"`
}

var (
	source = rand.New(rand.NewSource(1))
	sink   int
)

func text(words int) string {
	var out strings.Builder
	for i := 0; i < words; i++ {
		for k := 3 + source.Intn(6); k > 0; k-- {
			out.WriteByte("etaoin shrdlu"[source.Intn(13)])
		}
		out.WriteByte(' ')
	}
	return out.String()
}

var words = text(40000)

func sorted() {
	numbers := make([]int, 200000)
	for i := range numbers {
		numbers[i] = i * 7919 % 200003
	}
	sort.Ints(numbers)
	sink += numbers[1]
}

func numbers() {
	for i := 0; i < 200000; i++ {
		whole, _ := strconv.Atoi(strconv.Itoa(i * 977))
		part, _ := strconv.ParseFloat(strconv.FormatFloat(float64(i)/3, 'g', -1, 64), 64)
		sink += whole + int(part)
	}
}

func parts() {
	counts := map[string]int{}
	for _, word := range strings.Fields(strings.ToUpper(words)) {
		counts[word]++
	}
	sink += len(counts) + strings.Count(strings.ReplaceAll(words, "ao", "oa"), "oa")
}

func expressions() {
	expression := regexp.MustCompile(`(\w+)o(\w*) (s\w+)`)
	sink += len(expression.ReplaceAllString(words, "$3 $1"))
}

func documents() {
	items := make([]item, 1000)
	for i := range items {
		items[i] = item{fmt.Sprint("item ", i), float64(i) / 7, []string{"a", "b"}, map[string]string{"k": "v"}}
	}
	encoded, err := json.Marshal(items)
	if err == nil {
		err = json.Unmarshal(encoded, &items)
	}
	if err != nil {
		log.Fatal(err)
	}
	sink += len(encoded)
}

func packed() {
	var out bytes.Buffer
	writer, _ := flate.NewWriter(&out, 6)
	io.WriteString(writer, words)
	writer.Close()
	count, err := io.Copy(io.Discard, flate.NewReader(&out))
	if err != nil {
		log.Fatal(err)
	}
	sink += int(count)
}

func large() {
	product := big.NewInt(1)
	for i := int64(1); i < 2500; i++ {
		product.Mul(product, big.NewInt(i))
	}
	sink += len(product.String())
}

var programs = map[string]func(){"sort": sorted, "strconv": numbers, "strings": parts, "regexp": expressions,
	"json": documents, "flate": packed, "big": large}

func main() {
	if len(os.Args) < 3 {
		log.Fatal("packages NAME COUNT")
	}
	run, count := programs[os.Args[1]], 0
	if _, err := fmt.Sscan(os.Args[2], &count); err != nil || run == nil {
		log.Fatal("no such program or count")
	}
	run()
	begin := cpuTime()
	for i := 0; i < count; i++ {
		run()
	}
	fmt.Println("cpu", cpuTime()-begin)
}
