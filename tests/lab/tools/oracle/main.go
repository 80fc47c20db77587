// The oracle answers, with the code that Kubernetes itself runs, the questions that atmos answers on its own in
// Python: one JSON question per line in, one JSON answer per line out, in the same order.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	yaml3 "go.yaml.in/yaml/v3"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	resourcehelper "k8s.io/component-helpers/resource"
	podutil "k8s.io/kubernetes/pkg/api/pod"
	"k8s.io/kubernetes/pkg/apis/core"
	corev1defaults "k8s.io/kubernetes/pkg/apis/core/v1"
	"sigs.k8s.io/yaml"
)

type question struct {
	Op   string      `json:"op"`
	Text string      `json:"text"`
	Pod  *corev1.Pod `json:"pod"`
}

type answer struct {
	Error     string              `json:"error,omitempty"`
	Documents []document          `json:"documents,omitempty"`
	Value     string              `json:"value,omitempty"`
	Canonical string              `json:"canonical,omitempty"`
	Resources corev1.ResourceList `json:"resources,omitempty"`
}

// document is one piece of a YAML stream: what the API server's decoder makes of it, and what it says of duplicates.
type document struct {
	Value  json.RawMessage `json:"value,omitempty"`
	Error  string          `json:"error,omitempty"`
	Strict string          `json:"strict,omitempty"`
}

func main() {
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	write := json.NewEncoder(out)
	for {
		line, err := in.ReadBytes('\n')
		if len(bytes.TrimSpace(line)) > 0 {
			if err := write.Encode(reply(line)); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
		}
		if err != nil {
			return
		}
		if in.Buffered() == 0 {
			out.Flush()
		}
	}
}

func reply(line []byte) answer {
	var q question
	if err := json.Unmarshal(line, &q); err != nil {
		return answer{Error: err.Error()}
	}
	switch q.Op {
	case "yaml":
		return readYAML(q.Text)
	case "yaml3":
		return readYAML3(q.Text)
	case "quantity":
		return readQuantity(q.Text)
	case "podRequests", "podLimits":
		return podResources(q)
	}
	return answer{Error: "unknown op " + q.Op}
}

// readYAML splits and reads a stream as kubectl, Argo CD and Flux do.
func readYAML(text string) answer {
	var a answer
	reader := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewBufferString(text)))
	for {
		piece, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return a
		}
		if err != nil {
			return answer{Error: err.Error()}
		}
		var d document
		if d.Value, err = yaml.YAMLToJSON(piece); err != nil {
			d.Value, d.Error = nil, err.Error()
		} else if _, err := yaml.YAMLToJSONStrict(piece); err != nil {
			d.Strict = err.Error()
		}
		a.Documents = append(a.Documents, d)
	}
}

// readYAML3 reads one document with the parser of kustomize.
func readYAML3(text string) answer {
	var value any
	if err := yaml3.Unmarshal([]byte(text), &value); err != nil {
		return answer{Error: err.Error()}
	}
	raw, err := json.Marshal(value)
	if err != nil {
		return answer{Error: err.Error()}
	}
	return answer{Documents: []document{{Value: raw}}}
}

func readQuantity(text string) answer {
	q, err := resource.ParseQuantity(text)
	if err != nil {
		return answer{Error: err.Error()}
	}
	value := q.AsDec().String()
	parsed := resource.MustParse(text)
	canonical, suffix := parsed.CanonicalizeBytes(nil)
	return answer{Value: value, Canonical: string(canonical) + string(suffix)}
}

// store gives the pod the defaults that it has once it is created: some come with the version, some with the strategy.
func store(pod *corev1.Pod) error {
	corev1defaults.SetObjectDefaults_Pod(pod)
	var stored core.Pod
	if err := corev1defaults.Convert_v1_Pod_To_core_Pod(pod, &stored, nil); err != nil {
		return err
	}
	podutil.DefaultPodLevelResources(&stored)
	return corev1defaults.Convert_core_Pod_To_v1_Pod(&stored, pod, nil)
}

func podResources(q question) answer {
	if q.Pod == nil {
		return answer{Error: "no pod"}
	}
	if err := store(q.Pod); err != nil {
		return answer{Error: err.Error()}
	}
	if q.Op == "podRequests" {
		return answer{Resources: resourcehelper.PodRequests(q.Pod, resourcehelper.PodResourcesOptions{})}
	}
	return answer{Resources: resourcehelper.PodLimits(q.Pod, resourcehelper.PodResourcesOptions{})}
}
