package api

// The functions of this file read a value that begins at a position in a line, and return
// it with the position behind it, which is odd where it is of another type.

func readString(line []byte, at int) (inside Raw, end int) {
	if end = skipString(line, at); end != odd {
		inside = line[at+1 : end-1]
	}
	return inside, end
}

// readArray returns nil for an array without elements.
func readArray(line []byte, at int) ([]byte, int) {
	if peek(line, at) != '[' {
		return nil, odd
	}
	end := skipArray(line, at, maxDepth)
	if end == odd || line[skipSpace(line, at+1)] == ']' {
		return nil, end
	}
	return line[at:end], end
}

func readBool(line []byte, at int) (value bool, end int) {
	switch peek(line, at) {
	case 't':
		return true, skipLiteral(line, at, "true")
	case 'f':
		return false, skipLiteral(line, at, "false")
	default:
		return false, odd
	}
}

// readCount reads a plain integer of up to 18 digits, of which no number is too large.
func readCount(line []byte, at int) (count int64, end int) {
	for _, c := range line[at:] {
		if !isDigit(c) {
			break
		}
		count = 10*count + int64(c-'0')
		end++
	}
	if end == 0 || end > 18 || end > 1 && line[at] == '0' {
		return 0, odd
	}
	return count, at + end
}
