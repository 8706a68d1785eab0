// Verifies a log written by guantong with golang.org/x/mod/sumdb, which knows nothing of it.
//
//	verify tree DIR VKEY [OLD]   a static tree: signature, root, every tile, every entry,
//	                             a proof of every entry, and consistency with an older checkpoint
//	verify proof FILE VKEY       an offline proof with its entry
//	verify notes                 JSON lines {"note", "keys"} on stdin; true or false for each
//
// Exit code 0 when everything holds, 1 with a reason when something does not.
package main

import (
	"bufio"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8

func main() {
	var err error
	switch args := os.Args[1:]; {
	case len(args) == 1 && args[0] == "notes":
		err = notes()
	case len(args) == 3 && args[0] == "proof":
		err = proof(args[1], args[2])
	case len(args) == 3 && args[0] == "tree":
		err = tree(args[1], args[2], "")
	case len(args) == 4 && args[0] == "tree":
		err = tree(args[1], args[2], args[3])
	default:
		err = fmt.Errorf("verify tree DIR VKEY [OLD] | proof FILE VKEY | notes")
	}
	if err != nil {
		fmt.Println("refused:", err)
		os.Exit(1)
	}
}

// checkpoint opens a signed checkpoint.
func checkpoint(raw []byte, vkey string) (tlog.Tree, error) {
	var stated tlog.Tree
	verifier, err := note.NewVerifier(strings.TrimSpace(vkey))
	if err != nil {
		return stated, err
	}
	opened, err := note.Open(raw, note.VerifierList(verifier))
	if err != nil {
		return stated, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() || lines[3] != "" {
		return stated, fmt.Errorf("not a checkpoint of %s", verifier.Name())
	}
	if stated.N, err = strconv.ParseInt(lines[1], 10, 64); err != nil {
		return stated, err
	}
	stated.Hash, err = tlog.ParseHash(lines[2])
	return stated, err
}

// files reads tiles of a static tree; its paths have no height, those of tlog do.
type files struct {
	dir  string
	read map[string]bool
}

func (f files) Height() int                     { return height }
func (f files) SaveTiles([]tlog.Tile, [][]byte) {}
func (f files) path(tile tlog.Tile) string {
	return strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
}
func (f files) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var found [][]byte
	for _, tile := range tiles {
		data, err := os.ReadFile(filepath.Join(f.dir, f.path(tile)))
		if err != nil {
			return nil, err
		}
		f.read[f.path(tile)] = true
		found = append(found, data)
	}
	return found, nil
}

func tree(dir, vkey, old string) error {
	raw, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	if err != nil {
		return err
	}
	stated, err := checkpoint(raw, vkey)
	if err != nil {
		return err
	}
	reader := files{dir, map[string]bool{}}
	hashes := tlog.TileHashReader(stated, reader)
	root, err := tlog.TreeHash(stated.N, hashes)
	if err != nil {
		return err
	}
	if root != stated.Hash {
		return fmt.Errorf("the root is another")
	}
	entries, err := everyEntry(dir, stated, hashes)
	if err != nil {
		return err
	}
	for _, tile := range tlog.NewTiles(height, 0, stated.N) {
		// That list has partial tiles of every width; one log state has the widest alone.
		width := stated.N>>(height*tile.L) - tile.N<<height
		if width < 1<<height && int64(tile.W) != width {
			continue
		}
		if !reader.read[reader.path(tile)] {
			return fmt.Errorf("%s was never compared", reader.path(tile))
		}
	}
	steps := 0
	if old != "" {
		if steps, err = grown(old, vkey, stated, hashes); err != nil {
			return err
		}
	}
	fmt.Printf("ok: size %d, entries %d, tiles %d, consistency hashes %d\n",
		stated.N, entries, len(reader.read), steps)
	return nil
}

// everyEntry hashes each entry, compares it with its leaf, and proves it under the root.
func everyEntry(dir string, stated tlog.Tree, hashes tlog.HashReader) (int64, error) {
	var index int64
	for number := int64(0); number*256 < stated.N; number++ {
		tile := tlog.Tile{H: height, L: -1, N: number, W: 256}
		if rest := stated.N - number*256; rest < 256 {
			tile.W = int(rest)
		}
		path := strings.Replace(tile.Path(), "tile/8/data", "tile/entries", 1)
		data, err := os.ReadFile(filepath.Join(dir, path))
		if err != nil {
			return index, err
		}
		for len(data) > 0 {
			if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
				return index, fmt.Errorf("%s breaks off", path)
			}
			end := 2 + int(binary.BigEndian.Uint16(data))
			leaf := tlog.RecordHash(data[2:end])
			data = data[end:]
			way, err := tlog.ProveRecord(stated.N, index, hashes)
			if err != nil {
				return index, err
			}
			if err := tlog.CheckRecord(way, stated.N, stated.Hash, index, leaf); err != nil {
				return index, fmt.Errorf("entry %d: %v", index, err)
			}
			index++
		}
	}
	if index != stated.N {
		return index, fmt.Errorf("%d entries of %d", index, stated.N)
	}
	return index, nil
}

func grown(file, vkey string, stated tlog.Tree, hashes tlog.HashReader) (int, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	before, err := checkpoint(raw, vkey)
	if err != nil {
		return 0, err
	}
	way, err := tlog.ProveTree(stated.N, before.N, hashes)
	if err != nil {
		return 0, err
	}
	return len(way), tlog.CheckTree(way, stated.N, stated.Hash, before.N, before.Hash)
}

func proof(file, vkey string) error {
	raw, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	head, signed, _ := strings.Cut(string(raw), "\n\n")
	lines := strings.Split(head, "\n")
	if len(lines) < 3 || lines[0] != "c2sp.org/tlog-proof@v1" || !strings.HasPrefix(lines[1], "extra ") {
		return fmt.Errorf("not a proof with its entry")
	}
	entry, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(lines[1], "extra "))
	if err != nil {
		return err
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[2], "index "), 10, 64)
	if err != nil {
		return err
	}
	var way tlog.RecordProof
	for _, line := range lines[3:] {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return err
		}
		way = append(way, hash)
	}
	stated, err := checkpoint([]byte(signed), vkey)
	if err != nil {
		return err
	}
	if err := tlog.CheckRecord(way, stated.N, stated.Hash, index, tlog.RecordHash(entry)); err != nil {
		return err
	}
	fmt.Printf("ok: entry %d of %d\n", index, stated.N)
	return nil
}

func notes() error {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var given struct {
			Note string
			Keys []string
		}
		if err := json.Unmarshal(lines.Bytes(), &given); err != nil {
			return err
		}
		var known []note.Verifier
		for _, key := range given.Keys {
			verifier, err := note.NewVerifier(key)
			if err != nil {
				return err
			}
			known = append(known, verifier)
		}
		_, err := note.Open([]byte(given.Note), note.VerifierList(known...))
		fmt.Println(err == nil)
	}
	return lines.Err()
}
