module atmos-cli.dev/lab/helm

go 1.27.0

require helm.sh/helm/v4 v4.3.2
