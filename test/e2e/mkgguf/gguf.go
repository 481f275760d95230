package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
)

// The file format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
const (
	magic     = "GGUF"
	version   = 3
	alignment = 32 // of each tensor's data
)

// tensorType is a ggml_type.
type tensorType uint32

const (
	f32 tensorType = 0
	f16 tensorType = 1
	q80 tensorType = 8 // blocks of 32 int8 with a float16 scale
)

const q80Block, q80BlockBytes = 32, 34

// pair is a key of the metadata with its value: a string, uint32, float32, bool, []string or []int32.
type pair struct {
	key   string
	value any
}

type tensor struct {
	name string
	dims []int // the one that varies fastest comes first
	kind tensorType
	data func(io.Writer) error
}

func (t tensor) size() uint64 {
	elements := uint64(1)
	for _, d := range t.dims {
		elements *= uint64(d) // #nosec G115 -- dimensions are positive
	}
	switch t.kind {
	case q80:
		return elements / q80Block * q80BlockBytes
	case f16:
		return elements * 2
	default:
		return elements * 4
	}
}

func aligned(n uint64) uint64 { return (n + alignment - 1) / alignment * alignment }

// encode writes header, metadata, the table of the tensors, and their data.
func encode(out io.Writer, metadata []pair, tensors []tensor) error {
	buffered := bufio.NewWriterSize(out, 1<<20)
	w := &writer{out: buffered}
	w.bytes([]byte(magic))
	w.number(uint32(version))
	w.number(uint64(len(tensors)))
	w.number(uint64(len(metadata)))
	for _, p := range metadata {
		w.text(p.key)
		w.value(p.value)
	}
	offset := uint64(0)
	for _, t := range tensors {
		w.text(t.name)
		w.number(uint32(len(t.dims))) // #nosec G115 -- one or two
		for _, d := range t.dims {
			w.number(uint64(d)) // #nosec G115 -- dimensions are positive
		}
		w.number(uint32(t.kind))
		w.number(offset)
		offset += aligned(t.size())
	}
	w.pad()
	for _, t := range tensors {
		if w.err == nil {
			w.err = t.data(w)
		}
		w.pad()
	}
	if w.err != nil {
		return w.err
	}
	return buffered.Flush() //nolint:wrapcheck // of the file, which says so
}

// writer counts what it writes and keeps the first error.
type writer struct {
	out io.Writer
	n   uint64
	err error
}

// Write implements io.Writer.
func (w *writer) Write(b []byte) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	n, err := w.out.Write(b)
	w.n += uint64(n) // #nosec G115 -- a length
	w.err = err
	return n, err
}

func (w *writer) bytes(b []byte) {
	_, _ = w.Write(b) // kept in w.err
}

func (w *writer) pad() { w.bytes(make([]byte, aligned(w.n)-w.n)) }

func (w *writer) number(v any) {
	if w.err == nil {
		w.err = binary.Write(w, binary.LittleEndian, v)
	}
}

func (w *writer) text(s string) {
	w.number(uint64(len(s)))
	w.bytes([]byte(s))
}

// value writes a gguf_metadata_value_type and the value.
func (w *writer) value(v any) {
	const typeUint32, typeInt32, typeFloat32, typeBool, typeString, typeArray uint32 = 4, 5, 6, 7, 8, 9
	switch v := v.(type) {
	case uint32:
		w.number(typeUint32)
		w.number(v)
	case float32:
		w.number(typeFloat32)
		w.number(v)
	case bool:
		w.number(typeBool)
		w.number(v)
	case string:
		w.number(typeString)
		w.text(v)
	case []string:
		w.number(typeArray)
		w.number(typeString)
		w.number(uint64(len(v)))
		for _, s := range v {
			w.text(s)
		}
	case []int32:
		w.number(typeArray)
		w.number(typeInt32)
		w.number(uint64(len(v)))
		w.number(v)
	default:
		w.err = fmt.Errorf("no GGUF type for a %T", v)
	}
}
