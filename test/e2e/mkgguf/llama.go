package main

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
)

// llama is the shape of a model of the architecture llama.
type llama struct {
	name                                     string
	dim, layers, heads, feedForward, context int
	kind                                     tensorType // of the matrices
	seed                                     uint64
}

// metadata returns the keys that llama.cpp asks for.
func (m llama) metadata() []pair {
	fileType := map[tensorType]uint32{f32: 0, f16: 1, q80: 7}[m.kind] // llama_ftype: all, or most of it
	v := newVocabulary()
	n := func(i int) uint32 { return uint32(i) } // #nosec G115 -- sizes are positive
	return []pair{
		{"general.architecture", "llama"},
		{"general.name", m.name},
		{"general.file_type", fileType},
		{"general.quantization_version", uint32(2)},
		{"llama.block_count", n(m.layers)},
		{"llama.context_length", n(m.context)},
		{"llama.embedding_length", n(m.dim)},
		{"llama.feed_forward_length", n(m.feedForward)},
		{"llama.attention.head_count", n(m.heads)},
		{"llama.attention.head_count_kv", n(m.heads)},
		{"llama.rope.dimension_count", n(m.dim / m.heads)},
		{"llama.rope.freq_base", float32(10000)},
		{"llama.attention.layer_norm_rms_epsilon", float32(1e-5)},
		{"llama.vocab_size", n(len(v.tokens))},
		{"tokenizer.ggml.model", "gpt2"},
		{"tokenizer.ggml.pre", "default"},
		{"tokenizer.ggml.tokens", v.tokens},
		{"tokenizer.ggml.token_type", v.types},
		{"tokenizer.ggml.merges", v.merges},
		{"tokenizer.ggml.bos_token_id", beginID},
		{"tokenizer.ggml.eos_token_id", endID},
		{"tokenizer.ggml.unknown_token_id", unknownID},
		{"tokenizer.ggml.add_bos_token", true},
		{"tokenizer.ggml.add_eos_token", false},
	}
}

// tensors returns the weights. Their deviations keep activations near 1, as in a trained model.
// Only words that the vocabulary speaks have output rows other than zero.
func (m llama) tensors() []tensor {
	v := newVocabulary()
	d, f := m.dim, m.feedForward
	perDim, perFeedForward := 1/math.Sqrt(float64(d)), 1/math.Sqrt(float64(f))
	w := weights{kind: m.kind, random: rand.New(rand.NewPCG(m.seed, 0))} // #nosec G404 -- weights are no secret
	every := func(int) bool { return true }
	const outside, inBlock = 3, 9
	list := append(make([]tensor, 0, outside+inBlock*m.layers),
		w.matrix("token_embd.weight", d, len(v.tokens), 1, every),
		ones("output_norm.weight", d),
		w.matrix("output.weight", d, len(v.tokens), 3*perDim, func(id int) bool { return v.spoken[id] }),
	)
	for i := range m.layers {
		block := fmt.Sprintf("blk.%d.", i)
		list = append(list,
			ones(block+"attn_norm.weight", d),
			w.matrix(block+"attn_q.weight", d, d, perDim, every),
			w.matrix(block+"attn_k.weight", d, d, perDim, every),
			w.matrix(block+"attn_v.weight", d, d, 2*perDim, every),
			w.matrix(block+"attn_output.weight", d, d, 2*perDim, every),
			ones(block+"ffn_norm.weight", d),
			w.matrix(block+"ffn_gate.weight", d, f, perDim, every),
			w.matrix(block+"ffn_up.weight", d, f, perDim, every),
			w.matrix(block+"ffn_down.weight", f, d, 2*perFeedForward, every))
	}
	return list
}

func ones(name string, n int) tensor {
	return tensor{name, []int{n}, f32, func(out io.Writer) error {
		var row []byte
		for range n {
			row = binary.LittleEndian.AppendUint32(row, math.Float32bits(1))
		}
		_, err := out.Write(row)
		return err
	}}
}

type weights struct {
	kind   tensorType
	random *rand.Rand
}

// matrix has rows of random values with the deviation sigma; a row that is not kept is zero.
func (w weights) matrix(name string, columns, rows int, sigma float64, kept func(row int) bool) tensor {
	return tensor{name, []int{columns, rows}, w.kind, func(out io.Writer) error {
		for i := range rows {
			row := w.floats
			switch w.kind {
			case q80:
				row = w.blocks
			case f16:
				row = w.halves
			}
			if _, err := out.Write(row(columns, sigma, kept(i))); err != nil {
				return err
			}
		}
		return nil
	}}
}

func (w weights) floats(columns int, sigma float64, kept bool) []byte {
	row := make([]byte, 0, columns*4)
	for range columns {
		value := float32(w.random.NormFloat64() * sigma)
		if !kept {
			value = 0
		}
		row = binary.LittleEndian.AppendUint32(row, math.Float32bits(value))
	}
	return row
}

// halves are as floats, but for the smallest, which are zero: float16 converts normal numbers only.
func (w weights) halves(columns int, sigma float64, kept bool) []byte {
	const smallestNormal = 1.0 / (1 << 14)
	row := make([]byte, 0, columns*2)
	for range columns {
		value := float32(w.random.NormFloat64() * sigma)
		var half uint16
		if kept && math.Abs(float64(value)) >= smallestNormal {
			half = float16(value)
		}
		row = binary.LittleEndian.AppendUint16(row, half)
	}
	return row
}

// blocks are uniform int8 with one scale; 73.9 is the deviation of a uniform int8.
func (w weights) blocks(columns int, sigma float64, kept bool) []byte {
	row := make([]byte, 0, columns/q80Block*q80BlockBytes)
	for range columns / q80Block {
		row = binary.LittleEndian.AppendUint16(row, float16(float32(sigma/73.9)))
		for range q80Block / 8 {
			eight := w.random.Uint64()
			if !kept {
				eight = 0
			}
			row = binary.LittleEndian.AppendUint64(row, eight)
		}
	}
	return row
}

// float16 converts what is a normal number in both formats: the exponent's bias is 15 instead
// of 127, and the significand loses its last bits.
func float16(f float32) uint16 {
	bits := math.Float32bits(f)
	return uint16(bits>>16&0x8000 | ((bits>>23&0xff)-127+15)<<10 | bits>>13&0x3ff) // #nosec G115 -- 16 bits remain
}
