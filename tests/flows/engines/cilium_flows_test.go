// Asks Cilium's own rule code (github.com/cilium/cilium v1.20.2, pkg/k8s and pkg/policy) about the cases in $ATMOS_FLOWS,
// and writes its answers to $ATMOS_FLOWS.answers. Run as part of that package: see record.py beside this file.
package k8s

import (
	"encoding/json"
	"net/netip"
	"os"
	"testing"

	"github.com/cilium/hive/hivetest"
	"github.com/stretchr/testify/require"

	cmtypes "github.com/cilium/cilium/pkg/clustermesh/types"
	"github.com/cilium/cilium/pkg/identity"
	v2 "github.com/cilium/cilium/pkg/k8s/apis/cilium.io/v2"
	slim_networkingv1 "github.com/cilium/cilium/pkg/k8s/slim/k8s/api/networking/v1"
	"github.com/cilium/cilium/pkg/labels"
	"github.com/cilium/cilium/pkg/policy"
	policytypes "github.com/cilium/cilium/pkg/policy/types"
	"github.com/cilium/cilium/pkg/u8proto"
)

type atmosEnd struct {
	ID     uint32            `json:"id"`
	Labels [][3]string       `json:"labels"`
	CIDR   string            `json:"cidr"`
	TCP    map[string]uint16 `json:"tcp"`
	UDP    map[string]uint16 `json:"udp"`
}

type atmosCase struct {
	Ends     []atmosEnd                        `json:"ends"`
	Policies []slim_networkingv1.NetworkPolicy `json:"policies"`
	Cilium   []v2.CiliumNetworkPolicy          `json:"cilium"`
	Flows    [][4]int                          `json:"flows"` // source, destination, protocol, port
}

func (e *atmosEnd) identity(t *testing.T) *identity.Identity {
	all := labels.Labels{}
	for _, each := range e.Labels {
		all[each[1]] = labels.NewLabel(each[1], each[2], each[0])
	}
	if e.CIDR != "" {
		prefix, err := netip.ParsePrefix(e.CIDR)
		require.NoError(t, err)
		for key, each := range labels.GetCIDRLabels(prefix) {
			all[key] = each
		}
	}
	return identity.NewIdentityFromLabelArray(identity.NumericIdentity(e.ID), all.LabelArray())
}

func TestAtmosFlows(t *testing.T) {
	path := os.Getenv("ATMOS_FLOWS")
	if path == "" {
		t.Skip("no cases")
	}
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	var cases []atmosCase
	require.NoError(t, json.Unmarshal(text, &cases))
	answers := make([]string, 0, len(cases))
	logger := hivetest.Logger(t)
	for _, one := range cases {
		ids := make([]*identity.Identity, 0, len(one.Ends))
		byNumber := map[identity.NumericIdentity]*identity.Identity{}
		for i := range one.Ends {
			id := one.Ends[i].identity(t)
			ids = append(ids, id)
			byNumber[id.ID] = id
		}
		distinct := make([]*identity.Identity, 0, len(byNumber))
		for _, id := range byNumber {
			distinct = append(distinct, id)
		}
		manager, repo := testNewPolicyRepository(t, distinct)
		for i := range one.Policies {
			rules, err := ParseNetworkPolicy(logger, cmtypes.PolicyAnyCluster, &one.Policies[i])
			require.NoError(t, err)
			repo.MustAddPolicyEntries(rules)
		}
		for i := range one.Cilium {
			rules, err := one.Cilium[i].Parse(logger, cmtypes.PolicyAnyCluster)
			require.NoError(t, err)
			repo.MustAddList(rules)
		}
		said := make([]byte, 0, len(one.Flows))
		for _, each := range one.Flows {
			verdict, _, _, err := policy.LookupFlow(logger, repo, manager, policytypes.Flow{
				From: ids[each[0]], To: ids[each[1]], Proto: u8proto.U8proto(each[2]), Dport: uint16(each[3]),
				NamedPortsTCP: one.Ends[each[1]].TCP, NamedPortsUDP: one.Ends[each[1]].UDP,
			})
			require.NoError(t, err)
			letter := byte('n')
			if verdict.Allowed() {
				letter = 'y'
			}
			said = append(said, letter)
		}
		answers = append(answers, string(said))
	}
	out, err := json.Marshal(answers)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path+".answers", out, 0o600))
}
