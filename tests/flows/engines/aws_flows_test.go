// Asks the rule processor of the AWS network policy agent (github.com/aws/aws-network-policy-agent v1.5.0,
// pkg/fwruleprocessor) about the entries in $ATMOS_FLOWS, looks addresses up in the map that it makes as the kernel does,
// and writes the answers to $ATMOS_FLOWS.answers. Run as part of that package: see record.py beside this file.
package fwruleprocessor

import (
	"encoding/binary"
	"encoding/json"
	"net/netip"
	"os"
	"testing"

	"github.com/aws/aws-network-policy-agent/api/v1alpha1"
	corev1 "k8s.io/api/core/v1"
)

type atmosPort struct {
	Protocol string `json:"protocol"`
	Port     int32  `json:"port"`
	EndPort  int32  `json:"endPort"`
}

type atmosEntry struct {
	CIDR   string      `json:"cidr"`
	Except []string    `json:"except"`
	Ports  []atmosPort `json:"ports"`
}

type atmosAsked struct {
	Address  string `json:"address"`
	Protocol uint32 `json:"protocol"`
	Port     uint32 `json:"port"`
}

type atmosCase struct {
	Entries []atmosEntry `json:"entries"`
	Asked   []atmosAsked `json:"asked"`
}

func (e atmosEntry) rule() EbpfFirewallRules {
	rule := EbpfFirewallRules{IPCidr: v1alpha1.NetworkAddress(e.CIDR)}
	for _, each := range e.Except {
		rule.Except = append(rule.Except, v1alpha1.NetworkAddress(each))
	}
	for i := range e.Ports {
		protocol := corev1.Protocol(e.Ports[i].Protocol)
		port := v1alpha1.Port{Protocol: &protocol}
		if e.Ports[i].Port != 0 {
			port.Port = &e.Ports[i].Port
		}
		if e.Ports[i].EndPort != 0 {
			port.EndPort = &e.Ports[i].EndPort
		}
		rule.L4Info = append(rule.L4Info, port)
	}
	return rule
}

// A key is the length of a prefix and an address; a value is up to 24 times protocol, first and last port, 254 being any
// protocol and 255 none. See pkg/ebpf/c/v4events.h of the agent.
func atmosPasses(entries map[string][]byte, asked atmosAsked) byte {
	address := netip.MustParseAddr(asked.Address)
	longest, value := -1, []byte(nil)
	for key, each := range entries {
		bits := int(binary.LittleEndian.Uint32([]byte(key[:4])))
		base, _ := netip.AddrFromSlice([]byte(key[4:8]))
		if netip.PrefixFrom(base, bits).Contains(address) && bits > longest {
			longest, value = bits, each
		}
	}
	for at := 0; at+12 <= len(value); at += 12 {
		protocol := binary.LittleEndian.Uint32(value[at:])
		first, last := binary.LittleEndian.Uint32(value[at+4:]), binary.LittleEndian.Uint32(value[at+8:])
		if protocol == 255 {
			return 'n'
		}
		if protocol == 254 || protocol == asked.Protocol && (first == 0 || first == asked.Port || asked.Port > first && asked.Port <= last) {
			return 'y'
		}
	}
	return 'n'
}

func TestAtmosFlows(t *testing.T) {
	path := os.Getenv("ATMOS_FLOWS")
	if path == "" {
		t.Skip("no cases")
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var cases []atmosCase
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	answers := []string{}
	for _, one := range cases {
		rules := []EbpfFirewallRules{}
		for _, each := range one.Entries {
			rules = append(rules, each.rule())
		}
		entries, err := NewFirewallRuleProcessor("192.168.1.9", "/32", false).ComputeMapEntriesFromEndpointRules(rules)
		if err != nil {
			t.Fatal(err)
		}
		said := []byte{}
		for _, each := range one.Asked {
			said = append(said, atmosPasses(entries, each))
		}
		answers = append(answers, string(said))
	}
	out, _ := json.Marshal(answers)
	if err := os.WriteFile(path+".answers", out, 0o600); err != nil {
		t.Fatal(err)
	}
}
