#!/bin/sh
# Starts nginx in a container: sets defaults, then the image's entrypoint renders the templates.
set -eu

export LISTEN="${LISTEN:-8080}"
export UPSTREAM="${UPSTREAM:-app:3000}"
export UPSTREAM_KEEPALIVE="${UPSTREAM_KEEPALIVE:-64}"
export UPSTREAM_REQUESTS="${UPSTREAM_REQUESTS:-1000}"
export ERROR_LOG_LEVEL="${ERROR_LOG_LEVEL:-crit}"
export FOLDER=/etc/nginx
export RESOLVER="${RESOLVER:-$(awk '$1 == "nameserver" { printf "%s ", $2 ~ ":" ? "[" $2 "]" : $2 }' /etc/resolv.conf)}"
export RESOLVER_OPTIONS="${RESOLVER_OPTIONS:-valid=1s ipv6=off}"

export TRUSTED_SOURCES='' TRUSTED_NETWORKS=''
for network in $(printf '%s' "${TRUSTED_PROXIES:-}" | tr ',' ' '); do
  TRUSTED_SOURCES="$TRUSTED_SOURCES set_real_ip_from $network;"
  TRUSTED_NETWORKS="$TRUSTED_NETWORKS $network yes;"
done

exec /docker-entrypoint.sh nginx -p /tmp -e stderr -g 'daemon off;'
