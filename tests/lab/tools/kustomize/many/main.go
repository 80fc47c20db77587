// Many runs `kustomize build`, the command itself, on one directory after another: a JSON string per line in, one JSON
// answer per line out, in the same order. A process for each build spends more time on starting than on building.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"sigs.k8s.io/kustomize/kustomize/v5/commands/build"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

type answer struct {
	Output string `json:"output,omitempty"`
	Error  string `json:"error,omitempty"`
}

func main() {
	in := bufio.NewReader(os.Stdin)
	out := bufio.NewWriter(os.Stdout)
	write := json.NewEncoder(out)
	for {
		line, err := in.ReadBytes('\n')
		if len(bytes.TrimSpace(line)) > 0 {
			if err := write.Encode(reply(line)); err != nil {
				fatal(err)
			}
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			fatal(err)
		}
	}
	if err := out.Flush(); err != nil {
		fatal(err)
	}
}

func reply(line []byte) (a answer) {
	// A panic ends the command with an error as well.
	defer func() {
		if reason := recover(); reason != nil {
			a = answer{Error: fmt.Sprint("panic: ", reason)}
		}
	}()
	var directory string
	if err := json.Unmarshal(line, &directory); err != nil {
		return answer{Error: err.Error()}
	}
	var output bytes.Buffer
	command := build.NewCmdBuild(filesys.MakeFsOnDisk(), build.MakeHelp("kustomize", "build"), &output)
	command.SetArgs([]string{directory})
	command.SetErr(io.Discard)
	if err := command.Execute(); err != nil {
		return answer{Error: "Error: " + err.Error()}
	}
	return answer{Output: output.String()}
}

func fatal(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
