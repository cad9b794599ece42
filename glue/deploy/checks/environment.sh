# Make the Python environment of the checks, unless it is there already; sets $environment.
# Sourced by scripts that set $root.
: "${root:?}"
environment=${ONBOARD_DEPLOY_ENVIRONMENT:-$root/build/deploy-environment}
"$root/test/aws/make_environment.sh" "$root/glue/deploy/checks/requirements.txt" "$environment" >&2
