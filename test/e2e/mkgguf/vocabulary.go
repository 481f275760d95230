package main

import (
	"fmt"
	"strings"
)

// words are what the model can say.
const words = `the a of and to in is it on as with for at by from one two three red blue green white black small
large old new river stone house tree road light water wind fire night day morning bird fish horse field hill sea
sky cloud rain snow summer winter spring autumn hand eye door window table chair book page letter word name song
voice sound silence time hour year life world city village garden forest mountain valley island bridge ship train
wheel engine clock mirror paper ink glass iron gold silver copper wood cloth bread salt honey apple seed root leaf
walks runs falls rises turns opens closes finds keeps gives takes makes holds sees hears knows thinks says asks
slowly quickly softly never always often again under over between behind before after through across around`

// Token types of the GGUF key tokenizer.ggml.token_type.
const (
	normalToken  int32 = 1
	controlToken int32 = 3
)

// Ids of the control tokens.
const (
	unknownID uint32 = iota
	beginID
	endID
)

// vocabulary is a byte-level BPE vocabulary: control tokens, the 256 bytes, and each word
// letter by letter, so that its merges lead from bytes to whole words.
type vocabulary struct {
	tokens []string
	types  []int32
	merges []string
	spoken map[int]bool // whole words
}

func newVocabulary() vocabulary {
	v := vocabulary{
		tokens: []string{"<unk>", "<s>", "</s>"},
		types:  []int32{controlToken, controlToken, controlToken},
		spoken: map[int]bool{},
	}
	for _, r := range byteRunes() {
		v.add(string(r))
	}
	ids := map[string]int{}
	for word := range strings.FieldsSeq(words) {
		prefix := "Ġ" // GPT-2's space
		for _, letter := range word {
			longer := prefix + string(letter)
			if _, known := ids[longer]; !known {
				v.merges = append(v.merges, prefix+" "+string(letter))
				ids[longer] = v.add(longer)
			}
			prefix = longer
		}
		v.spoken[ids[prefix]] = true
	}
	for len(v.tokens)%q80Block != 0 {
		v.add(fmt.Sprintf("<pad%d>", len(v.tokens)))
	}
	return v
}

func (v *vocabulary) add(token string) (id int) {
	v.tokens = append(v.tokens, token)
	v.types = append(v.types, normalToken)
	return len(v.tokens) - 1
}

// byteRunes is GPT-2's table from a byte to the printable rune that stands for it
// (bytes_to_unicode in https://github.com/openai/gpt-2/blob/master/src/encoder.py).
func byteRunes() (table [256]rune) {
	next := rune(256)
	for b := range table {
		if (b >= '!' && b <= '~') || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE {
			table[b] = rune(b)
		} else {
			table[b] = next
			next++
		}
	}
	return table
}
