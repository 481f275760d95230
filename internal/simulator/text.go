package simulator

import (
	"encoding/json"
	"hash/fnv"
	"strings"
	"unicode"
)

// vocabulary is what the models say. Each word with its blank is one token to tokenize.
var vocabulary = strings.Fields(
	"the sea at dawn is calm and wind from far hill may turn to rain as we walk by old road with slow feet " +
		"past farm gate tree barn lamp oak fox crow deer moss fern path pond reed loam wood fire iron salt " +
		"gold leaf star moon snow ice fog dew sun day week hour noon dusk")

// quotedWords are the words as JSON strings, made once so that a line costs no allocation.
var quotedWords = func() [][]byte {
	quoted := make([][]byte, len(vocabulary))
	for i, word := range vocabulary {
		quoted[i] = quote(" " + word)
	}
	return quoted
}()

func quote(text string) []byte {
	quoted, err := json.Marshal(text)
	if err != nil { // a string always marshals
		return []byte(`""`)
	}
	return quoted
}

// tokenRange is the number of token ids.
const tokenRange = 128_000

// pieceLength is how many letters a token has at most.
const pieceLength = 4

// tokenize splits text as a tokenizer might, deterministic and without a vocabulary: runs of
// letters and digits in pieces of at most four, the blank before a word being part of its
// first piece, and every other mark by itself. It returns ids below 128,000, hashes of the
// pieces: about 1.4 tokens to an English word.
func tokenize(text string) []int {
	tokens := make([]int, 0, len(text)/3+1)
	start, letters := 0, 0
	flush := func(end int) {
		if end > start {
			tokens = append(tokens, tokenID(text[start:end]))
		}
		start, letters = end, 0
	}
	for i, r := range text {
		switch {
		case r == ' ':
			flush(i)
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			if letters == pieceLength {
				flush(i)
			}
			letters++
		default:
			flush(i)
			letters = pieceLength // so that what follows begins a new piece
		}
	}
	flush(len(text))
	return tokens
}

func tokenID(piece string) int {
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(piece)) // a hash does not fail
	return int(hash.Sum32() % tokenRange)
}

// commonPrefix returns how many tokens a and b begin with alike.
func commonPrefix(a, b []int) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}
