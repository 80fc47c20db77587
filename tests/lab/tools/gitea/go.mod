module atmos-cli.dev/lab/gitea

go 1.27.0

require gitea.dev v1.27.3

// Gitea's module is named for a site of its own now; only its old name is served.
replace (
	gitea.dev => code.gitea.io/gitea v1.27.3
	gitea.dev/actions-proto-go => code.gitea.io/actions-proto-go v0.6.0
	gitea.dev/sdk => code.gitea.io/sdk/gitea v0.25.1
)

replace (
	github.com/Azure/azure-sdk-for-go/sdk/azcore => github.com/Azure/azure-sdk-for-go/sdk/azcore v1.19.0
	github.com/Azure/azure-sdk-for-go/sdk/storage/azblob => github.com/Azure/azure-sdk-for-go/sdk/storage/azblob v1.6.2
	github.com/microsoft/go-mssqldb => github.com/microsoft/go-mssqldb v1.9.7
	go.yaml.in/yaml/v4 => go.yaml.in/yaml/v4 v4.0.0-rc.3
)
